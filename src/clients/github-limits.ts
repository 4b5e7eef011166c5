/** How long GitHub wants us to be quiet: read from its answer, pure. https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api */

/** Where it does not say how long: "at least one minute". */
const UNSAID_MS = 60_000
const HOLD_MAX_MS = 65 * 60_000
const LIMITED = /rate limit|abuse detection|submitted too quickly/iu

type Refusal = {
  readonly status: number
  readonly type: string | null
  readonly message: string
  readonly headers: Readonly<Record<string, unknown>>
}

/** Milliseconds, or null where the answer is about something else. */
export function holdOf({ status, type, message, headers }: Refusal, now: number): number | null {
  const retryAfter = numberOf(headers['retry-after'])
  const isExhausted = numberOf(headers['x-ratelimit-remaining']) === 0
  const isLimit =
    status === 429 ||
    type === 'RATE_LIMITED' ||
    ((status === 403 || status === 200) && (retryAfter !== null || isExhausted || LIMITED.test(message)))
  if (!isLimit) return null
  const reset = isExhausted ? numberOf(headers['x-ratelimit-reset']) : null
  const waitMs = retryAfter !== null ? retryAfter * 1000 : reset !== null ? reset * 1000 - now : UNSAID_MS
  return Math.min(Math.max(waitMs, 1000), HOLD_MAX_MS)
}

function numberOf(header: unknown): number | null {
  const text = typeof header === 'number' ? `${header}` : header
  return typeof text === 'string' && /^[0-9]{1,12}$/u.test(text) ? Number(text) : null
}
