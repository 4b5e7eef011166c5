/** What many schedules came to. */

import type { Outcome } from './simulate.ts'

export type Broken = { readonly seed: number; readonly violation: string }

export type Tally = {
  readonly schedules: number
  readonly steps: number
  readonly writes: number
  readonly checks: number
  readonly simulatedMs: number
  /** How often each kind was injected. */
  readonly faults: ReadonlyMap<string, number>
  readonly broken: readonly Broken[]
}

export const NOTHING: Tally = {
  schedules: 0,
  steps: 0,
  writes: 0,
  checks: 0,
  simulatedMs: 0,
  faults: new Map(),
  broken: [],
}

export function tallyOf({ seed, violations, steps, writes, checks, simulatedMs, faults }: Outcome): Tally {
  const [violation] = violations
  const broken = violation === undefined ? [] : [{ seed, violation }]
  return { schedules: 1, steps, writes, checks, simulatedMs, faults, broken }
}

export function sum(a: Tally, b: Tally): Tally {
  const faults = new Map(a.faults)
  for (const [kind, count] of b.faults) faults.set(kind, (faults.get(kind) ?? 0) + count)
  return {
    schedules: a.schedules + b.schedules,
    steps: a.steps + b.steps,
    writes: a.writes + b.writes,
    checks: a.checks + b.checks,
    simulatedMs: a.simulatedMs + b.simulatedMs,
    faults,
    broken: [...a.broken, ...b.broken].toSorted((one, other) => one.seed - other.seed),
  }
}
