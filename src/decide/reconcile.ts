/** The configuration moved: stages and targets that are new are looked at before anything is offered to them. */

import { newStageState, type Line, type StageState } from '../domain/line.ts'
import type { Stage } from '../domain/subscription.ts'
import { targetId } from '../domain/target.ts'
import { revive } from './effects.ts'
import { forgetLooks, lookAgain, wishLooks } from './look.ts'
import { dropEffects, type Turn } from './turn.ts'
import { requeue, withdraw } from './withdraw.ts'

export function reconcile(turn: Turn<Line>): void {
  for (const stage of turn.rules.subscription.stages) reconcileStage(turn, stage)
  if (turn.document.config === turn.rules.hash) return
  dropForgottenStages(turn)
  // What could not work under the old configuration may work under the new one.
  for (const effect of turn.document.effects) revive(turn, effect)
  turn.document.config = turn.rules.hash
}

function reconcileStage(turn: Turn<Line>, stage: Stage): void {
  const state = (turn.document.stages[stage.name] ??= newStageState())
  if (hasOtherTargets(state, stage.targets.map(targetId))) {
    requeue(state, withdraw(turn, stage.name, state, 'targets-changed', 'the configuration names other targets'))
    lookAgain(turn, stage, state)
  }
  wishLooks(turn, stage, state)
}

function hasOtherTargets(state: StageState, ids: readonly string[]): boolean {
  const known = Object.keys(state.holds)
  if (known.some((id) => !ids.includes(id))) return true
  return state.current.state !== 'unknown' && ids.some((id) => state.holds[id] === undefined)
}

/** Its refusals stay: a stage that comes back still knows what a person did not want. */
function dropForgottenStages(turn: Turn<Line>): void {
  const names = new Set<string>(turn.rules.subscription.stages.map(({ name }) => name))
  for (const [name, state] of Object.entries(turn.document.stages)) {
    if (names.has(name)) continue
    withdraw(turn, name, state, 'stage-removed', 'the stage is no longer in the configuration')
    dropEffects(turn, (effect) => 'stage' in effect && effect.stage === name)
    delete state.next
    forgetLooks(turn, name, state)
  }
}
