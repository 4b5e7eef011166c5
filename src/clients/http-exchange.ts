/** One request and its answer: the timeouts, the size bound, and a word about failures that gives nothing away. */

import { err, ok, type Result } from '../domain/result.ts'
import { AddressRefused } from './address.ts'
import { orAbort, readBounded } from './http-body.ts'
import type { FetchInit, HttpAnswer, HttpLimits, HttpOptions, HttpProblem, HttpRequest } from './http.ts'
import type { Leg } from './http-leg.ts'

const USER_AGENT = 'drayage'
/** A platform's error has its reason in a chain of causes, a few long. */
const CAUSES_MAX = 8

type Exchange = {
  readonly leg: Leg
  readonly request: HttpRequest
  readonly limits: HttpLimits
  readonly whole: AbortSignal
}

/** Ours: the message says nothing that came from outside. */
export class TimedOut extends Error {
  constructor(what: string) {
    super(`no answer in time, ${what}`)
  }
}

/** Throws what `fetch` throws, or `TimedOut`. */
export async function exchange(
  { fetch, now, onCall }: HttpOptions,
  { leg, request, limits, whole }: Exchange,
): Promise<Result<HttpAnswer, HttpProblem>> {
  const started = now()
  const method = request.method ?? 'GET'
  const call = new AbortController()
  const signal = AbortSignal.any([whole, call.signal])
  let timer = setTimeout(() => call.abort(new TimedOut('not a first byte')), limits.headersMs)
  let status: number | null = null
  let isRead = false
  try {
    const response = await orAbort(fetch(leg.url, initOf(leg, request, signal), leg.trust), signal)
    status = response.status
    clearTimeout(timer)
    timer = setTimeout(() => call.abort(new TimedOut('not a whole body')), limits.bodyMs)
    const body = method === 'HEAD' ? new Uint8Array() : await readBounded(response, limits.bodyBytesMax, signal)
    isRead = body !== null
    if (body === null) {
      const detail = `${leg.url.host} sent more than ${limits.bodyBytesMax} bytes`
      return err({ reason: 'answer-too-large', detail })
    }
    return ok({ status, headers: response.headers, body, fromStranger: leg.url.origin !== request.url.origin })
  } finally {
    clearTimeout(timer)
    // Frees the connection of an answer that nobody reads to its end; a whole one leaves it for the next call.
    if (!isRead) call.abort()
    onCall?.({ method, host: leg.url.host, status, durationMs: now() - started })
  }
}

function initOf(leg: Leg, { method = 'GET', body }: HttpRequest, signal: AbortSignal): FetchInit {
  const headers = { 'user-agent': USER_AGENT, ...leg.headers }
  return { method, headers, redirect: 'manual', signal, ...(body === undefined ? {} : { body }) }
}

/** Tells a refused address from a host that is down. */
export function isAddressRefused(error: unknown): boolean {
  return causesOf(error).some((cause) => cause instanceof AddressRefused)
}

/** A code, or a sentence of ours; never the platform's message, which may quote a header or a URL. */
export function failureOf(error: unknown): string {
  if (error instanceof TimedOut) return error.message
  const codes = causesOf(error).map((cause) => ('code' in cause ? cause.code : undefined))
  const code = codes.find((found) => typeof found === 'string' && /^[A-Z][A-Z0-9_]{2,63}$/u.test(found))
  return typeof code === 'string' ? code : 'no connection'
}

function causesOf(error: unknown): readonly Error[] {
  const causes: Error[] = []
  for (let cause = error; cause instanceof Error && causes.length < CAUSES_MAX; cause = cause.cause) causes.push(cause)
  return causes
}
