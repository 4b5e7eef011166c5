/** A line's effects are claimed: an act only while its grounds still hold. */

import type { Line } from '../domain/line.ts'
import { claim, isDue } from './effects.ts'
import { affirm } from './proceed.ts'
import type { Turn } from './turn.ts'

/** Whatever is not taken is back before its gates, and comes again from there. */
export function claimOfLine(turn: Turn<Line>, ids: readonly string[], until: number): void {
  for (const stage of turn.rules.subscription.stages) {
    const state = turn.document.stages[stage.name]
    const { promotion } = state ?? {}
    if (state === undefined || promotion?.phase !== 'delivering') continue
    const isAct = turn.document.effects.some(
      (effect) =>
        (effect.kind === 'deliver' || effect.kind === 'preview') &&
        effect.promotion === promotion.id &&
        ids.includes(effect.id) &&
        isDue(effect, turn.now),
    )
    if (isAct) affirm(turn, stage, state, promotion)
  }
  claim(turn, ids, until)
}
