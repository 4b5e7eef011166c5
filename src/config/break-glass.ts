/** `breakGlass:` of a stage: its shape, and resolved. Who may go around gates is said where the gates are. */

import * as z from 'zod'
import { BREAK_GLASS_EXPIRES_MAX_MS, type BreakGlassRule } from '../domain/break-glass.ts'
import { Duration } from '../domain/duration.ts'
import type { Path } from './problem.ts'
import { refuse, type Reading } from './reading.ts'

const PEOPLE_MAX = 64
const NAME_LENGTH_MAX = 128
const EXPIRES_DEFAULT_MS = 30 * 60_000

export const RawBreakGlass = z.strictObject({
  from: z
    .array(z.string().min(1).max(NAME_LENGTH_MAX))
    .min(2, 'expected at least two people: one asks, and another one confirms')
    .max(PEOPLE_MAX)
    .describe('The people of whom any two may, by the names that tokens and `people:` have for them.'),
  expires: Duration.optional().describe(
    'From the first word on: what is not delivered by then waits for its gates again. At most `24h`, default `30m`.',
  ),
})
export type RawBreakGlass = z.infer<typeof RawBreakGlass>

type Written = { readonly path: Path; readonly raw: RawBreakGlass | undefined }

/** A shared stage says it alone: a subscription may add to what is demanded there, never open a way around it. */
export function resolveBreakGlass(
  reading: Reading,
  own: Written,
  shared: Written | undefined,
): BreakGlassRule | undefined {
  if (own.raw !== undefined && shared !== undefined) {
    const what = `expected it at ${shared.path.join('.')}: who may go around what a shared stage demands is said there`
    refuse(reading, own.path, 'conflict', what)
  }
  const { path, raw } = shared ?? own
  if (raw === undefined) return undefined
  const { from, expires = EXPIRES_DEFAULT_MS } = raw
  if (new Set(from.map((name) => name.toLowerCase())).size < from.length) {
    refuse(reading, [...path, 'from'], 'conflict', 'the same person is named twice, and counts once')
  }
  if (expires > BREAK_GLASS_EXPIRES_MAX_MS) {
    refuse(reading, [...path, 'expires'], 'malformed', 'expected at most 24h')
  }
  return { from, expires }
}
