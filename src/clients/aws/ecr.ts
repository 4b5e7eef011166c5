/**
 * Passwords of ECR registries, by signed calls: where AWS's own client does not run, and for the public gallery everywhere.
 * https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html
 */

import * as z from 'zod'
import { suffixOf } from '../../domain/ecr-place.ts'
import { RetryLater } from '../../domain/retry.ts'
import type { Http } from '../http.ts'
import { createAwsCall, type AwsCall, type AwsService } from './call.ts'
import { createAwsCredentials } from './credential-chain.ts'
import type { AwsCredentialsOf } from './credentials.ts'

/** The one region whose service gives passwords for the public gallery. */
export const ECR_PUBLIC_REGION = 'us-east-1'

export type EcrTools = {
  readonly http: Http
  readonly env: Readonly<Record<string, string | undefined>>
  readonly readFile: (path: string) => Promise<string>
  readonly now: () => number
}

export type EcrOrder = {
  readonly region: string
  /** By an endpoint with FIPS's cryptography, as the registry's own name says. */
  readonly isFips: boolean
  readonly credentials: AwsCredentialsOf
}
export type EcrPassword = { readonly username: string; readonly password: string; readonly expires: number }

/** How a platform asks AWS. Both throw `RetryLater` with what is wrong. */
export type Ecr = {
  /** The keys that the process itself has. */
  ownKeys(of: { readonly region: string; readonly profile: string | undefined }): AwsCredentialsOf
  password(order: EcrOrder): Promise<EcrPassword>
}
export type CreateEcr = (tools: EcrTools) => Ecr | Promise<Ecr>

export function createSignedEcr(tools: EcrTools): Ecr {
  return {
    ownKeys: ({ region }) => createAwsCredentials({ ...tools, region }),
    async password({ region, isFips, credentials }) {
      const own = tools.env['AWS_ENDPOINT_URL_ECR']
      const name = isFips ? `ecr-fips.${region}.${suffixOf(region)}` : `api.ecr.${region}.${suffixOf(region)}`
      const call = callOf({
        tools,
        region,
        credentials,
        service: 'ecr',
        target: 'AmazonEC2ContainerRegistry_V20150921',
        endpoint: new URL(own ?? `https://${name}/`),
      })
      const answer = Private.parse(await authorization(call, 'ECR'))
      return passwordOf(answer.authorizationData[0], tools.now())
    },
  }
}

/** Of the public gallery, which any account's keys can ask. */
export async function publicPassword(tools: EcrTools, credentials: AwsCredentialsOf): Promise<EcrPassword> {
  const own = tools.env['AWS_ENDPOINT_URL_ECR_PUBLIC']
  const call = callOf({
    tools,
    region: ECR_PUBLIC_REGION,
    credentials,
    service: 'ecr-public',
    target: 'SpencerFrontendService',
    endpoint: new URL(own ?? `https://api.ecr-public.${ECR_PUBLIC_REGION}.amazonaws.com/`),
  })
  const answer = Public.parse(await authorization(call, 'the public ECR'))
  return passwordOf(answer.authorizationData, tools.now())
}

const Authorization = z.object({
  authorizationToken: z.string().min(1).optional(),
  /** Seconds. */
  expiresAt: z.number().optional(),
})
const Private = z.object({ authorizationData: z.tuple([Authorization], z.unknown()) })
const Public = z.object({ authorizationData: Authorization })

type CallTo = Omit<AwsService, 'json'> & {
  readonly tools: EcrTools
  readonly region: string
  readonly credentials: AwsCredentialsOf
}

function callOf({ tools, region, credentials, ...service }: CallTo): AwsCall {
  const { http, now } = tools
  return createAwsCall({ ...service, json: '1.1' }, { http, region, credentials, now, random: Math.random })
}

async function authorization(call: AwsCall, who: string): Promise<unknown> {
  const answer = await call('GetAuthorizationToken', {})
  if (answer.ok) return answer.value
  throw new RetryLater(`${who} gives no password (${answer.error.code})`)
}

const LIFETIME_DEFAULT_MS = 60 * 60_000

/** `AWS:password` in Base64. */
export function passwordOf(
  { authorizationToken = '', expiresAt }: z.infer<typeof Authorization>,
  now: number,
): EcrPassword {
  const groups = /^(?<username>[^:]+):(?<password>.+)$/su.exec(decoded(authorizationToken))?.groups
  const { username, password } = groups ?? {}
  if (username === undefined || password === undefined) throw new RetryLater('ECR answered without a password')
  return { username, password, expires: expiresAt === undefined ? now + LIFETIME_DEFAULT_MS : expiresAt * 1000 }
}

function decoded(base64: string): string {
  try {
    return atob(base64)
  } catch {
    return ''
  }
}
