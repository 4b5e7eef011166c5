/** What was delivered is not well, or not wanted: it is remembered as refused, and what ran before is put back. */

import type { Answer } from '../domain/answer.ts'
import type { EffectOf, Restoration } from '../domain/effect.ts'
import { formatImage, parseImageReference } from '../domain/image.ts'
import type { Line, StageState } from '../domain/line.ts'
import type { Promotion } from '../domain/promotion.ts'
import { formatImages } from '../domain/release.ts'
import type { Stage } from '../domain/subscription.ts'
import { stuck } from './effects.ts'
import { lookAgain } from './look.ts'
import { refusedCandidate, rememberRefused } from './refuse.ts'
import { dropEffects, fresh, note, wish, type Turn } from './turn.ts'
import { backPolicyOf } from './terms.ts'
import { wishVerify } from './wish-verify.ts'
import { rememberUnanswered, sendDrop, withdraw } from './withdraw.ts'

/** A registry that is slow at night is waited for; what is not proven by then stays as it is. */
const BACK_PROVEN_MS = 10 * 60_000
const BACK_AGAIN_MS = 15_000

export type Failure = {
  readonly reason: string
  readonly detail: string
  readonly as: 'failed' | 'rejected'
  /** The person who said so. */
  readonly by: string | null
}

export function fail(turn: Turn<Line>, stage: Stage, state: StageState, failure: Failure): void {
  const { promotion } = state
  if (promotion === undefined) return
  const { reason, detail, as, by } = failure
  const common = { stage: stage.name, promotion: promotion.id, image: formatImages(promotion.candidate) }
  note(turn, { ...common, kind: as, reason, detail, ...(by === null ? {} : { by }) })
  const refused = { reason: as, detail: `${reason}: ${detail}`, at: turn.now, by }
  rememberRefused(state, { ...refusedCandidate(promotion.candidate), ...refused })
  const mayArrive = rememberUnanswered(turn, state, promotion)
  // Its message stays: with its end, or while its answer is under way.
  dropEffects(turn, (effect) => effect.kind !== 'show' && 'promotion' in effect && effect.promotion === promotion.id)
  for (const train of promotion.trains) sendDrop(turn, stage.name, promotion, train, detail)
  promotion.phase = 'rolling-back'
  promotion.failure = { reason, detail }
  for (const [target, delivery] of Object.entries(promotion.deliveries)) {
    if (delivery.state === 'delivered' || delivery.state === 'well') continue
    promotion.deliveries[target] = { state: 'settled', restored: !mayArrive, detail: 'was not reached' }
  }
  if (needsProof(stage, state)) {
    promotion.provenBy = turn.now + BACK_PROVEN_MS
    wishVerify(turn, stage, promotion)
  } else putAllBack(turn, stage, state, promotion)
  finishIfSettled(turn, stage, state, promotion)
}

/** What we delivered ourselves is asked for its signature again, also at night; its scans and its age are not. */
function needsProof(stage: Stage, state: StageState): boolean {
  return backPolicyOf(stage) !== null && state.current.state === 'candidate'
}

/** Whether the way back may be gone: what ran before is still signed by whom the policy names. */
export function provenBack(
  turn: Turn<Line>,
  stage: Stage,
  state: StageState,
  effect: EffectOf<'verify'>,
  answer: Answer,
): void {
  const { promotion } = state
  if (promotion?.id !== effect.promotion) return
  if (answer.kind !== 'verdict' && backPolicyOf(stage) !== null) return stuck(turn, effect, answer)
  const said = answer.kind === 'verdict' ? answer.verdict : null
  if (said?.state === 'undecided' && turn.now < (promotion.provenBy ?? 0)) {
    return wishVerify(turn, stage, promotion, BACK_AGAIN_MS)
  }
  if (said === null || said.state === 'trusted') putAllBack(turn, stage, state, promotion)
  else leaveAll(turn, stage, promotion, said.outcomes.map(({ rule, detail }) => `${rule}: ${detail}`).join('; '))
  finishIfSettled(turn, stage, state, promotion)
}

/** Nothing that may be put back is proven: it stays as it is, and a person has to know. */
function leaveAll(turn: Turn<Line>, stage: Stage, promotion: Promotion, why: string): void {
  const detail = `what ran before is not proven any more, so it stays as it is: ${why}`
  for (const [target, { state }] of Object.entries(promotion.deliveries)) {
    if (state !== 'settled') promotion.deliveries[target] = { state: 'settled', restored: false, detail }
  }
  const common = { stage: stage.name, promotion: promotion.id, image: formatImages(promotion.candidate) }
  note(turn, { ...common, kind: 'rolled-back', reason: 'not-proven', detail })
}

function putAllBack(turn: Turn<Line>, stage: Stage, state: StageState, promotion: Promotion): void {
  for (const [target, delivery] of Object.entries(promotion.deliveries)) {
    if (delivery.state !== 'settled') putBack(turn, stage, state, promotion, target)
  }
}

function putBack(turn: Turn<Line>, stage: Stage, state: StageState, promotion: Promotion, target: string): void {
  const common = { stage: stage.name, promotion: promotion.id, image: formatImages(promotion.candidate) }
  const back = restoration(state, target)
  if (back === null) {
    const why = 'nothing that was seen running well is known for it, so it stays as it is'
    promotion.deliveries[target] = { state: 'settled', restored: false, detail: why }
    note(turn, { ...common, kind: 'rolled-back', reason: 'nothing-to-restore', detail: `${target}: ${why}` })
    return
  }
  const reason = promotion.failure?.reason ?? 'failed'
  note(turn, { ...common, kind: 'rolling-back', reason, detail: `${target}: back to ${describeRestoration(back)}` })
  const id = `${promotion.id}/roll-back/${target}`
  const place = { stage: stage.name, target, promotion: promotion.id, expected: state.holds[target] ?? [] }
  wish(turn, { kind: 'roll-back', ...fresh(turn, id), ...place, to: back })
}

/**
 * A candidate that was healthy here; or, after our first delivery, exactly what the first look found running well
 * (as written, without a verdict). Null: there is nothing that may be put back.
 */
function restoration(state: StageState, target: string): Restoration | null {
  if (state.current.state === 'candidate') {
    const { candidate } = state.current
    // A person rolled it back, and the way back failed: it does not come again by that.
    const isBad = state.refused.some((refused) => refused.candidate === candidate.id)
    return isBad ? null : { kind: 'pinned', image: candidate.images[0] }
  }
  const look = state.looks[target]
  if (state.current.state !== 'found' || look?.running !== 'well' || isRefused(state, look.image)) return null
  return { kind: 'restore', image: look.image }
}

function isRefused(state: StageState, written: string): boolean {
  const image = parseImageReference(written)
  return image.ok && state.refused.some(({ image: refused }) => refused === formatImage(image.value))
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
  const common = { stage: stage.name, promotion: promotion.id, image: formatImages(promotion.candidate) }
  if (answer.kind === 'delivered') {
    const { now, reference } = answer
    state.holds[effect.target] = [now]
    promotion.deliveries[effect.target] = { state: 'settled', restored: true, detail: `put back to ${now}` }
    const detail = `${effect.target}: ${now} (${reference})`
    note(turn, { ...common, kind: 'rolled-back', reason: 'restored', detail, reference })
  } else if (answer.kind === 'failed' && answer.reason === 'moved') {
    promotion.deliveries[effect.target] = { state: 'settled', restored: false, detail: 'somebody moved on' }
    const detail = `${effect.target}: not touched, ${answer.detail}`
    note(turn, { ...common, kind: 'rolled-back', reason: 'moved', detail })
  } else {
    return stuck(turn, effect, answer)
  }
  finishIfSettled(turn, stage, state, promotion)
}

/** Where a target could not be put back, what runs there is unknown now. */
function finishIfSettled(turn: Turn<Line>, stage: Stage, state: StageState, promotion: Promotion): void {
  const deliveries = Object.values(promotion.deliveries)
  if (deliveries.some(({ state }) => state !== 'settled')) return
  delete state.promotion
  const isRestored = deliveries.every((delivery) => delivery.state === 'settled' && delivery.restored)
  if (!isRestored) lookAgain(turn, stage, state)
}

/**
 * Somebody changed the target: we stop, look, and count what is there from now on. What met a person's hand does not
 * come again by itself, else the same push, told twice, would undo what they did.
 */
export function stopForSomebody(turn: Turn<Line>, stage: Stage, state: StageState, detail: string): void {
  const candidate = withdraw(turn, stage.name, state, 'moved', detail)
  if (candidate !== undefined && turn.rules.mode === 'act') {
    rememberRefused(state, { ...refusedCandidate(candidate), reason: 'moved', detail, at: turn.now, by: null })
  }
  lookAgain(turn, stage, state)
}
