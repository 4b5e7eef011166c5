/** Answers worked into a line: looked, delivered, well or not. */

import type { Answer } from '../domain/answer.ts'
import type { Effect, EffectOf } from '../domain/effect.ts'
import { formatImage, parseImageReference } from '../domain/image.ts'
import type { Line, StageState } from '../domain/line.ts'
import type { Promotion } from '../domain/promotion.ts'
import type { Stage } from '../domain/subscription.ts'
import { giveUp } from './effects.ts'
import { lookAgain } from './look.ts'
import { offerDownstream, offerFromUpstream, takeNext } from './offer.ts'
import { fail, finishRollback } from './rollback.ts'
import { fresh, note, wish, type Turn } from './turn.ts'
import { withdraw } from './withdraw.ts'

/** Later than any rollout's own deadline (Kubernetes: ten minutes unless the workload says otherwise). */
const HEALTH_TIMEOUT_MS = 30 * 60_000
const HEALTH_POLL_FIRST_MS = 1_000
const HEALTH_POLL_LATER_MS = 10_000
const HEALTH_POLL_FIRST_FOR_MS = 60_000
/** A diff in the history is for reading, not for applying. */
export const DIFF_LENGTH_MAX = 4_096

export function answerLine(turn: Turn<Line>, effect: Effect, answer: Answer): void {
  if (!('stage' in effect)) return
  const state = turn.document.stages[effect.stage]
  const stage = turn.rules.subscription.stages.find(({ name }) => name === effect.stage)
  if (state === undefined || stage === undefined) return
  switch (effect.kind) {
    case 'observe':
      return looked(turn, stage, state, effect, answer)
    case 'deliver':
    case 'preview':
      return delivered(turn, stage, state, effect, answer)
    case 'check-health':
      return checked(turn, stage, state, effect, answer)
    case 'roll-back':
      return finishRollback(turn, stage, state, effect, answer)
  }
}

function looked(turn: Turn<Line>, stage: Stage, state: StageState, effect: EffectOf<'observe'>, answer: Answer): void {
  if (answer.kind !== 'found') return stuck(turn, effect, answer)
  state.looks[effect.target] = { image: answer.image, running: answer.running }
  state.holds[effect.target] = [answer.image]
  if (Object.keys(state.looks).length < stage.targets.length) return
  concludeLook(turn, stage, state)
}

/** The newest that counts is the lower bound; what does not count is only shown. */
function concludeLook(turn: Turn<Line>, stage: Stage, state: StageState): void {
  const found = Object.values(state.looks).map((look) => {
    const image = parseImageReference(look.image)
    const tag = image.ok ? image.value.tag : null
    const counts = tag !== null && turn.rules.compare(tag, tag) !== null
    return { written: look.image, tag, digest: image.ok ? image.value.digest : null, counts }
  })
  const counted = found.filter(({ counts }) => counts)
  const newest =
    counted.toSorted((a, b) => (a.tag !== null && b.tag !== null ? (turn.rules.compare(b.tag, a.tag) ?? 0) : 0))[0] ??
    found[0]
  if (newest === undefined) return
  const { tag, digest, counts, written } = newest
  state.current = { state: 'found', tag, digest, counts }
  const detail = counts
    ? `runs ${written}: the lower bound`
    : `runs ${written}, which the tag filter does not count: no bound`
  note(turn, {
    kind: 'observed',
    reason: counts ? 'counts' : 'does-not-count',
    detail,
    stage: stage.name,
    image: written,
  })
  takeNext(turn, stage, state)
  if (state.promotion === undefined) offerFromUpstream(turn, stage)
}

function delivered(
  turn: Turn<Line>,
  stage: Stage,
  state: StageState,
  effect: EffectOf<'deliver' | 'preview'>,
  answer: Answer,
): void {
  const promotion = state.promotion
  if (promotion?.id !== effect.promotion) return
  if (answer.kind === 'failed' && answer.reason === 'moved') return movedByHand(turn, stage, state, answer)
  if (answer.kind !== 'delivered') return stuck(turn, effect, answer)
  if (effect.kind === 'preview') return previewed(turn, stage, state, promotion, effect, answer)
  arrive(turn, stage, state, promotion, [effect.target], { ...answer, by: undefined })
}

type Arrival = {
  readonly reference: string
  readonly now: string
  readonly status: 'changed' | 'unchanged'
  readonly by: string | undefined
}

export function arrive(
  turn: Turn<Line>,
  stage: Stage,
  state: StageState,
  promotion: Promotion,
  targets: readonly string[],
  arrival: Arrival,
): void {
  for (const target of targets) {
    state.holds[target] = [arrival.now]
    promotion.deliveries[target] = { state: 'delivered', reference: arrival.reference, now: arrival.now }
    note(turn, {
      kind: 'delivered',
      reason: arrival.status,
      detail: `${target}: ${arrival.now} (${arrival.reference})`,
      stage: stage.name,
      promotion: promotion.id,
      image: formatImage(promotion.candidate.images[0]),
      reference: arrival.reference,
      ...(arrival.by === undefined ? {} : { by: arrival.by }),
    })
  }
  if (Object.values(promotion.deliveries).some(({ state }) => state !== 'delivered')) return
  promotion.phase = 'observing'
  for (const target of Object.keys(promotion.deliveries)) {
    const id = `${promotion.id}/check-health/${target}`
    const until = turn.now + HEALTH_TIMEOUT_MS
    wish(turn, { kind: 'check-health', ...fresh(turn, id), stage: stage.name, target, promotion: promotion.id, until })
  }
}

function previewed(
  turn: Turn<Line>,
  stage: Stage,
  state: StageState,
  promotion: Promotion,
  effect: EffectOf<'deliver' | 'preview'>,
  answer: Extract<Answer, { kind: 'delivered' }>,
): void {
  promotion.deliveries[effect.target] = { state: 'previewed' }
  const common = { stage: stage.name, promotion: promotion.id, image: formatImage(promotion.candidate.images[0]) }
  const detail =
    `${effect.target}: would write ${answer.now}\n${(answer.diff ?? '').slice(0, DIFF_LENGTH_MAX)}`.trimEnd()
  note(turn, { ...common, kind: 'would-deliver', reason: 'observe-mode', detail })
  if (Object.values(promotion.deliveries).some(({ state }) => state !== 'previewed')) return
  state.shadow = promotion.candidate
  delete state.promotion
  offerDownstream(turn, stage, promotion.candidate.id)
  takeNext(turn, stage, state)
}

/** A person's hand, or something newer: we stop, look, and count what is there from now on. */
function movedByHand(
  turn: Turn<Line>,
  stage: Stage,
  state: StageState,
  answer: Extract<Answer, { kind: 'failed' }>,
): void {
  withdraw(turn, stage.name, state, 'moved', answer.detail)
  lookAgain(turn, stage, state)
}

function checked(
  turn: Turn<Line>,
  stage: Stage,
  state: StageState,
  effect: EffectOf<'check-health'>,
  answer: Answer,
): void {
  const promotion = state.promotion
  const delivery = promotion?.deliveries[effect.target]
  if (promotion?.id !== effect.promotion || delivery?.state !== 'delivered') return
  switch (answer.kind) {
    case 'healthy':
    case 'not-observed':
      promotion.deliveries[effect.target] = { ...delivery, state: 'well', observed: answer.kind === 'healthy' }
      return finishIfWell(turn, stage, state, promotion)
    case 'progressing':
      if (turn.now < effect.until) return lookLater(turn, effect, promotion)
      return fail(
        turn,
        stage,
        state,
        promotion,
        'health-timeout',
        `not healthy after ${HEALTH_TIMEOUT_MS / 60_000} minutes: ${answer.detail}`,
      )
    case 'unwell':
      if (answer.reason !== 'moved') return fail(turn, stage, state, promotion, answer.reason, answer.detail)
      withdraw(turn, stage.name, state, 'moved', answer.detail)
      return lookAgain(turn, stage, state)
    default:
      return stuck(turn, effect, answer)
  }
}

function lookLater(turn: Turn<Line>, effect: EffectOf<'check-health'>, promotion: Promotion): void {
  const young = turn.now - promotion.openedAt < HEALTH_POLL_FIRST_FOR_MS
  const delay = young ? HEALTH_POLL_FIRST_MS : HEALTH_POLL_LATER_MS
  const { stage, target, until } = effect
  wish(turn, { kind: 'check-health', ...fresh(turn, effect.id, delay), stage, target, promotion: promotion.id, until })
}

function finishIfWell(turn: Turn<Line>, stage: Stage, state: StageState, promotion: Promotion): void {
  const deliveries = Object.values(promotion.deliveries)
  if (deliveries.some(({ state }) => state !== 'well')) return
  const observed = deliveries.some((delivery) => delivery.state === 'well' && delivery.observed)
  if (state.current.state === 'candidate') state.previous = state.current.candidate
  state.current = { state: 'candidate', candidate: promotion.candidate, observed, healthySince: turn.now }
  delete state.promotion
  note(turn, {
    kind: 'healthy',
    reason: observed ? 'observed' : 'not-observed',
    detail: observed
      ? 'the health checks hold'
      : 'delivered; there is nothing to look at, so its health was not observed',
    stage: stage.name,
    promotion: promotion.id,
    image: formatImage(promotion.candidate.images[0]),
  })
  offerDownstream(turn, stage, promotion.candidate.id)
  takeNext(turn, stage, state)
}

/** Kept as a dead letter with its reason: a person, a newer candidate or a new configuration moves it on. */
function stuck(turn: Turn<Line>, effect: Effect, answer: Answer): void {
  turn.document.effects.push(effect)
  if (answer.kind === 'failed') giveUp(turn, effect, answer.reason, answer.detail)
  else giveUp(turn, effect, 'unexpected-answer', `${effect.kind} was answered with ${answer.kind}`)
}
