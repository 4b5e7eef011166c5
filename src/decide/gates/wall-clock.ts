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
