/** When to try again: what the other side said, or growing waits with jitter. */

const RETRY_AFTER_MAX_MS = 24 * 60 * 60 * 1000
const BACKOFF_BASE_MS = 200
const BACKOFF_MAX_MS = 5_000

/** Busy or broken: another time may do. 501 and 505 will not change by waiting. */
export function isLater(status: number): boolean {
  return status === 429 || (status >= 500 && status !== 501 && status !== 505)
}

/** Reads `Retry-After`, seconds or a date; undefined where it says nothing that can be believed. */
export function retryAfterMs(headers: Headers, now: number): number | undefined {
  const value = headers.get('retry-after')?.trim() ?? ''
  if (/^[0-9]{1,10}$/u.test(value)) return Math.min(Number(value) * 1000, RETRY_AFTER_MAX_MS)
  // A date has a name of a month in it: `Date.parse` would take `-1` and `2.5` for years too.
  const at = /^[A-Z][a-z]{2}, .*GMT$/u.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(at) ? undefined : Math.min(Math.max(at - now, 0), RETRY_AFTER_MAX_MS)
}

/** Full jitter: anything up to the doubled wait, so that many who failed together do not come back together. */
export function backoffMs(attempt: number, random: () => number): number {
  return Math.round(random() * Math.min(BACKOFF_BASE_MS * 2 ** attempt, BACKOFF_MAX_MS))
}
