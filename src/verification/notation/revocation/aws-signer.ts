/** AWS Signer's own revocation: of a job, a profile or a certificate. https://docs.aws.amazon.com/signer/latest/api/API_GetRevocationStatus.html */

import * as z from 'zod'
import type { AwsCredentialsOf } from '../../../clients/aws/credentials.ts'
import { signHeaders } from '../../../clients/aws/sign.ts'
import type { Http } from '../../../clients/http.ts'
import { Json } from '../../../domain/json.ts'
import type { Certificate } from '../certificate.ts'
import { hexOf } from '../der.ts'
import type { RevocationAnswer, RevocationCheck } from '../notation.ts'

const PLATFORM = 'Notation-OCI-SHA384-ECDSA'
const LIMITS = { headersMs: 5_000, bodyMs: 5_000, totalMs: 10_000, bodyBytesMax: 64 * 1024 }
const ENTITIES_MAX = 100
const REGION = /^arn:(?<partition>aws[a-z-]*):signer:(?<region>[a-z0-9-]+):/u

const Answer = Json.pipe(z.object({ revokedEntities: z.array(z.string().max(2_048)).max(ENTITIES_MAX).default([]) }))

export type AwsSignerRevocation = {
  readonly http: Http
  /** Of whoever may call `signer:GetRevocationStatus`. */
  readonly credentials: AwsCredentialsOf
  readonly now: () => number
  /** Where it is, if not where AWS has it. */
  readonly endpoint?: URL
}

/** Only for what AWS Signer signed; its region is the signing profile's, whose name was trusted before. */
export function createAwsSignerRevocation({ http, credentials, now, endpoint }: AwsSignerRevocation): RevocationCheck {
  return async ({ chain, aws, signedAt }) => {
    if (aws === null || signedAt === null) return unknown('it is not signed by AWS Signer')
    const { partition = '', region = '' } = REGION.exec(aws.profileVersion)?.groups ?? {}
    if (region === '') return unknown('its signing profile names no region')
    const url = new URL('/revocations', endpoint ?? `https://data-signer.${region}.${suffixOf(partition)}/`)
    url.searchParams.set('jobArn', aws.job)
    url.searchParams.set('platformId', PLATFORM)
    url.searchParams.set('profileVersionArn', aws.profileVersion)
    url.searchParams.set('signatureTimestamp', new Date(signedAt).toISOString().replace('.000Z', 'Z'))
    for (const hash of await certificateHashes(chain)) url.searchParams.append('certificateHashes', hash)
    const request = { url, method: 'GET' as const, service: 'signer', region, now: now() }
    const answer = await http({
      url,
      headers: await signHeaders(request, await credentials()),
      hosts: [url.host],
      plainHttp: url.protocol === 'http:',
      later: 'return',
      limits: LIMITS,
    })
    if (!answer.ok) return unknown(answer.error.detail)
    const { status, body } = answer.value
    const read = Answer.safeParse(new TextDecoder().decode(body))
    if (status !== 200 || !read.success) return unknown(`it answered ${status}`)
    const { revokedEntities } = read.data
    if (revokedEntities.length === 0) return { state: 'good', detail: 'AWS Signer: nothing is revoked' }
    return { state: 'revoked', detail: `AWS Signer revoked ${revokedEntities.join(', ')}` }
  }
}

function suffixOf(partition: string): string {
  return partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com'
}

/** Each certificate with its issuer; the root with itself. */
async function certificateHashes(chain: readonly Certificate[]): Promise<readonly string[]> {
  const hashes: string[] = []
  for (const { signed } of chain) hashes.push(hexOf(new Uint8Array(await crypto.subtle.digest('SHA-384', signed))))
  return hashes.map((hash, at) => hash + (hashes[at + 1] ?? hash))
}

function unknown(detail: string): RevocationAnswer {
  return { state: 'unknown', detail: `AWS Signer: ${detail}` }
}
