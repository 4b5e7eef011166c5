/** What happened in one schedule: its trace, the faults that were injected, and what broke. */

import type { Clock } from './clock.ts'

export type Chronicle = {
  /** A line of the trace, made only where somebody reads it. */
  say(line: () => string): void
  fault(kind: string): void
  /** Counts as one check; what does not hold ends the schedule. */
  check(holds: boolean, what: () => string): void
  readonly trace: string[]
  readonly faults: Map<string, number>
  readonly violations: string[]
  checks(): number
}

export function createChronicle(clockOf: () => Clock, isTraced: boolean): Chronicle {
  const trace: string[] = []
  const faults = new Map<string, number>()
  const violations: string[] = []
  let checks = 0
  let start: number | null = null
  const at = (): string => {
    start ??= clockOf().now()
    return ((clockOf().now() - start) / 1_000).toFixed(3).padStart(10)
  }
  return {
    trace,
    faults,
    violations,
    checks: () => checks,
    say(line) {
      if (isTraced) trace.push(`${at()} ${line()}`)
    },
    fault(kind) {
      faults.set(kind, (faults.get(kind) ?? 0) + 1)
    },
    check(holds, what) {
      checks += 1
      if (holds) return
      violations.push(what())
      if (isTraced) trace.push(`${at()} BROKEN: ${what()}`)
    },
  }
}
