/** Spans of time as people write them: `90s`, `15m`, `2h`, `1h30m`, `7d`. In milliseconds once read. */

import * as z from 'zod'

const UNIT_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 } as const
const DURATION = /^(?=.)(?:(?<d>[0-9]{1,4})d)?(?:(?<h>[0-9]{1,5})h)?(?:(?<m>[0-9]{1,6})m)?(?:(?<s>[0-9]{1,8})s)?$/u

/** Null where the text is no duration, or none at all. */
export function parseDuration(text: string): number | null {
  const groups = DURATION.exec(text)?.groups
  if (groups === undefined) return null
  let ms = 0
  for (const unit of ['d', 'h', 'm', 's'] as const) ms += Number(groups[unit] ?? 0) * UNIT_MS[unit]
  return ms > 0 ? ms : null
}

/** `1h30m`: what `parseDuration` reads, to the second. */
export function formatDuration(ms: number): string {
  let rest = Math.max(1_000, Math.round(ms / 1_000) * 1_000)
  let text = ''
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const count = Math.floor(rest / UNIT_MS[unit])
    if (count > 0) text += `${count}${unit}`
    rest -= count * UNIT_MS[unit]
  }
  return text
}

export const Duration = z
  .string({ error: 'expected a duration, such as 90s, 15m, 2h, 1h30m or 7d' })
  .max(32)
  .refine((text) => parseDuration(text) !== null, 'expected a duration, such as 90s, 15m, 2h, 1h30m or 7d')
  .transform((text) => parseDuration(text) ?? 0)
