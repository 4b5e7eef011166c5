/** `gates:` resolved: times as slots of the week and the calendar, defaults filled in. */

import type { Gate, Slot } from '../domain/gate.ts'
import { isTimezone, parseSlot } from '../domain/slot.ts'
import type { RawGate } from './gates-schema.ts'
import type { Path } from './problem.ts'
import { quotedName, refuse, type Reading } from './reading.ts'

const HOUR_MS = 3_600_000
const EXPIRES_DEFAULT_MS = 24 * HOUR_MS
const EVERY_DEFAULT_MS = 30_000
const EVERY_MIN_MS = 5_000

export { parseSlot } from '../domain/slot.ts'

/** What a shared stage demands comes first, and stays. */
export function resolveGates(
  reading: Reading,
  written: readonly { readonly path: Path; readonly raw: readonly RawGate[] | undefined }[],
): Gate[] {
  const gates = written.flatMap(({ path, raw = [] }) =>
    raw.map((one, index) => ({ path: [...path, index], gate: gateOf(reading, [...path, index], one) })),
  )
  const names = new Set<string>()
  for (const { path, gate } of gates) {
    if (gate.kind !== 'check') continue
    if (names.has(gate.name)) refuse(reading, [...path, 'check'], 'conflict', `two checks are called ${gate.name}`)
    names.add(gate.name)
  }
  return gates.map(({ gate }) => gate)
}

function gateOf(reading: Reading, path: Path, raw: RawGate): Gate {
  if ('soak' in raw) return { kind: 'soak', ms: raw.soak }
  if ('hold' in raw) return { kind: 'hold', reason: raw.hold }
  if ('budget' in raw) return { kind: 'budget', changes: raw.budget.changes, per: raw.budget.per ?? HOUR_MS }
  if ('window' in raw) return windowOf(reading, [...path, 'window'], raw.window)
  if ('approval' in raw) return approvalOf(reading, [...path, 'approval'], raw.approval)
  return checkOf(reading, [...path, 'check'], raw.check)
}

type Raw<K extends string> = Extract<RawGate, Record<K, unknown>>[K & keyof Extract<RawGate, Record<K, unknown>>]

function windowOf(reading: Reading, path: Path, { allow, deny, timezone = 'UTC' }: Raw<'window'>): Gate {
  if (allow === undefined && deny === undefined) refuse(reading, path, 'missing', 'expected allow: or deny:')
  if (!isTimezone(timezone)) {
    refuse(
      reading,
      [...path, 'timezone'],
      'malformed',
      `expected a time zone, such as Europe/Berlin, found ${quotedName(timezone)}`,
    )
  }
  const slots = (key: 'allow' | 'deny', texts: string | string[] | undefined): Slot[] =>
    (texts === undefined ? [] : [texts].flat()).flatMap((text) => {
      const slot = parseSlot(text)
      if (slot === null)
        refuse(
          reading,
          [...path, key],
          'malformed',
          `expected times, such as Mon-Thu 09:00-16:00, Sat, 22:00-04:00 or 2026-12-24..2027-01-02, found ${quotedName(text)}`,
        )
      return slot ?? []
    })
  return { kind: 'window', allow: slots('allow', allow), deny: slots('deny', deny), timezone }
}

function approvalOf(reading: Reading, path: Path, raw: Raw<'approval'>): Gate {
  const { from, votes = 1, atLeast = [], otherWays = 0, expires = EXPIRES_DEFAULT_MS, slack } = raw
  if (otherWays > votes) {
    refuse(
      reading,
      [...path, 'otherWays'],
      'conflict',
      `expected at most ${votes}, as many as there are votes, found ${otherWays}`,
    )
  }
  const groups = atLeast.map((one) => ({ from: one.from, votes: one.votes ?? 1 }))
  const most = groups.find((one) => one.votes > votes)
  if (most !== undefined) {
    refuse(
      reading,
      [...path, 'atLeast'],
      'conflict',
      `expected at most ${votes} of the votes from one group, found ${most.votes}`,
    )
  }
  return {
    kind: 'approval',
    from,
    votes,
    atLeast: groups,
    otherWays,
    expires,
    ...(slack === undefined ? {} : { slack }),
  }
}

function checkOf(reading: Reading, path: Path, raw: Raw<'check'>): Gate {
  const { name, every = EVERY_DEFAULT_MS, within = HOUR_MS } = raw
  if (every < EVERY_MIN_MS) refuse(reading, [...path, 'every'], 'malformed', 'expected at least 5s')
  const common = { kind: 'check', name, every, within } as const
  if ('http' in raw) return { ...common, how: { by: 'http', url: raw.http, status: raw.status ?? 200 } }
  if ('prometheus' in raw) {
    const [, is = '==', value = '0'] = /^(<=|>=|==|<|>) ?(.*)$/u.exec(raw.is) ?? []
    return {
      ...common,
      how: { by: 'prometheus', url: raw.prometheus, query: raw.query, is: is as '<', value: Number(value) },
    }
  }
  if ('github' in raw) {
    const repository = raw.github === 'source' ? null : raw.github
    return { ...common, how: { by: 'github', repository, check: raw.check } }
  }
  return { ...common, how: { by: 'report' } }
}
