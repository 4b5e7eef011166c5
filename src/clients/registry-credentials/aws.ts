/** ECR: a password for half a day, by IAM. */

import type { AwsPull } from '../../domain/config.ts'
import { ECR_PUBLIC } from '../../domain/cloud-registries.ts'
import { placeOf } from '../../domain/ecr-place.ts'
import { createAssumedRole } from '../aws/assumed-role.ts'
import type { AwsCredentialsOf } from '../aws/credentials.ts'
import { ECR_PUBLIC_REGION, publicPassword, type Ecr } from '../aws/ecr.ts'
import { keep } from '../kept.ts'
import type { Credential } from '../registry/access.ts'
import type { CredentialOf, CredentialTools } from './index.ts'

/** A new password is fetched so long before the old one ends, which still serves if none can be had. */
const MARGIN_MS = 60 * 60_000
const REGION_DEFAULT = 'us-east-1'

export function createAwsCredential(pull: AwsPull, registry: string, tools: CredentialTools): CredentialOf {
  const region = registry === ECR_PUBLIC ? ECR_PUBLIC_REGION : regionOf(pull, registry, tools)
  let keys: AwsCredentialsOf | undefined
  return keep<Credential>(async () => {
    const ecr = await tools.createEcr(tools)
    keys ??= keysOf(pull, region, ecr, tools)
    const isFips = /\.dkr[.-]ecr-fips\./u.test(registry)
    const answer =
      registry === ECR_PUBLIC
        ? await publicPassword(tools, keys)
        : await ecr.password({ region, isFips, credentials: keys })
    const { username, password, expires } = answer
    const value = { kind: 'password', username, password } as const
    const half = tools.now() + (expires - tools.now()) / 2
    return { value, until: Math.max(expires - MARGIN_MS, half), expires }
  }, tools.now)
}

/** The keys themselves, for other services of the same account. */
export function createAwsKeys(pull: AwsPull, registry: string, tools: CredentialTools): AwsCredentialsOf {
  const region = regionOf(pull, registry, tools)
  let keys: AwsCredentialsOf | undefined
  return async () => {
    keys ??= keysOf(pull, region, await tools.createEcr(tools), tools)
    return keys()
  }
}

function regionOf({ region }: AwsPull, registry: string, { env }: CredentialTools): string {
  return region ?? placeOf(registry)?.region ?? env['AWS_REGION'] ?? REGION_DEFAULT
}

function keysOf(pull: AwsPull, region: string, ecr: Ecr, tools: CredentialTools): AwsCredentialsOf {
  const own = writtenKeys(pull, tools) ?? ecr.ownKeys({ region, profile: pull.profile })
  const { role, externalId } = pull
  return role === undefined ? own : createAssumedRole({ ...tools, role, externalId, region, credentials: own })
}

function writtenKeys({ keys }: AwsPull, { secretOf }: CredentialTools): AwsCredentialsOf | null {
  if (keys === undefined) return null
  const secret = secretOf(keys.secret)
  return async () => ({ accessKeyId: keys.id, secretAccessKey: (await secret())[0] })
}
