/** A line that no configuration asks for any more: it stays for its history and its refusals, and wishes for nothing. */

import type { Line } from '../domain/line.ts'
import { formatImages } from '../domain/release.ts'
import { forgetLooks } from './look.ts'
import { dropEffects, note, type Turn } from './turn.ts'
import type { Input } from './index.ts'

/** What its trains carry they put down themselves: they know the configuration too. */
export function retire(turn: Omit<Turn<Line>, 'rules'>, config: string, input: Input): void {
  const line = turn.document
  const detail = 'its subscription is no longer in the configuration'
  line.config = config
  line.alarm = null
  for (const [stage, state] of Object.entries(line.stages)) {
    const { promotion } = state
    if (promotion !== undefined) {
      const image = formatImages(promotion.candidate)
      note(turn, { kind: 'withdrawn', reason: 'subscription-removed', detail, stage, promotion: promotion.id, image })
    }
    delete state.promotion
    delete state.next
    delete state.shadow
    forgetLooks(turn, stage, state, [])
  }
  dropEffects(turn, () => true)
  if (input.kind === 'offer') note(turn, { kind: 'ignored', reason: 'subscription-removed', detail })
}
