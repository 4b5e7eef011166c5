/** All gates of a stage, asked about one promotion. */

import type { Gate, GateState } from '../../domain/gate.ts'
import { approval } from './approval.ts'
import { budget } from './budget.ts'
import { check } from './check.ts'
import type { Facts, Said } from './gate.ts'
import { hold, pinned } from './hold.ts'
import { soak } from './soak.ts'
import { window } from './window.ts'

/** A pin holds back more than any line of the configuration. A way back passes all of these. */
export function askGates(facts: Facts, now: number): readonly GateState[] {
  if (facts.promotion.purpose === 'rollback') return []
  const configured = facts.stage.gates.map((gate) => ({ gate: nameOf(gate), ...ask(gate, facts, now) }))
  return facts.state.pin === undefined ? configured : [{ gate: 'pin', ...pinned(facts) }, ...configured]
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
