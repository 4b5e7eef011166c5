/** Calls of AWS's REST-JSON protocol, signed: the sibling of `call.ts` for services that name their operations by path. */

import * as z from 'zod'
import { Json } from '../../domain/json.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import { RetryLater } from '../../domain/retry.ts'
import type { AwsCall, AwsCallOptions, AwsProblem } from './call.ts'
import { signHeaders } from './sign.ts'

const LIMITS = { headersMs: 5_000, bodyMs: 5_000, totalMs: 10_000, bodyBytesMax: 4 * 1024 * 1024 }
const THROTTLED_RETRY_MS = 5_000
const CODE_LENGTH_MAX = 256

export type AwsRestService = {
  /** As it is signed: `inspector2`. */
  readonly service: string
  readonly endpoint: URL
  /** By operation; all are POST. */
  readonly paths: Readonly<Record<string, string>>
}

export function createAwsRestCall(
  { service, endpoint, paths }: AwsRestService,
  { http, region, credentials, now }: Pick<AwsCallOptions, 'http' | 'region' | 'credentials' | 'now'>,
): AwsCall {
  return async (operation, input) => {
    const path = paths[operation]
    if (path === undefined) throw new Error(`${service} has no operation ${operation}`)
    const url = new URL(path, endpoint)
    const body = JSON.stringify(input)
    const headers = { 'content-type': 'application/json' }
    const request = { url, method: 'POST' as const, service, region, headers, body, now: now() }
    const answer = await http({
      url,
      method: 'POST',
      headers: await signHeaders(request, await credentials()),
      body,
      hosts: [url.host],
      plainHttp: url.protocol === 'http:',
      later: 'return',
      limits: LIMITS,
    })
    if (!answer.ok) throw new RetryLater(`${url.host}: ${answer.error.detail}`)
    return read(answer.value)
  }
}

const Failure = Json.pipe(z.object({ __type: z.string().optional(), code: z.string().optional() }))

function read({
  status,
  headers,
  body,
}: {
  status: number
  headers: Headers
  body: Uint8Array
}): Result<unknown, AwsProblem> {
  const text = new TextDecoder().decode(body)
  if (status === 200) {
    const parsed = Json.safeParse(text)
    if (parsed.success) return ok(parsed.data)
    throw new RetryLater('AWS answered with something that is not JSON')
  }
  const failure = Failure.safeParse(text)
  const named = headers.get('x-amzn-errortype') ?? (failure.success ? (failure.data.__type ?? failure.data.code) : null)
  // `ThrottlingException:http://…` and `com.amazonaws#ThrottlingException` both occur.
  const code = (named ?? `Http${status}`).slice(0, CODE_LENGTH_MAX).split(':')[0]?.split('#').at(-1) ?? ''
  if (status === 429 || code.startsWith('Throttl')) {
    throw new RetryLater(`AWS throttles us (${code})`, { retryAfterMs: THROTTLED_RETRY_MS })
  }
  if (status >= 500) throw new RetryLater(`AWS answered ${status} (${code})`)
  return err({ code })
}
