/**
 * Where a process on AWS, or trusted by it, finds its keys: its environment, a token of the cluster or CI around it, the
 * container's own service, the machine's. In the order of AWS's own clients.
 * https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 */

import * as z from 'zod'
import { RetryLater } from '../../domain/retry.ts'
import { ask } from '../ask.ts'
import type { Http } from '../http.ts'
import { keep, type Dated } from '../kept.ts'
import { endpointOf } from './call.ts'
import { environmentCredentials, type AwsCredentials, type AwsCredentialsOf } from './credentials.ts'

/** Taken anew this long before they expire. */
const MARGIN_MS = 5 * 60_000
const IMDS_TOKEN_SECONDS = 300
const SESSION_NAME = 'drayage'
/** ECS, and EKS Pod Identity by IPv4 and IPv6: the only plain addresses that get a request with our token. */
const CONTAINER_HOSTS = ['169.254.170.2', '169.254.170.23', '[fd00:ec2::23]', 'localhost', '127.0.0.1', '[::1]']

export type AwsChainOptions = {
  readonly http: Http
  readonly env: Readonly<Record<string, string | undefined>>
  readonly readFile: (path: string) => Promise<string>
  readonly region: string
  readonly now: () => number
  /** Where STS and the machine's service are, if not where AWS has them. */
  readonly endpoints?: { readonly sts?: URL; readonly machine?: URL }
}

export function createAwsCredentials(options: AwsChainOptions): AwsCredentialsOf {
  const kept = keep(() => fetchOne(options), options.now)
  return async () => environmentCredentials(options.env) ?? kept()
}

async function fetchOne(options: AwsChainOptions): Promise<Dated<AwsCredentials>> {
  const { AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: role } = options.env
  if (file !== undefined && role !== undefined) return byWebIdentity(options, file, role)
  const container = containerUrl(options.env)
  if (container !== null) return byContainer(options, container)
  return byMachine(options)
}

const StsAnswer = z.object({
  AssumeRoleWithWebIdentityResponse: z.object({
    AssumeRoleWithWebIdentityResult: z.object({
      Credentials: z.object({
        AccessKeyId: z.string(),
        SecretAccessKey: z.string(),
        SessionToken: z.string(),
        /** Seconds in JSON. */
        Expiration: z.number(),
      }),
    }),
  }),
})

/** A pod's or a CI job's own token becomes keys of a role that trusts it. */
async function byWebIdentity(options: AwsChainOptions, file: string, role: string): Promise<Dated<AwsCredentials>> {
  const token = await options.readFile(file).catch((cause: unknown) => {
    throw new RetryLater(`the token ${file} cannot be read`, { cause })
  })
  const answer = await ask(options.http, {
    who: 'STS',
    url: options.endpoints?.sts ?? endpointOf('sts', options.region),
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn: role,
      RoleSessionName: options.env['AWS_ROLE_SESSION_NAME'] ?? SESSION_NAME,
      WebIdentityToken: token.trim(),
    }).toString(),
    shape: StsAnswer,
  })
  const { Credentials } = answer.AssumeRoleWithWebIdentityResponse.AssumeRoleWithWebIdentityResult
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials
  return dated({
    AccessKeyId,
    SecretAccessKey,
    Token: SessionToken,
    Expiration: new Date(Expiration * 1000).toISOString(),
  })
}

/** As containers and machines answer. */
const Answer = z.object({
  AccessKeyId: z.string().min(1),
  SecretAccessKey: z.string().min(1),
  Token: z.string().min(1),
  Expiration: z.iso.datetime({ offset: true }),
})

function containerUrl(env: AwsChainOptions['env']): URL | null {
  const relative = env['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI']
  if (relative !== undefined) return new URL(relative, 'http://169.254.170.2')
  const full = URL.parse(env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] ?? '')
  if (full === null) return null
  if (full.protocol === 'https:' || CONTAINER_HOSTS.includes(full.hostname)) return full
  throw new RetryLater('AWS_CONTAINER_CREDENTIALS_FULL_URI leads to an address that is not the container’s own')
}

async function byContainer({ http, env, readFile }: AwsChainOptions, url: URL): Promise<Dated<AwsCredentials>> {
  const file = env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE']
  const token = file === undefined ? env['AWS_CONTAINER_AUTHORIZATION_TOKEN'] : (await readFile(file)).trim()
  const headers = token === undefined ? {} : { authorization: token }
  return dated(await ask(http, { who: "the container's credentials service", url, headers, shape: Answer }))
}

/** Version 2: a token first, which no redirected or forged request can get. */
async function byMachine({ http, endpoints }: AwsChainOptions): Promise<Dated<AwsCredentials>> {
  const base = endpoints?.machine ?? new URL('http://169.254.169.254')
  const who = "the machine's metadata service"
  const token = await ask(http, {
    who,
    url: new URL('/latest/api/token', base),
    method: 'PUT',
    headers: { 'x-aws-ec2-metadata-token-ttl-seconds': String(IMDS_TOKEN_SECONDS) },
    shape: z.string().min(1),
    isText: true,
  })
  const headers = { 'x-aws-ec2-metadata-token': token }
  const path = '/latest/meta-data/iam/security-credentials/'
  const role = await ask(http, {
    who,
    url: new URL(path, base),
    headers,
    shape: z.string().regex(/^[\w+=,.@-]+$/u),
    isText: true,
  })
  return dated(await ask(http, { who, url: new URL(path + role, base), headers, shape: Answer }))
}

function dated({ AccessKeyId, SecretAccessKey, Token, Expiration }: z.infer<typeof Answer>): Dated<AwsCredentials> {
  const value = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token }
  return { value, until: Date.parse(Expiration) - MARGIN_MS }
}
