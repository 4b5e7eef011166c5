/** The only way out: every call has a host list, timeouts, a size bound, and follows a redirect only as its caller ruled. */

import { err, type Result } from '../domain/result.ts'
import { RetryLater } from '../domain/retry.ts'
import { exchange, isAddressRefused, failureOf, TimedOut } from './http-exchange.ts'
import { locationOf, nextLeg, refusalOf, type Leg } from './http-leg.ts'
import { backoffMs, isLater, retryAfterMs } from './http-retry.ts'

const REDIRECTS_MAX = 3
/** Longer waits than this are the pipeline's: it gives the place to others meanwhile. */
export const INLINE_WAIT_MAX_MS = 2_000
const RETRIES = 2
const MIB = 1024 * 1024

/** Configured: written by an operator. Stranger: named by a peer's answer, so it must be public and gets no credentials. */
export type Trust = 'configured' | 'stranger'
/** The platform's `fetch`, or on Node `createGuardedFetch()`, which also checks what names resolve to. */
export type Fetch = (url: URL, init: FetchInit, trust: Trust) => Promise<Response>
export type FetchInit = {
  readonly method: string
  readonly headers: Record<string, string>
  readonly redirect: 'manual'
  readonly signal: AbortSignal
  readonly body?: string | Uint8Array<ArrayBuffer>
}

export type HttpLimits = {
  /** Connecting, and waiting for the first byte of the answer. */
  readonly headersMs: number
  readonly bodyMs: number
  /** All attempts, waits and redirects together. */
  readonly totalMs: number
  readonly bodyBytesMax: number
}
const HTTP_LIMITS: HttpLimits = { headersMs: 8_000, bodyMs: 15_000, totalMs: 30_000, bodyBytesMax: 4 * MIB }

export type HttpRequest = {
  readonly url: URL
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array<ArrayBuffer>
  /** The configured hosts (`host[:port]`) that may get this request; they may be private, others never. */
  readonly hosts: readonly string[]
  /** The address itself was named by a stranger, such as a certificate: it must be public, and `hosts` are none. */
  readonly isStranger?: boolean
  /** Plain HTTP is written in the configuration for these hosts. */
  readonly plainHttp?: boolean
  /** `return` (default): a redirect is an answer like others. `follow`: GET and HEAD only, without credentials to another origin. */
  readonly redirects?: 'return' | 'follow'
  readonly limits?: Partial<HttpLimits>
  /** Further attempts after a failure that waiting may mend. Default 2 for GET and HEAD; others are never repeated. */
  readonly retries?: number
  /** `return`: 429 and 5xx are answers like others, for callers that read them. `throw` (default for GET and HEAD): `RetryLater`. */
  readonly later?: 'throw' | 'return'
}
export type HttpAnswer = {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array<ArrayBuffer>
  /** True where another origin than the one asked gave this answer. */
  readonly fromStranger: boolean
}
export type HttpProblem = {
  readonly reason: 'address-refused' | 'redirect-refused' | 'answer-too-large'
  /** Names hosts at most: never a query, a header or a body. */
  readonly detail: string
}
/** Throws `RetryLater` where waiting may help: no connection, no answer in time, 429, 5xx. */
export type Http = (request: HttpRequest) => Promise<Result<HttpAnswer, HttpProblem>>

/** One call as it may be logged and counted. Null: there was no answer. */
type HttpCall = {
  readonly method: string
  readonly host: string
  readonly status: number | null
  readonly durationMs: number
}
export type HttpOptions = {
  readonly fetch: Fetch
  readonly now: () => number
  /** In [0, 1): spreads retries. */
  readonly random: () => number
  readonly sleep?: (ms: number) => Promise<void>
  readonly onCall?: (call: HttpCall) => void
}

/** What one pass along the redirects gave, and whether it should be tried again later. */
type Attempt =
  | { readonly outcome: Result<HttpAnswer, HttpProblem>; readonly later: null }
  | { readonly outcome: Result<HttpAnswer, HttpProblem> | null; readonly later: RetryLater }

export function createHttp(options: HttpOptions): Http {
  const sleep = options.sleep ?? ((ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)))

  return async function send(request) {
    const limits = { ...HTTP_LIMITS, ...request.limits }
    const retries = isRepeatable(request) ? (request.retries ?? RETRIES) : 0
    const whole = new AbortController()
    const timer = setTimeout(() => whole.abort(new TimedOut('in all')), limits.totalMs)
    try {
      for (let attempt = 0; ; attempt += 1) {
        const { outcome, later } = await attemptOnce(request, limits, whole.signal)
        if (later === null) return outcome
        const wait = later.retryAfterMs ?? backoffMs(attempt, options.random)
        const isLast = attempt >= retries || wait > INLINE_WAIT_MAX_MS || whole.signal.aborted
        if (isLast && outcome !== null && !throwsLater(request)) return outcome
        if (isLast) throw later
        await sleep(wait)
      }
    } finally {
      clearTimeout(timer)
    }
  }

  async function attemptOnce(request: HttpRequest, limits: HttpLimits, whole: AbortSignal): Promise<Attempt> {
    try {
      const outcome = await follow(request, limits, whole)
      if (!outcome.ok || !isLater(outcome.value.status)) return { outcome, later: null }
      const { status, headers } = outcome.value
      const later = { retryAfterMs: retryAfterMs(headers, options.now()) }
      return { outcome, later: new RetryLater(`${request.url.host} answered ${status}`, later) }
    } catch (error) {
      if (!isAddressRefused(error)) {
        return { outcome: null, later: new RetryLater(`the call to ${request.url.host} failed: ${failureOf(error)}`) }
      }
      const detail = `${request.url.host} leads to an address that is not allowed`
      return { outcome: err({ reason: 'address-refused', detail }), later: null }
    }
  }

  async function follow(
    request: HttpRequest,
    limits: HttpLimits,
    whole: AbortSignal,
  ): Promise<Result<HttpAnswer, HttpProblem>> {
    let leg: Leg = {
      url: request.url,
      headers: request.headers ?? {},
      trust: request.isStranger === true ? 'stranger' : 'configured',
    }
    for (let hops = 0; ; hops += 1) {
      const refusal = refusalOf(leg, request)
      if (refusal !== null) return err(refusal)
      const answer = await exchange(options, { leg, request, limits, whole })
      const location = answer.ok && isRepeatable(request) ? locationOf(answer.value, request) : null
      if (location === null) return answer
      const next = hops < REDIRECTS_MAX ? nextLeg(leg, location, request) : null
      if (next === null) {
        const why = hops < REDIRECTS_MAX ? 'a redirect to no https address' : `more than ${REDIRECTS_MAX} redirects`
        return err({ reason: 'redirect-refused', detail: `${leg.url.host}: ${why}` })
      }
      leg = next
    }
  }
}

function isRepeatable({ method = 'GET' }: HttpRequest): boolean {
  return method === 'GET' || method === 'HEAD'
}

function throwsLater(request: HttpRequest): boolean {
  return (request.later ?? (isRepeatable(request) ? 'throw' : 'return')) === 'throw'
}
