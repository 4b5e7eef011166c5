/** All gates of a stage, asked about one promotion. */

import type { Gate, GateState } from '../../domain/gate.ts'
import { brokenGlassOf, describeBroken } from '../broken-glass.ts'
import { approval } from './approval.ts'
import { budget } from './budget.ts'
import { check } from './check.ts'
import { held, type Facts, type Said } from './gate.ts'
import { hold, pinned } from './hold.ts'
import { soak } from './soak.ts'
import { window } from './window.ts'

/** A pin holds back more than any line of the configuration. A way back passes all of these. */
export function askGates(facts: Facts, now: number): readonly GateState[] {
  if (facts.promotion.purpose === 'rollback') return []
  const broken = brokenGlassOf(facts.stage, facts.promotion, now)
  const skipped = broken && held(`skipped: ${describeBroken(broken)} broke the glass`, broken.until)
  const configured = facts.stage.gates.map((gate) => ({
    gate: nameOf(gate),
    ...(skipped !== null && isAround(gate) ? skipped : ask(gate, facts, now)),
  }))
  return facts.state.pin === undefined ? configured : [{ gate: 'pin', ...pinned(facts) }, ...configured]
}

/** What a break-glass goes around: time alone. People, checks, budgets and holds are asked as ever. */
export function isAround({ kind }: Gate): boolean {
  return kind === 'soak' || kind === 'window'
}

export function nameOf(gate: Gate): string {
  return gate.kind === 'check' ? `check ${gate.name}` : gate.kind
}

function ask(gate: Gate, facts: Facts, now: number): Said {
  switch (gate.kind) {
    case 'soak':
      return soak(gate, facts, now)
    case 'window':
      return window(gate, now)
    case 'approval':
      return approval(gate, facts, now)
    case 'check':
      return check(gate, facts, now)
    case 'budget':
      return budget(gate, facts, now)
    case 'hold':
      return hold(gate)
  }
}
