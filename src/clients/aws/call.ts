/** Calls of AWS's JSON protocols, signed: for the few calls where AWS's own client would cost more to load than they take. */

import * as z from 'zod'
import { suffixOf } from '../../domain/ecr-place.ts'
import { Json } from '../../domain/json.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import { RetryLater } from '../../domain/retry.ts'
import type { Http, HttpAnswer } from '../http.ts'
import type { AwsCredentialsOf } from './credentials.ts'
import { signHeaders } from './sign.ts'

const ATTEMPTS_MAX = 4
const BACKOFF_FIRST_MS = 50
const THROTTLED_RETRY_MS = 2_000
const LIMITS = { headersMs: 3_000, bodyMs: 3_000, totalMs: 5_000, bodyBytesMax: 2 * 1024 * 1024 }

/** AWS's name for what went wrong, such as `ConditionalCheckFailedException`. Its message stays here: it may quote the request. */
export type AwsProblem = { readonly code: string }

/** Throws `RetryLater` where waiting may help. Calls are repeated, so that they must be safe to repeat. */
export type AwsCall = (operation: string, input: object) => Promise<Result<unknown, AwsProblem>>

export type AwsService = {
  /** As it is signed: `dynamodb`, `sqs`, `ssm`. */
  readonly service: string
  /** Before the operation's name in `x-amz-target`. */
  readonly target: string
  readonly json: '1.0' | '1.1'
  readonly endpoint: URL
}

export type AwsCallOptions = {
  readonly http: Http
  readonly region: string
  readonly credentials: AwsCredentialsOf
  readonly now: () => number
  readonly random: () => number
  readonly sleep?: (ms: number) => Promise<void>
}

/** The region's own endpoint of a service. */
export function endpointOf(service: string, region: string): URL {
  return new URL(`https://${service}.${region}.${suffixOf(region)}/`)
}

export function createAwsCall(of: AwsService, options: AwsCallOptions): AwsCall {
  const { now, random, sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms)) } = options
  return async (operation, input) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return read(await send(of, options, operation, JSON.stringify(input), now()))
      } catch (error) {
        if (attempt >= ATTEMPTS_MAX) throw error
        await sleep(BACKOFF_FIRST_MS * 2 ** attempt * (0.5 + random() / 2))
      }
    }
  }
}

async function send(
  { service, target, json, endpoint }: AwsService,
  { http, region, credentials }: AwsCallOptions,
  operation: string,
  body: string,
  now: number,
): Promise<HttpAnswer> {
  const headers = { 'content-type': `application/x-amz-json-${json}`, 'x-amz-target': `${target}.${operation}` }
  const request = { url: endpoint, method: 'POST' as const, service, region, headers, body, now }
  const answer = await http({
    url: endpoint,
    method: 'POST',
    headers: await signHeaders(request, await credentials()),
    body,
    hosts: [endpoint.host],
    plainHttp: endpoint.protocol === 'http:',
    later: 'throw',
    limits: LIMITS,
  })
  if (answer.ok) return answer.value
  throw new RetryLater(`${endpoint.host}: ${answer.error.detail}`)
}

const Failure = Json.pipe(z.object({ __type: z.string().max(256) }))
/** Ends of the names that mean "slower": services have several each. */
const THROTTLED = /(?:Throttl(?:ing|ed)|Throughput|RequestLimit|TooManyRequests|SlowDown)[A-Za-z]*$/u

function read({ status, body }: HttpAnswer): Result<unknown, AwsProblem> {
  const text = new TextDecoder().decode(body)
  if (status === 200) {
    const parsed = Json.safeParse(text)
    if (parsed.success) return ok(parsed.data)
    throw new RetryLater('AWS answered with something that is not JSON')
  }
  const failure = Failure.safeParse(text)
  const code = failure.success ? (failure.data.__type.split('#').at(-1) ?? '') : `Http${status}`
  if (THROTTLED.test(code)) throw new RetryLater(`AWS throttles us (${code})`, { retryAfterMs: THROTTLED_RETRY_MS })
  return err({ code })
}
