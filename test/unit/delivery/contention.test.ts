/** Beginning again is bounded, and waits. */

import { expect, it } from 'vitest'
import { CONTENDED, untilUncontended } from '../../../src/delivery/contention.ts'
import { RetryLater } from '../../../src/domain/retry.ts'

it.each([
  ['at once', 0],
  ['after a race', 1],
  ['at the last attempt', 7],
])('answers %s', async (_title, races) => {
  const pauses: number[] = []
  let count = 0
  const attempt = (): Promise<'done' | typeof CONTENDED> => Promise.resolve((count += 1) > races ? 'done' : CONTENDED)
  const pause = (number: number): Promise<void> => Promise.resolve(void pauses.push(number))
  expect(await untilUncontended(attempt, 'main', pause)).toBe('done')
  expect(pauses).toEqual(Array.from({ length: races }, (_, index) => index + 1))
})

it('leaves a branch that never rests for later, and says when', async () => {
  const never = untilUncontended(
    () => Promise.resolve(CONTENDED),
    'main',
    () => Promise.resolve(),
  )
  await expect(never).rejects.toThrow(RetryLater)
  await expect(never).rejects.toMatchObject({ retryAfterMs: 15_000 })
})
