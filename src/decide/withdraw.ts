/** Ending a promotion that has not arrived: what it wished for is taken back. */

import type { Candidate } from '../domain/candidate.ts'
import { formatImage } from '../domain/image.ts'
import type { Line, StageState } from '../domain/line.ts'
import type { Promotion } from '../domain/promotion.ts'
import { dropEffects, fresh, note, wish, type Turn } from './turn.ts'

type End = 'superseded' | 'withdrawn' | 'rejected'

/** Gives the candidate back, for those who want to offer it again; undefined where nothing was under way. */
export function withdraw(
  turn: Turn<Line>,
  stage: string,
  state: StageState,
  reason: string,
  detail: string,
): Candidate | undefined {
  const promotion = state.promotion
  if (promotion === undefined) return undefined
  end(turn, stage, state, 'withdrawn', reason, detail)
  for (const train of promotion.trains) sendDrop(turn, stage, promotion, train, detail)
  return promotion.candidate
}

/** The newest of what waits already and what is given back. */
export function requeue(state: StageState, candidate: Candidate | undefined): void {
  if (candidate !== undefined && state.next === undefined) state.next = candidate
}

/** Ends without telling the trains: the next carry, or their own word, has told them. */
export function end(
  turn: Turn<Line>,
  stage: string,
  state: StageState,
  kind: End,
  reason: string,
  detail: string,
): void {
  const promotion = state.promotion
  if (promotion === undefined) return
  rememberUnanswered(turn, state, promotion)
  dropEffects(turn, (effect) => 'promotion' in effect && effect.promotion === promotion.id)
  delete state.promotion
  note(turn, {
    kind,
    reason,
    detail,
    stage,
    promotion: promotion.id,
    image: formatImage(promotion.candidate.images[0]),
  })
}

/** What was begun and not answered may have arrived, and a person may have merged what was proposed: the target may hold it. */
function rememberUnanswered(turn: Turn<Line>, state: StageState, promotion: Promotion): void {
  const begun = turn.document.effects.filter(
    (effect) => effect.kind === 'deliver' && effect.promotion === promotion.id && effect.attempt > 0,
  )
  const targets = new Set(begun.map((effect) => ('target' in effect ? effect.target : '')))
  for (const [target, { state }] of Object.entries(promotion.deliveries)) {
    if (state === 'proposed') targets.add(target)
  }
  for (const target of targets) {
    const held = state.holds[target]
    if (held !== undefined) state.holds[target] = [formatImage(promotion.candidate.images[0]), ...held]
  }
}

export function sendDrop(turn: Turn<Line>, stage: string, promotion: Promotion, train: string, why: string): void {
  forgetMail(turn, train)
  turn.document.fence += 1
  wish(turn, {
    kind: 'send',
    ...fresh(turn, `${promotion.id}/drop/${train}`),
    to: train,
    message: { kind: 'drop', order: turn.document.fence, line: turn.document.id, stage, promotion: promotion.id, why },
  })
}

/** An older message to the same train that nobody has sent yet is not worth sending. */
export function forgetMail(turn: Turn<Line>, train: string): void {
  dropEffects(turn, (effect) => effect.kind === 'send' && effect.to === train && effect.lease === undefined)
}
