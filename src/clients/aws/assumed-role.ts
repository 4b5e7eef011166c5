/**
 * Keys of a role that trusts ours: for registries of other accounts.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 */

import * as z from 'zod'
import { ask } from '../ask.ts'
import type { Http } from '../http.ts'
import { keep } from '../kept.ts'
import { endpointOf } from './call.ts'
import type { AwsCredentialsOf } from './credentials.ts'
import { signHeaders } from './sign.ts'

const MARGIN_MS = 5 * 60_000
const SESSION_NAME = 'drayage'

export type AssumedRoleOptions = {
  readonly role: string
  /** What the role's owner demands of a third party. */
  readonly externalId: string | undefined
  readonly region: string
  /** Those that the role trusts. */
  readonly credentials: AwsCredentialsOf
  readonly http: Http
  readonly env: Readonly<Record<string, string | undefined>>
  readonly now: () => number
}

const Answer = z.object({
  AssumeRoleResponse: z.object({
    AssumeRoleResult: z.object({
      Credentials: z.object({
        AccessKeyId: z.string().min(1),
        SecretAccessKey: z.string().min(1),
        SessionToken: z.string().min(1),
        /** Seconds in JSON. */
        Expiration: z.number(),
      }),
    }),
  }),
})

export function createAssumedRole(options: AssumedRoleOptions): AwsCredentialsOf {
  const { role, externalId, region, credentials, http, env, now } = options
  const kept = keep(async () => {
    const url = new URL(env['AWS_ENDPOINT_URL_STS'] ?? endpointOf('sts', region))
    const body = new URLSearchParams({
      Action: 'AssumeRole',
      Version: '2011-06-15',
      RoleArn: role,
      RoleSessionName: env['AWS_ROLE_SESSION_NAME'] ?? SESSION_NAME,
      ...(externalId === undefined ? {} : { ExternalId: externalId }),
    }).toString()
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const request = { url, method: 'POST', service: 'sts', region, headers: form, body, now: now() } as const
    const headers = await signHeaders(request, await credentials())
    const who = `STS, asked for the role ${role},`
    const answer = await ask(http, { who, url, method: 'POST', headers, body, shape: Answer })
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } =
      answer.AssumeRoleResponse.AssumeRoleResult.Credentials
    const value = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken }
    return { value, until: Expiration * 1000 - MARGIN_MS, expires: Expiration * 1000 }
  }, now)
  return () => kept()
}
