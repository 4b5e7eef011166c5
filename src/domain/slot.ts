/** Times as people write them: `Mon-Thu 09:00-16:00`, `22:00-04:00`, `2026-12-24..2027-01-02`; and whether a time zone is one. */

import { DAYS, type Slot } from './gate.ts'

export function isTimezone(name: string): boolean {
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions()
    return timeZone !== '' && /^[A-Za-z][A-Za-z0-9_+/-]*$/u.test(name)
  } catch {
    return false
  }
}

const HOURS =
  /^(?<fromHour>[01][0-9]|2[0-3]):(?<fromMinute>[0-5][0-9])-(?<toHour>[01][0-9]|2[0-4]):(?<toMinute>[0-5][0-9])$/u
const DATE = '[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])'
const DATES = new RegExp(`^(?<from>${DATE})(?:\\.\\.(?<to>${DATE}))?$`, 'u')

/** Days, dates and hours, each at most once, in any order. */
export function parseSlot(text: string): Slot | null {
  const slot: { days: number[]; hours?: Slot['hours']; dates?: Slot['dates']; text: string } = { days: [], text }
  for (const word of text.trim().split(/\s+/u)) {
    const hours = HOURS.exec(word)?.groups
    const dates = DATES.exec(word)?.groups
    const days = parseDays(word)
    if (hours !== undefined && slot.hours === undefined) {
      const from = Number(hours['fromHour']) * 60 + Number(hours['fromMinute'])
      const to = Number(hours['toHour']) * 60 + Number(hours['toMinute'])
      if (to > 24 * 60 || from === to) return null
      slot.hours = { from, to }
    } else if (dates !== undefined && slot.dates === undefined) {
      const { from = '', to = from } = dates
      if (to < from || !isDate(from) || !isDate(to)) return null
      slot.dates = { from, to }
    } else if (days !== null && slot.days.length === 0) slot.days = days
    else return null
  }
  return slot
}

function isDate(text: string): boolean {
  const at = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text)
}

/** `Mon`, `Mon-Thu`, `Fri-Mon`, `Mon,Wed`. */
function parseDays(word: string): number[] | null {
  const days = new Set<number>()
  for (const part of word.split(',')) {
    const [from, to, ...more] = part
      .split('-')
      .map((name) => DAYS.findIndex((day) => day.toLowerCase() === name.toLowerCase()))
    if (from === undefined || from < 0 || more.length > 0 || (to ?? 0) < 0) return null
    const last = to ?? from
    for (let day = from; ; day = (day + 1) % 7) {
      days.add(day)
      if (day === last) break
    }
  }
  return [...days]
}
