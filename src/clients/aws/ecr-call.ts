/** ECR's own operations in one region, beside the passwords that `ecr.ts` fetches. */

import { suffixOf } from '../../domain/ecr-place.ts'
import { createAwsCall, type AwsCall, type AwsCallOptions } from './call.ts'

type EcrCallOptions = Omit<AwsCallOptions, 'region'> & { readonly env: Readonly<Record<string, string | undefined>> }

export function createEcrCall(region: string, options: EcrCallOptions): AwsCall {
  const own = options.env['AWS_ENDPOINT_URL_ECR']
  const endpoint = new URL(own ?? `https://api.ecr.${region}.${suffixOf(region)}/`)
  const target = 'AmazonEC2ContainerRegistry_V20150921'
  return createAwsCall({ service: 'ecr', target, json: '1.1', endpoint }, { ...options, region })
}
