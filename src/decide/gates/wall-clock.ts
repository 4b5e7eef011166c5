/** What a clock on the wall shows in a time zone: its rules come with the platform, so summer and winter time are right. */

export type WallTime = {
  /** `2026-03-29`. */
  readonly date: string
  /** 0 is Sunday. */
  readonly day: number
  /** From midnight. */
  readonly minute: number
}

const formats = new Map<string, Intl.DateTimeFormat>()

export function wallTime(at: number, timezone: string): WallTime {
  const parts: Record<string, string> = {}
  for (const { type, value } of formatOf(timezone).formatToParts(at)) parts[type] = value
  const date = `${parts['year']}-${parts['month']}-${parts['day']}`
  return { date, day: dayOf(date), minute: Number(parts['hour']) * 60 + Number(parts['minute']) }
}

const MINUTE_MS = 60_000
const HALF_DAY_MS = 12 * 60 * MINUTE_MS

/**
 * When the clock shows this: once; never, in the hour that spring leaves out, where it is when the clocks change; twice in
 * autumn, and then that change is among them too.
 */
export function instantsOf(date: string, minute: number, timezone: string): readonly number[] {
  const wall = Date.parse(`${date}T00:00:00Z`) + minute * MINUTE_MS
  const before = offsetAt(wall - HALF_DAY_MS, timezone)
  const after = offsetAt(wall + HALF_DAY_MS, timezone)
  if (before === after) return [wall - before]
  return [wall - before, wall - after, changeBetween(wall - HALF_DAY_MS, wall + HALF_DAY_MS, timezone)]
}

function offsetAt(at: number, timezone: string): number {
  const { date, minute } = wallTime(at, timezone)
  return Date.parse(`${date}T00:00:00Z`) + minute * MINUTE_MS - Math.floor(at / MINUTE_MS) * MINUTE_MS
}

/** The first minute with the later offset. */
function changeBetween(from: number, to: number, timezone: string): number {
  const later = offsetAt(to, timezone)
  let [low, high] = [Math.floor(from / MINUTE_MS), Math.floor(to / MINUTE_MS)]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (offsetAt(middle * MINUTE_MS, timezone) === later) high = middle
    else low = middle
  }
  return high * MINUTE_MS
}

export function dayOf(date: string): number {
  return new Date(`${date}T00:00:00Z`).getUTCDay()
}

export function dayBefore(date: string): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10)
}

function formatOf(timezone: string): Intl.DateTimeFormat {
  const known = formats.get(timezone)
  if (known !== undefined) return known
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  })
  formats.set(timezone, format)
  return format
}
