/** What was delivered is not well: it is remembered as refused, and what ran before is put back. */

import type { Answer } from '../domain/answer.ts'
import type { EffectOf, Restoration } from '../domain/effect.ts'
import { formatImage } from '../domain/image.ts'
import type { Line, Refused, StageState } from '../domain/line.ts'
import type { Promotion } from '../domain/promotion.ts'
import type { Stage } from '../domain/subscription.ts'
import { giveUp } from './effects.ts'
import { lookAgain } from './look.ts'
import { takeNext } from './offer.ts'
import { dropEffects, fresh, note, wish, type Turn } from './turn.ts'

/** The oldest refusal is forgotten first: its candidate is older than what runs by then. */
const REFUSED_MAX = 200

export function rememberRefused(state: StageState, refused: Refused): void {
  const others = state.refused.filter(({ candidate }) => candidate !== refused.candidate)
  state.refused = [...others, refused].slice(-REFUSED_MAX)
}

export function fail(
  turn: Turn<Line>,
  stage: Stage,
  state: StageState,
  promotion: Promotion,
  reason: string,
  detail: string,
): void {
  const { candidate } = promotion
  const common = { stage: stage.name, promotion: promotion.id, image: formatImage(candidate.images[0]) }
  note(turn, { ...common, kind: 'failed', reason, detail })
  rememberRefused(state, {
    candidate: candidate.id,
    image: common.image,
    reason: 'failed',
    detail: `${reason}: ${detail}`,
    at: turn.now,
    by: null,
  })
  dropEffects(turn, (effect) => 'promotion' in effect && effect.promotion === promotion.id)
  promotion.phase = 'rolling-back'
  promotion.failure = { reason, detail }
  for (const [target, delivery] of Object.entries(promotion.deliveries)) {
    if (delivery.state !== 'delivered' && delivery.state !== 'well') {
      promotion.deliveries[target] = { state: 'settled', restored: true, detail: 'was not reached' }
      continue
    }
    const back = restoration(state, target)
    if (back === null) {
      const why = 'nothing that was seen running well is known for it, so it stays as it is'
      promotion.deliveries[target] = { state: 'settled', restored: false, detail: why }
      note(turn, { ...common, kind: 'rolled-back', reason: 'nothing-to-restore', detail: `${target}: ${why}` })
      continue
    }
    note(turn, { ...common, kind: 'rolling-back', reason, detail: `${target}: back to ${describeRestoration(back)}` })
    const id = `${promotion.id}/roll-back/${target}`
    wish(turn, { kind: 'roll-back', ...fresh(turn, id), stage: stage.name, target, promotion: promotion.id, to: back })
  }
  finishIfSettled(turn, stage, state, promotion)
}

/**
 * A candidate that was healthy here; or, after our first delivery, exactly what the first look found running well
 * (as written, without a verdict). Null: there is nothing that may be put back.
 */
function restoration(state: StageState, target: string): Restoration | null {
  if (state.current.state === 'candidate') return { kind: 'pinned', image: state.current.candidate.images[0] }
  const look = state.looks[target]
  return state.current.state === 'found' && look !== undefined && look.running !== 'not-well'
    ? { kind: 'restore', image: look.image }
    : null
}

function describeRestoration(back: Restoration): string {
  if (back.kind === 'pinned') return formatImage(back.image)
  return `${back.image}, exactly as the first look found it: it was never verified`
}

export function finishRollback(
  turn: Turn<Line>,
  stage: Stage,
  state: StageState,
  effect: EffectOf<'roll-back'>,
  answer: Answer,
): void {
  const promotion = state.promotion
  if (promotion?.id !== effect.promotion) return
  const common = { stage: stage.name, promotion: promotion.id, image: formatImage(promotion.candidate.images[0]) }
  if (answer.kind === 'delivered') {
    state.holds[effect.target] = [answer.now]
    promotion.deliveries[effect.target] = { state: 'settled', restored: true, detail: `put back to ${answer.now}` }
    note(turn, {
      ...common,
      kind: 'rolled-back',
      reason: 'restored',
      detail: `${effect.target}: ${answer.now} (${answer.reference})`,
      reference: answer.reference,
    })
  } else if (answer.kind === 'failed' && answer.reason === 'moved') {
    promotion.deliveries[effect.target] = { state: 'settled', restored: false, detail: 'somebody moved on' }
    note(turn, {
      ...common,
      kind: 'rolled-back',
      reason: 'moved',
      detail: `${effect.target}: not touched, ${answer.detail}`,
    })
  } else {
    turn.document.effects.push(effect)
    giveUp(
      turn,
      effect,
      answer.kind === 'failed' ? answer.reason : 'unexpected-answer',
      answer.kind === 'failed' ? answer.detail : answer.kind,
    )
    return
  }
  finishIfSettled(turn, stage, state, promotion)
}

/** Where a target could not be put back, what runs there is unknown now. */
function finishIfSettled(turn: Turn<Line>, stage: Stage, state: StageState, promotion: Promotion): void {
  const deliveries = Object.values(promotion.deliveries)
  if (deliveries.some(({ state }) => state !== 'settled')) return
  delete state.promotion
  const isRestored = deliveries.every((delivery) => delivery.state === 'settled' && delivery.restored)
  if (isRestored) return takeNext(turn, stage, state)
  lookAgain(turn, stage, state)
}
