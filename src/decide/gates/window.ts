/** Window: the times at which a stage may change. A denial wins over a permission; what opens again takes the newest. */

import type { Slot, WindowGate } from '../../domain/gate.ts'
import { describeInstant, held, waiting, type Said } from './gate.ts'
import { dayBefore, dayOf, instantsOf, wallTime, type WallTime } from './wall-clock.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
/** So far ahead an opening is looked for; what is further away is asked for again each day. */
const AHEAD_DAYS = 35

/** Asked at each decision about a line, and the answer is the same for a whole minute. */
const answers = new WeakMap<WindowGate, { readonly minute: number; readonly said: Said }>()

export function window(gate: WindowGate, now: number): Said {
  const minute = Math.floor(now / MINUTE_MS) * MINUTE_MS
  const known = answers.get(gate)
  if (known?.minute === minute) return known.said
  const said = answer(gate, minute)
  answers.set(gate, { minute, said })
  return said
}

function answer(gate: WindowGate, minute: number): Said {
  const { timezone } = gate
  const isOpen = (at: number): boolean => whyClosed(gate, at) === null
  const why = whyClosed(gate, minute)
  if (why === null) {
    const closes = firstWhere((at) => !isOpen(at), gate, minute, 1)
    return held(`the window is open (${timezone})`, closes ?? minute + DAY_MS)
  }
  const opens = firstWhere(isOpen, gate, minute, AHEAD_DAYS)
  if (opens === null) return waiting(`${why} (${timezone}), and no opening is near`, minute + DAY_MS)
  return waiting(`${why} (${timezone}); opens ${describeInstant(opens)}`, opens)
}

/** When it opens; null: it is open. */
export function closedUntil(gate: WindowGate, now: number): number | null {
  const { state, until } = window(gate, now)
  return state === 'held' ? null : (until ?? now)
}

/** Null: it is open. */
function whyClosed({ allow, deny, timezone }: WindowGate, at: number): string | null {
  const wall = wallTime(at, timezone)
  const denied = deny.find((slot) => isWithin(slot, wall))
  if (denied !== undefined) return `closed: ${denied.text} is denied`
  if (allow.length === 0 || allow.some((slot) => isWithin(slot, wall))) return null
  return `outside of ${allow.map(({ text }) => text).join(', ')}`
}

/** A slot over midnight belongs to the day on which it starts. */
function isWithin({ days, hours, dates }: Slot, { date, minute }: WallTime): boolean {
  const isOn = (one: string): boolean =>
    (days.length === 0 || days.includes(dayOf(one))) && (dates === undefined || (one >= dates.from && one <= dates.to))
  if (hours === undefined) return isOn(date)
  const { from, to } = hours
  if (to > from) return isOn(date) && minute >= from && minute < to
  return (isOn(date) && minute >= from) || (isOn(dayBefore(date)) && minute < to)
}

/** The first instant after `from` at which it holds. It can change only where a slot begins or ends, or the clocks do. */
function firstWhere(holds: (at: number) => boolean, gate: WindowGate, from: number, days: number): number | null {
  const minutes = boundariesOf(gate)
  for (let day = 0; day <= days; day += 1) {
    const { date } = wallTime(from + day * DAY_MS, gate.timezone)
    const instants = minutes.flatMap((minute) => instantsOf(date, minute, gate.timezone))
    const found = [...new Set(instants)].toSorted((a, b) => a - b).find((at) => at > from && holds(at))
    if (found !== undefined) return found
  }
  return null
}

function boundariesOf({ allow, deny }: WindowGate): readonly number[] {
  return [
    ...new Set([0, ...[...allow, ...deny].flatMap(({ hours }) => (hours === undefined ? [] : [hours.from, hours.to]))]),
  ]
}
