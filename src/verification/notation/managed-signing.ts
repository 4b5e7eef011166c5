/**
 * ECR's managed signing signs some time after the push. Its status is no proof, so that it is told and never counted: what proves is the
 * signature itself, which appears as a referrer. It says that somebody who may push pushed.
 */

import * as z from 'zod'
import type { AwsCall } from '../../clients/aws/call.ts'
import { createEcrCall } from '../../clients/aws/ecr-call.ts'
import { createAwsKeys } from '../../clients/registry-credentials/aws.ts'
import type { CredentialTools } from '../../clients/registry-credentials/index.ts'
import type { Config } from '../../domain/config.ts'
import { placeOf } from '../../domain/ecr-place.ts'
import type { RejectedFact } from '../../domain/evidence.ts'
import type { Digest, ImageName, Repository } from '../../domain/image.ts'
import { RetryLater } from '../../domain/retry.ts'
import type { Signers } from '../../domain/signer.ts'

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImageSigningStatus.html: at most 10 rules. */
const PROFILES_MAX = 64
const Answer = z.object({
  signingStatuses: z
    .array(
      z.object({
        signingProfileArn: z.string().max(2_048),
        status: z.string().max(64),
        failureCode: z.string().max(256).nullish(),
        failureReason: z.string().max(1_024).nullish(),
      }),
    )
    .max(PROFILES_MAX)
    .default([]),
})
/** The account, or the image, is not there yet; or signing is not switched on. */
const NOTHING = new Set(['ImageNotFoundException', 'RepositoryNotFoundException'])

export type SignedImage = { readonly registryId: string; readonly repository: Repository; readonly digest: Digest }

/** `call` is of ECR. One fact for each profile that is not done; throws where ECR was not there, or refuses us. */
export async function findManagedSigning(call: AwsCall, image: SignedImage): Promise<readonly RejectedFact[]> {
  const { registryId, repository, digest } = image
  const input = { registryId, repositoryName: repository, imageId: { imageDigest: digest } }
  const answer = await call('DescribeImageSigningStatus', input)
  if (!answer.ok && NOTHING.has(answer.error.code)) return []
  if (!answer.ok) throw new RetryLater(`ECR does not say whether it signs: ${answer.error.code}`)
  const read = Answer.safeParse(answer.value)
  if (!read.success) throw new RetryLater('ECR answers about signing in a form that we do not know')
  return read.data.signingStatuses.flatMap(
    ({ signingProfileArn, status, failureCode, failureReason }): RejectedFact[] => {
      const fact = { kind: 'rejected' as const, format: 'ecr-managed-signing' as const, source: signingProfileArn }
      const failure = [failureCode, failureReason].filter((part) => part !== null && part !== undefined).join(': ')
      switch (status) {
        case 'COMPLETE':
          return []
        case 'IN_PROGRESS':
          return [{ ...fact, reason: 'signing-pending', detail: 'ECR is still signing with this profile' }]
        case 'FAILED':
          return [{ ...fact, reason: 'signing-failed', detail: `ECR could not sign: ${failure || 'without a reason'}` }]
        default:
          return [{ ...fact, reason: 'signing-pending', detail: `ECR says ${status} about signing` }]
      }
    },
  )
}

/** For registries of ECR that are read by IAM, where a signer is one of AWS Signer's; nobody else is asked. */
export function createManagedSigning(
  registries: Config['registries'],
  signers: Signers,
  tools: CredentialTools & { readonly random: () => number },
): (image: ImageName, digest: Digest) => Promise<readonly RejectedFact[]> {
  const isAwsSigner = (signer: Signers[string]): boolean =>
    signer.kind === 'notation' && signer.identities.some((identity) => identity.startsWith('arn:'))
  const isWanted = Object.values(signers).some(isAwsSigner)
  const calls = new Map(
    Object.values(registries).flatMap(({ host, pull }) => {
      const place = host === null ? null : placeOf(host)
      if (!isWanted || host === null || place === null || pull === undefined || !('aws' in pull)) return []
      const credentials = createAwsKeys(pull.aws, host, tools)
      return [
        [host, { registryId: place.account, call: createEcrCall(place.region, { ...tools, credentials }) }] as const,
      ]
    }),
  )
  return async ({ registry, repository }, digest) => {
    const found = calls.get(registry)
    if (found === undefined) return []
    try {
      return await findManagedSigning(found.call, { registryId: found.registryId, repository, digest })
    } catch (error) {
      // It is told and never counted, so that its absence must not stop anything either.
      const detail = error instanceof Error ? error.message : 'ECR was not there'
      return [{ kind: 'rejected', format: 'ecr-managed-signing', source: registry, reason: 'signing-unknown', detail }]
    }
  }
}
