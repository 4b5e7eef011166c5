/** A line that no configuration asks for any more: it stays for its history and its refusals, and only takes its word back. */

import type { Line } from '../domain/line.ts'
import { formatImages } from '../domain/release.ts'
import { claim, settle } from './effects.ts'
import { forgetLooks } from './look.ts'
import { dropEffects, note, type Turn } from './turn.ts'
import type { Input } from './index.ts'
import { sendDrop } from './withdraw.ts'

/** A train that is at work just then hears of the configuration later, when it may name the subscription again: so it is told. */
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
      for (const train of promotion.trains) sendDrop(turn, stage, promotion, train, detail)
    }
    delete state.promotion
    delete state.next
    delete state.shadow
    forgetLooks(turn, stage, state, [])
  }
  dropEffects(turn, (effect) => effect.kind !== 'send' || effect.message.kind !== 'drop')
  if (input.kind === 'claim') claim(turn, input.effects, input.until)
  if (input.kind === 'answer') settle(turn, input.effect, input.fence, input.answer)
  if (input.kind === 'offer') note(turn, { kind: 'ignored', reason: 'subscription-removed', detail })
}
