/**
 * Google access tokens: from the machine's metadata service, for a service account's key, or for another cloud's proof of
 * who we are (workload identity federation), in which case no key exists that could leak.
 * https://google.aip.dev/auth
 */

import { importPKCS8, SignJWT } from 'jose'
import * as z from 'zod'
import { Json } from '../../domain/json.ts'
import { RetryLater } from '../../domain/retry.ts'
import type { Secret } from '../../domain/secret.ts'
import { ask } from '../ask.ts'
import type { AwsCredentialsOf } from '../aws/credentials.ts'
import { signHeaders } from '../aws/sign.ts'
import { endpointOf } from '../aws/call.ts'
import type { Http } from '../http.ts'
import { keep, type Dated, type Keeper } from '../kept.ts'

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform'
const MARGIN_MS = 5 * 60_000
const ASSERTION_SECONDS = 3600
/** By address: a name could be anybody's. */
const METADATA = 'http://169.254.169.254'

export type GoogleOptions = {
  readonly http: Http
  /** JSON as Google's console writes it: a service account's key, or a federation. Null: the machine's own account. */
  readonly credentials: Secret | null
  readonly readFile: (path: string) => Promise<string>
  /** For a federation with AWS. */
  readonly aws: { readonly credentials: AwsCredentialsOf; readonly region: string }
  readonly now: () => number
  readonly endpoints?: {
    readonly metadata?: URL
    readonly token?: URL
    readonly sts?: URL
    readonly impersonation?: URL
  }
}

/** `refused`: a token that would not do. */
export type GoogleToken = Keeper<string>

export function createGoogleToken(options: GoogleOptions): GoogleToken {
  return keep(async () => {
    if (options.credentials === null) return byMetadata(options)
    const [text] = await options.credentials()
    const read = Json.pipe(Credentials).safeParse(text)
    if (!read.success) throw new RetryLater('the Google credentials are no JSON of a service account or a federation')
    return read.data.type === 'service_account' ? byKey(options, read.data) : byFederation(options, read.data)
  }, options.now)
}

const Token = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() })

function dated({ access_token, expires_in }: z.infer<typeof Token>, now: number): Dated<string> {
  const expires = now + expires_in * 1000
  return { value: access_token, until: expires - MARGIN_MS, expires }
}

/** https://cloud.google.com/compute/docs/access/authenticate-workloads#applications */
async function byMetadata({ http, now, endpoints }: GoogleOptions): Promise<Dated<string>> {
  const url = new URL('/computeMetadata/v1/instance/service-accounts/default/token', endpoints?.metadata ?? METADATA)
  const headers = { 'metadata-flavor': 'Google' }
  return dated(await ask(http, { who: "Google's metadata service", url, headers, shape: Token }), now())
}

const Key = z.object({
  type: z.literal('service_account'),
  client_email: z.string().min(1),
  private_key_id: z.string(),
  private_key: z.string().min(1),
})
const Federation = z.object({
  type: z.literal('external_account'),
  audience: z.string().startsWith('//iam.googleapis.com/'),
  subject_token_type: z.string(),
  service_account_impersonation_url: z
    .string()
    .regex(
      /^https:\/\/iamcredentials\.googleapis\.com\/v1\/projects\/-\/serviceAccounts\/[A-Za-z0-9@._-]+:generateAccessToken$/u,
    )
    .optional(),
  credential_source: z.union([z.object({ file: z.string().min(1) }), z.object({ environment_id: z.literal('aws1') })]),
})
type Federation = z.infer<typeof Federation>
const Credentials = z.discriminatedUnion('type', [Key, Federation])

/** https://developers.google.com/identity/protocols/oauth2/service-account#httprest */
async function byKey({ http, now, endpoints }: GoogleOptions, key: z.infer<typeof Key>): Promise<Dated<string>> {
  const seconds = Math.floor(now() / 1000)
  const assertion = await new SignJWT({ scope: SCOPE })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: key.private_key_id })
    .setIssuer(key.client_email)
    .setAudience(TOKEN_URL)
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + ASSERTION_SECONDS)
    .sign(
      await importPKCS8(key.private_key, 'RS256').catch(() =>
        Promise.reject(new RetryLater('the Google key is no PEM')),
      ),
    )
  const body = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion })
  const url = endpoints?.token ?? new URL(TOKEN_URL)
  return dated(await ask(http, { ...form('Google', url, body), shape: Token }), now())
}
/** Not what the key's file says: whoever writes that file would get our assertion. */
const TOKEN_URL = 'https://oauth2.googleapis.com/token'

/** https://cloud.google.com/iam/docs/workload-identity-federation-with-other-clouds */
async function byFederation(options: GoogleOptions, federation: Federation): Promise<Dated<string>> {
  const { http, now, endpoints } = options
  const body = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    audience: federation.audience,
    scope: SCOPE,
    requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    subject_token: await subjectToken(options, federation),
    subject_token_type: federation.subject_token_type,
  })
  const url = endpoints?.sts ?? new URL('https://sts.googleapis.com/v1/token')
  const exchanged = await ask(http, { ...form('Google', url, body), shape: Token })
  const target = federation.service_account_impersonation_url
  if (target === undefined) return dated(exchanged, now())
  const impersonated = await ask(http, {
    who: 'Google',
    url: endpoints?.impersonation ?? new URL(target),
    method: 'POST',
    headers: { authorization: `Bearer ${exchanged.access_token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ scope: [SCOPE] }),
    shape: z.object({ accessToken: z.string().min(1), expireTime: z.iso.datetime({ offset: true }) }),
  })
  const expires = Date.parse(impersonated.expireTime)
  return { value: impersonated.accessToken, until: expires - MARGIN_MS, expires }
}

async function subjectToken({ aws, readFile, now }: GoogleOptions, federation: Federation): Promise<string> {
  const { credential_source: source, audience } = federation
  if ('file' in source) return (await readFile(source.file)).trim()
  const url = endpointOf('sts', aws.region)
  url.search = 'Action=GetCallerIdentity&Version=2011-06-15'
  const about = { 'x-goog-cloud-target-resource': audience }
  const request = { url, method: 'POST', service: 'sts', region: aws.region, headers: about, now: now() } as const
  const signed = await signHeaders(request, await aws.credentials())
  const headers = Object.entries({ ...signed, host: url.host }).map(([key, value]) => ({ key, value }))
  return encodeURIComponent(JSON.stringify({ url: url.href, method: 'POST', headers }))
}

function form(who: string, url: URL, body: URLSearchParams) {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return { who, url, method: 'POST' as const, headers, body: body.toString() }
}
