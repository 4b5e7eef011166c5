/** The hours in which nobody is disturbed by what can wait. Read as a window that is closed then. */

import * as z from 'zod'
import type { WindowGate } from './gate.ts'
import { isTimezone, parseSlot } from './slot.ts'

const LIST_MAX = 64
const TEXT_LENGTH_MAX = 1_024
const EXPECTED = 'expected times, such as "20:00-07:00", "Sat,Sun" or "2026-12-24..2027-01-02", or a list of them'

const Hours = z
  .string({ error: EXPECTED })
  .max(TEXT_LENGTH_MAX)
  .refine((text) => parseSlot(text) !== null, EXPECTED)

export const Quiet = z.strictObject({
  hours: z
    .union([Hours, z.array(Hours).min(1).max(LIST_MAX)], { error: EXPECTED })
    .describe('When it is quiet: `20:00-07:00`, `Sat,Sun`, `2026-12-24..2027-01-02`, or a list of them.'),
  timezone: z
    .string()
    .max(128)
    .refine(isTimezone, 'expected a time zone, such as Europe/Berlin')
    .default('UTC')
    .describe('Whose clock counts: `Europe/Berlin`.'),
})
export type Quiet = Readonly<z.infer<typeof Quiet>>

const windows = new WeakMap<Quiet, WindowGate>()

/** Open when nobody minds. */
export function windowOf(quiet: Quiet): WindowGate {
  const known = windows.get(quiet)
  if (known !== undefined) return known
  const deny = [quiet.hours].flat().flatMap((text) => parseSlot(text) ?? [])
  const window: WindowGate = { kind: 'window', allow: [], deny, timezone: quiet.timezone }
  windows.set(quiet, window)
  return window
}
