/** Budget: at most so many changes of a stage within a span of time. */

import { formatDuration } from '../../domain/duration.ts'
import type { BudgetGate } from '../../domain/gate.ts'
import { describeInstant, held, waiting, type Facts, type Said } from './gate.ts'

export function budget({ changes, per }: BudgetGate, { state }: Facts, now: number): Said {
  const recent = state.changes.filter((at) => at > now - per)
  const text = `${recent.length} of ${changes} changes within ${formatDuration(per)}`
  if (recent.length < changes) return held(text)
  const oldest = recent[recent.length - changes] ?? now
  return waiting(`${text}: the next from ${describeInstant(oldest + per)}`, oldest + per)
}
