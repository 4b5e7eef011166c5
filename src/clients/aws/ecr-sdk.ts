/**
 * Passwords of ECR registries by AWS's own client, which knows profiles, single sign-on and every place where keys can be. Its calls
 * to ECR go through our way out; those of its chain of keys (metadata, STS, SSO) it makes itself.
 */

import { ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr'
import { defaultProvider } from '@aws-sdk/credential-provider-node'
import { RetryLater } from '../../domain/retry.ts'
import type { Http } from '../http.ts'
import { environmentCredentials, type AwsCredentialsOf } from './credentials.ts'
import { passwordOf, type Ecr, type EcrTools } from './ecr.ts'

const ATTEMPTS_MAX = 3
const LIMITS = { headersMs: 5_000, bodyMs: 5_000, totalMs: 10_000, bodyBytesMax: 256 * 1024 }

export function createSdkEcr({ http, env, now }: EcrTools): Ecr {
  return {
    ownKeys: ({ region, profile }) => ownKeys(env, region, profile),
    async password({ region, isFips, credentials }) {
      const endpoint = env['AWS_ENDPOINT_URL_ECR']
      const client = new ECRClient({
        region,
        credentials,
        useFipsEndpoint: isFips,
        maxAttempts: ATTEMPTS_MAX,
        requestHandler: handlerOver(http),
        ...(endpoint === undefined ? {} : { endpoint }),
      })
      try {
        const { authorizationData = [] } = await client.send(new GetAuthorizationTokenCommand({}))
        const { authorizationToken, expiresAt } = authorizationData[0] ?? {}
        const expires = expiresAt && expiresAt.getTime() / 1000
        return passwordOf({ authorizationToken, expiresAt: expires }, now())
      } catch (error) {
        throw laterOf('ECR gives no password', error)
      } finally {
        client.destroy()
      }
    },
  }
}

/** The environment's first, as anywhere; a profile is a choice and goes before it. */
function ownKeys(env: EcrTools['env'], region: string, profile: string | undefined): AwsCredentialsOf {
  const chain = defaultProvider({ clientConfig: { region }, ...(profile === undefined ? {} : { profile }) })
  return async () => {
    const own = profile === undefined ? environmentCredentials(env) : null
    if (own !== null) return own
    try {
      return await chain()
    } catch (error) {
      throw laterOf('this process has no keys of AWS', error)
    }
  }
}

/** Its sentences may quote what was sent or found: only the name of what went wrong is told. */
function laterOf(what: string, error: unknown): RetryLater {
  if (error instanceof RetryLater) return error
  const name = error instanceof Error && /^[A-Za-z0-9]{1,100}$/u.test(error.name) ? ` (${error.name})` : ''
  const retryAfterMs = isThrottling(error) ? 5_000 : undefined
  return new RetryLater(`${what}${name}`, { retryAfterMs })
}

function isThrottling(error: unknown): boolean {
  return error instanceof Error && /Throttl|TooManyRequests|LimitExceeded|SlowDown/u.test(error.name)
}

type SdkRequest = {
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** The client's requests over ours: bounded, to the host that it signed for, and never along a redirect. */
function handlerOver(http: Http) {
  return {
    async handle({ protocol, hostname, port, path, headers, body }: SdkRequest) {
      const url = new URL(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`)
      const { host: _ofTheRequestLine, ...own } = headers
      const answer = await http({
        url,
        method: 'POST',
        headers: own,
        body: textOf(body),
        hosts: [url.host],
        plainHttp: url.protocol === 'http:',
        later: 'return',
        limits: LIMITS,
      })
      if (!answer.ok) throw new RetryLater(`ECR: ${answer.error.detail}`)
      const { status: statusCode, headers: received, body: bytes } = answer.value
      return { response: { statusCode, headers: Object.fromEntries(received), body: bytes } }
    },
  }
}

/** The client sends small bodies whole, as text or as bytes. */
function textOf(body: unknown): string {
  if (body instanceof Uint8Array) return new TextDecoder().decode(body)
  if (typeof body === 'string') return body
  throw new Error('expected a request of ECR to be text or bytes')
}
