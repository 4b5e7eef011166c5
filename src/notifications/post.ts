/** One POST of JSON to a channel's address, which often is its secret: it stands in no log and no error. */

import type { Http } from '../clients/http.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { RetryLater } from '../domain/retry.ts'
import type { NotifyFailure } from './notifier.ts'

const LIMITS = { headersMs: 5_000, bodyMs: 5_000, totalMs: 10_000, bodyBytesMax: 64 * 1024 }
const LATER_DEFAULT_MS = 30_000

export type Post = {
  /** For errors: `Discord`. */
  readonly who: string
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
  readonly http: Http
}

export async function post({ who, url: text, headers = {}, body, http }: Post): Promise<Result<null, NotifyFailure>> {
  if (!URL.canParse(text) || !/^https?:\/\//u.test(text)) {
    return err({ reason: 'address-not-allowed', detail: `${who}: the secret holds no web address, expected https://…` })
  }
  const url = new URL(text)
  const sent = await attempt(who, () =>
    http({
      url,
      method: 'POST',
      hosts: [url.host],
      plainHttp: url.protocol === 'http:',
      headers: { 'content-type': 'application/json', ...headers },
      body,
      later: 'return',
      limits: LIMITS,
    }),
  )
  if (!sent.ok) return err({ reason: 'address-not-allowed', detail: `${who}: ${sent.error.reason}` })
  const { status } = sent.value
  if (status < 300) return ok(null)
  if (status === 429 || status >= 500) throw new RetryLater(`${who} answered ${status}`, waitOf(sent.value.headers))
  return err({ reason: 'refused', detail: `${who} answered ${status}: ${remedyOf(status)}` })
}

/** A failure below may name the address. */
async function attempt<T>(who: string, send: () => Promise<T>): Promise<T> {
  try {
    return await send()
  } catch (error) {
    const retryAfterMs = error instanceof RetryLater ? error.retryAfterMs : undefined
    throw new RetryLater(`${who} could not be reached`, { retryAfterMs })
  }
}

function waitOf(headers: Headers): { retryAfterMs: number } {
  const seconds = headers.get('retry-after') ?? ''
  return { retryAfterMs: /^[0-9]{1,4}$/u.test(seconds) ? Number(seconds) * 1_000 : LATER_DEFAULT_MS }
}

function remedyOf(status: number): string {
  if (status === 401 || status === 403) return 'its secret is not taken; make a new one'
  if (status === 404 || status === 410) return 'the address leads nowhere any more; make a new one'
  return 'it does not take this message'
}
