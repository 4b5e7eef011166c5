/** What the configuration and the time say, worked in at every decision: nothing waits for a message that never comes. */

import type { EffectKind } from '../domain/effect.ts'
import { newStageState, type Line, type StageState } from '../domain/line.ts'
import type { Promotion } from '../domain/promotion.ts'
import type { Stage } from '../domain/subscription.ts'
import { targetId } from '../domain/target.ts'
import { forgetRequest } from './break-glass.ts'
import { concludeLook } from './conclude.ts'
import { revive } from './effects.ts'
import { whyNotFollowed } from './judge.ts'
import { forgetLooks, lookAgain, startOver, wishLooks } from './look.ts'
import { takeNext } from './offer.ts'
import { isOnItsWay } from './deliver.ts'
import { alarmOf, proceed } from './proceed.ts'
import { dropEffects, isLeased, type Turn } from './turn.ts'
import { requeue, withdraw } from './withdraw.ts'

export function reconcile(turn: Turn<Line>): void {
  if (turn.document.config !== turn.rules.hash) {
    dropForgottenStages(turn)
    // What could not work under the old configuration may work under the new one.
    for (const effect of turn.document.effects) revive(turn, effect)
    turn.document.config = turn.rules.hash
  }
  for (const stage of turn.rules.subscription.stages) reconcileStage(turn, stage)
  setAlarm(turn)
}

/** An instant that has come and moved nothing is asked for again a little later. */
const ALARM_AGAIN_MS = 1_000

function setAlarm(turn: Turn<Line>): void {
  const alarms = turn.rules.subscription.stages.flatMap((stage) => {
    const promotion = turn.document.stages[stage.name]?.promotion
    const asked = turn.document.stages[stage.name]?.breakGlass?.until ?? []
    return [asked, promotion === undefined ? [] : (alarmOf(turn, stage, promotion) ?? [])].flat()
  })
  turn.document.alarm = alarms.length === 0 ? null : Math.max(Math.min(...alarms), turn.now + ALARM_AGAIN_MS)
}

function reconcileStage(turn: Turn<Line>, stage: Stage): void {
  const state = (turn.document.stages[stage.name] ??= newStageState())
  const targets = new Set(stage.targets.map(targetId))
  forgetRequest(turn, stage.name, state)
  if (state.promotion === undefined || !isAtWork(turn, state.promotion)) {
    turnBack(turn, stage, state)
    if (hasOtherTargets(state, targets)) {
      startOver(turn, stage, state, 'targets-changed', 'the configuration names other targets')
    }
    changeMode(turn, stage, state)
  }
  dropEffects(turn, (one) => one.kind === 'observe' && one.stage === stage.name && !targets.has(one.target))
  wishLooks(turn, stage, state)
  concludeLook(turn, stage, state)
  takeNext(turn, stage, state)
  proceed(turn, stage, state)
}

/** What only asks or tells. */
const TALK: ReadonlySet<EffectKind> = new Set([
  'verify',
  'check',
  'ask-authors',
  'tell-source',
  'show',
  'vouch',
  'notify',
])

/** What is being written, and a rollback that can still be done, is not taken away: first its answer, then the new order. */
function isAtWork(turn: Turn<Line>, promotion: Promotion): boolean {
  return turn.document.effects.some((effect) => {
    if (!('promotion' in effect) || effect.promotion !== promotion.id) return false
    const isTouching = !TALK.has(effect.kind)
    return (isTouching && isLeased(effect, turn.now)) || (effect.kind === 'roll-back' && effect.dead === undefined)
  })
}

/** Nobody wants it any more under this configuration, or not in this way. */
function turnBack(turn: Turn<Line>, stage: Stage, state: StageState): void {
  const { promotion } = state
  if (promotion === undefined || promotion.phase === 'observing' || promotion.phase === 'rolling-back') return
  const strange = whyNotFollowed(turn, promotion.candidate)
  if (strange !== null) {
    withdraw(turn, stage.name, state, 'not-followed', strange)
    return
  }
  const refused = state.refused.find(({ candidate }) => candidate === promotion.candidate.id)
  if (refused !== undefined && promotion.purpose !== 'rollback') {
    withdraw(turn, stage.name, state, 'refused-elsewhere', refused.detail)
    return
  }
  const isSameMode = promotion.phase === 'delivering' || state.mode === turn.rules.mode
  if (isSameMode && isOnItsWay(turn, stage, promotion)) return
  const detail = 'the configuration says another way to its targets, or another mode'
  requeue(state, withdraw(turn, stage.name, state, 'way-changed', detail))
}

function hasOtherTargets({ holds, looks, current }: StageState, ids: ReadonlySet<string>): boolean {
  const isOther = (id: string): boolean => !ids.has(id)
  if (Object.keys(holds).some(isOther) || Object.keys(looks).some(isOther)) return true
  return current.state !== 'unknown' && [...ids].some((id) => holds[id] === undefined)
}

/** What observe mode would have delivered is delivered now, after another look: others acted meanwhile. */
function changeMode(turn: Turn<Line>, stage: Stage, state: StageState): void {
  if (state.mode === turn.rules.mode || state.promotion !== undefined) return
  state.mode = turn.rules.mode
  if (state.mode === 'observe') return
  // Observed at the stages before is not proven there: a later stage gets it from them, once it truly runs.
  if (stage.after.length === 0) requeue(state, state.shadow)
  else delete state.next
  delete state.shadow
  lookAgain(turn, stage, state)
}

/** Its refusals stay: a stage that comes back still knows what a person did not want. */
function dropForgottenStages(turn: Turn<Line>): void {
  const names = new Set<string>(turn.rules.subscription.stages.map(({ name }) => name))
  for (const [name, state] of Object.entries(turn.document.stages)) {
    if (names.has(name)) continue
    withdraw(turn, name, state, 'stage-removed', 'the stage is no longer in the configuration')
    dropEffects(turn, (effect) => 'stage' in effect && effect.stage === name)
    delete state.next
    delete state.shadow
    forgetLooks(turn, name, state, [])
  }
}
