/** Beginning again when somebody else wrote first: a bounded number of times, each after a random pause. */

import { RetryLater } from '../domain/retry.ts'

const ATTEMPTS_MAX = 8
const PAUSE_MS = 40
const PAUSE_DOUBLINGS_MAX = 5
const LATER_MS = 15_000

/** What an attempt answers when the branch moved between its look and its act. */
export const CONTENDED = Symbol('contended')

/** Waits before attempt `n` (1 is the first repeat); a parameter so that tests need not wait. */
export type Pause = (attempt: number) => Promise<void>

/** Full jitter: racers that met once should not meet again. */
export const jitteredPause: Pause = async (attempt) => {
  const [random = 0] = crypto.getRandomValues(new Uint32Array(1))
  const longest = PAUSE_MS * 2 ** Math.min(attempt, PAUSE_DOUBLINGS_MAX)
  await new Promise((resolve) => setTimeout(resolve, (random / 2 ** 32) * longest))
}

/** Runs `attempt` until it is not contended; a branch that never rests is for later. */
export async function untilUncontended<T>(
  attempt: () => Promise<T | typeof CONTENDED>,
  what: string,
  pause: Pause = jitteredPause,
): Promise<T> {
  for (let count = 0; count < ATTEMPTS_MAX; count += 1) {
    if (count > 0) await pause(count)
    const answer = await attempt()
    if (answer !== CONTENDED) return answer
  }
  throw new RetryLater(`${what} moved ${ATTEMPTS_MAX} times while we were writing`, { retryAfterMs: LATER_MS })
}
