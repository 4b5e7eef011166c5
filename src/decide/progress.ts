/** Answers worked into a line: looked, delivered, well or not. */

import type { Answer } from '../domain/answer.ts'
import type { Effect, EffectOf } from '../domain/effect.ts'
import { formatDuration } from '../domain/duration.ts'
import { HEALTH_TIMEOUT_DEFAULT_MS } from '../domain/health-rule.ts'
import type { Line, StageState } from '../domain/line.ts'
import type { Promotion } from '../domain/promotion.ts'
import { formatImages, formatTaken } from '../domain/release.ts'
import type { Stage } from '../domain/subscription.ts'
import { authorsAnswered } from './authors.ts'
import { developersTold } from './developers.ts'
import { stuck } from './effects.ts'
import { wishDeliveries } from './deliver.ts'
import { heard } from './listen.ts'
import { lookAgain, looked } from './look.ts'
import { offerDownstream } from './offer.ts'
import { proceed } from './proceed.ts'
import { goOnOver } from './reverted.ts'
import { fail, finishRollback, provenBack, stopForSomebody } from './rollback.ts'
import { shown } from './show.ts'
import { replied } from './thread.ts'
import { notified } from './tell.ts'
import { dropEffects, fresh, note, wish, type Turn } from './turn.ts'
import { judged } from './verify.ts'
import { vouched } from './vote.ts'
import { requeue, targetsOf, withdraw } from './withdraw.ts'

const HEALTH_POLL_FIRST_MS = 1_000
const HEALTH_POLL_LATER_MS = 10_000
const HEALTH_POLL_FIRST_FOR_MS = 60_000
/** A diff in the history is for reading, not for applying. */
export const DIFF_LENGTH_MAX = 4_096
const CHECK_DETAIL_MAX = 500
/** What a health check says of a target that is not there any more: nothing about our candidate. */
const GONE = new Set(['target-missing', 'image-missing'])

export function answerLine(turn: Turn<Line>, effect: Effect, answer: Answer): void {
  if (effect.kind === 'notify') return notified(turn, effect, answer)
  if (!('stage' in effect)) return
  const state = turn.document.stages[effect.stage]
  const stage = turn.rules.subscription.stages.find(({ name }) => name === effect.stage)
  if (state === undefined || stage === undefined) return
  switch (effect.kind) {
    case 'observe':
      return answer.kind === 'found' ? looked(state, effect, answer) : stuck(turn, effect, answer)
    case 'deliver':
    case 'preview':
      return delivered(turn, stage, state, effect, answer)
    case 'verify':
      if (state.promotion?.phase === 'rolling-back') return provenBack(turn, stage, state, effect, answer)
      if (judged(turn, stage, state, effect, answer)) proceed(turn, stage, state)
      return
    case 'listen':
      return heard(turn, effect, answer)
    case 'vouch':
      return vouched(turn, effect, answer)
    case 'show':
      return shown(turn, state, effect, answer)
    case 'reply':
      return replied(turn, effect, answer)
    case 'tell-source':
      return developersTold(turn, effect, answer)
    case 'ask-authors':
      return authorsAnswered(turn, state, effect, answer)
    case 'check':
      return probed(turn, state, effect, answer)
    case 'check-health':
      return checked(turn, stage, state, effect, answer)
    case 'roll-back':
      return finishRollback(turn, stage, state, effect, answer)
  }
}

/** What a gate's check said; the gates themselves are asked right after. */
function probed(turn: Turn<Line>, { promotion }: StageState, effect: EffectOf<'check'>, answer: Answer): void {
  if (promotion?.id !== effect.promotion) return
  if (answer.kind !== 'checked') return stuck(turn, effect, answer)
  promotion.checks[effect.check] = {
    state: answer.state,
    detail: answer.detail.slice(0, CHECK_DETAIL_MAX),
    at: turn.now,
  }
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
  if (answer.kind === 'failed' && answer.reason === 'moved') {
    const hand = { targets: targetsOf(effect), found: answer.found, said: answer.detail }
    // An attempt before this one may have written it: then it is ours that they took away.
    if (effect.kind === 'deliver' && effect.attempt === 1 && goOnOver(turn, stage, state, promotion, hand)) {
      return wishDeliveries(turn, stage, state, promotion)
    }
    return stopForSomebody(turn, stage, state, answer.detail)
  }
  if (answer.kind !== 'delivered') return stuck(turn, effect, answer)
  if (effect.kind === 'preview') return previewed(turn, stage, state, promotion, effect, answer)
  const { now, also = [], reference, status } = answer
  const written = new Map(targetsOf(effect).map((target, index) => [target, [now, ...also][index] ?? now]))
  arrive(turn, stage, state, promotion, written, { reference, status, by: undefined })
}

type Arrival = {
  readonly reference: string
  readonly status: 'changed' | 'unchanged'
  readonly by: string | undefined
}

/** `written`: what stands at each target now. Those that have it already are passed over: news may come late, and twice. */
export function arrive(
  turn: Turn<Line>,
  stage: Stage,
  state: StageState,
  promotion: Promotion,
  written: ReadonlyMap<string, string>,
  arrival: Arrival,
): void {
  const { reference, status, by } = arrival
  for (const [target, now] of written) {
    const before = promotion.deliveries[target]?.state
    if (before !== 'pending' && before !== 'proposed') continue
    state.holds[target] = [now]
    if (status === 'changed') countChange(turn, stage, state, promotion)
    promotion.deliveries[target] = { state: 'delivered', reference, now }
    note(turn, {
      kind: 'delivered',
      reason: status,
      detail: `${target}: ${now} (${reference})`,
      stage: stage.name,
      promotion: promotion.id,
      image: formatTaken(promotion.candidate, target),
      reference,
      ...(by === undefined ? {} : { by }),
    })
  }
  // A person may merge before its gates held: that is their act, and it stands in the history.
  if (promotion.phase === 'observing' || promotion.phase === 'rolling-back') return
  if (Object.values(promotion.deliveries).some(({ state }) => state !== 'delivered')) return
  promotion.phase = 'observing'
  dropEffects(turn, (effect) => isAsking(effect) && effect.promotion === promotion.id)
  for (const target of Object.keys(promotion.deliveries)) {
    const id = `${promotion.id}/check-health/${target}`
    const until = turn.now + timeoutOf(stage)
    wish(turn, { kind: 'check-health', ...fresh(turn, id), stage: stage.name, target, promotion: promotion.id, until })
  }
}

/** What is not needed any more once it has arrived. */
function isAsking(effect: Effect): effect is EffectOf<'verify' | 'check'> {
  return effect.kind === 'verify' || effect.kind === 'check'
}

/** Once a promotion, for the budget; none is kept where nobody counts. */
function countChange(turn: Turn<Line>, stage: Stage, state: StageState, promotion: Promotion): void {
  const kept = Math.max(0, ...stage.gates.map((gate) => (gate.kind === 'budget' ? gate.changes : 0)))
  const isFirst = !Object.values(promotion.deliveries).some(({ state: one }) => one === 'delivered')
  if (isFirst && kept > 0) state.changes = [...state.changes, turn.now].slice(-kept)
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
  const common = { stage: stage.name, promotion: promotion.id, image: formatTaken(promotion.candidate, effect.target) }
  const would = answer.status === 'changed' ? 'would write' : 'would leave'
  const diff = (answer.diff ?? '').slice(0, DIFF_LENGTH_MAX)
  const detail = `${effect.target}: ${would} ${answer.now}\n${diff}`.trimEnd()
  note(turn, { ...common, kind: 'would-deliver', reason: 'observe-mode', detail })
  if (Object.values(promotion.deliveries).some(({ state }) => state !== 'previewed')) return
  state.shadow = promotion.candidate
  delete state.promotion
  offerDownstream(turn, stage, promotion.candidate.id)
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
      if (turn.now < effect.until - timeoutOf(stage) + (stage.health?.watchMs ?? 0)) {
        return checkLater(turn, effect, promotion)
      }
      promotion.deliveries[effect.target] = { ...delivery, state: 'well', observed: answer.kind === 'healthy' }
      return finishIfWell(turn, stage, state, promotion)
    case 'progressing': {
      if (turn.now < effect.until) return checkLater(turn, effect, promotion)
      const detail = `not healthy after ${formatDuration(timeoutOf(stage))}: ${answer.detail}`
      return fail(turn, stage, state, { reason: 'health-timeout', detail, as: 'failed', by: null })
    }
    case 'unwell': {
      const { reason, detail } = answer
      if (reason === 'moved') return stopForSomebody(turn, stage, state, detail)
      if (GONE.has(reason)) {
        requeue(state, withdraw(turn, stage.name, state, reason, detail))
        return lookAgain(turn, stage, state)
      }
      return fail(turn, stage, state, { reason, detail, as: 'failed', by: null })
    }
    default:
      return stuck(turn, effect, answer)
  }
}

/** From the delivery until it has failed. */
function timeoutOf({ health }: Stage): number {
  return health?.timeoutMs ?? HEALTH_TIMEOUT_DEFAULT_MS
}

function checkLater(turn: Turn<Line>, effect: EffectOf<'check-health'>, promotion: Promotion): void {
  const young = turn.now - promotion.openedAt < HEALTH_POLL_FIRST_FOR_MS
  const delay = young ? HEALTH_POLL_FIRST_MS : HEALTH_POLL_LATER_MS
  const { stage, target, until } = effect
  wish(turn, { kind: 'check-health', ...fresh(turn, effect.id, delay), stage, target, promotion: promotion.id, until })
}

function finishIfWell(turn: Turn<Line>, stage: Stage, state: StageState, promotion: Promotion): void {
  const deliveries = Object.values(promotion.deliveries)
  if (deliveries.some(({ state }) => state !== 'well')) return
  const observed = deliveries.some((delivery) => delivery.state === 'well' && delivery.observed)
  // A way back leaves nothing behind to which somebody could go back.
  if (promotion.purpose === 'rollback') delete state.previous
  else if (state.current.state === 'candidate') state.previous = state.current.candidate
  const builtAt = promotion.proof?.builtAt ?? null
  const known = promotion.proof?.known
  state.current = { state: 'candidate', candidate: promotion.candidate, observed, healthySince: turn.now, builtAt }
  if (known !== undefined) state.current.known = known
  delete state.promotion
  note(turn, {
    kind: 'healthy',
    reason: observed ? 'observed' : 'not-observed',
    detail: observed
      ? 'the health checks hold'
      : 'delivered; there is nothing to look at, so its health was not observed',
    stage: stage.name,
    promotion: promotion.id,
    image: formatImages(promotion.candidate),
  })
  offerDownstream(turn, stage, promotion.candidate.id)
}
