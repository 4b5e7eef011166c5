/** What runs at a stage is not known: it is looked at before anything is offered there. */

import type { Line, StageState } from '../domain/line.ts'
import type { Stage } from '../domain/subscription.ts'
import { targetId } from '../domain/target.ts'
import type { Answer } from '../domain/answer.ts'
import type { EffectOf } from '../domain/effect.ts'
import { revive } from './effects.ts'
import { dropEffects, fresh, wish, type Turn } from './turn.ts'
import { requeue, withdraw } from './withdraw.ts'

export function wishLooks(turn: Turn<Line>, stage: Stage, state: StageState): void {
  if (state.current.state !== 'unknown') return
  // Of hundreds of targets, hundreds of times: the wishes that are there already are looked up by their ids.
  const wished = new Set(turn.document.effects.map(({ id }) => id))
  for (const target of stage.targets.map(targetId)) {
    const id = `${turn.document.id}/${stage.name}/observe/${target}`
    if (state.looks[target] !== undefined || wished.has(id)) continue
    wish(turn, { kind: 'observe', ...fresh(turn, id), stage: stage.name, target })
  }
}

/** What we knew is void: the first look comes again. */
export function lookAgain(turn: Turn<Line>, stage: Stage, state: StageState): void {
  forgetLooks(turn, stage.name, state, stage.targets.map(targetId))
  wishLooks(turn, stage, state)
}

/** What was begun at a target that stays may still arrive there, so that is not forgotten. */
export function forgetLooks(
  turn: Omit<Turn<Line>, 'rules'>,
  stage: string,
  state: StageState,
  targets: readonly string[],
): void {
  dropEffects(turn, (effect) => effect.kind === 'observe' && effect.stage === stage)
  const { current, holds } = state
  if (current.state === 'candidate') state.knew = { holds, healthy: current.candidate }
  if (current.state === 'found') state.knew = { holds }
  const isKnown = (target: string): boolean => state.current.state !== 'unknown' || state.looks[target] !== undefined
  const unanswered = Object.entries(state.holds).map(
    ([target, held]) => [target, isKnown(target) ? held.slice(0, -1) : held] as const,
  )
  state.holds = Object.fromEntries(unanswered.filter(([target, held]) => held.length > 0 && targets.includes(target)))
  state.current = { state: 'unknown' }
  state.looks = {}
}

/** A look that was given up may work now: somebody repaired the file, or the cluster is back. */
export function reviveLooks(turn: Turn<Line>, stage: string): void {
  for (const effect of turn.document.effects) {
    if (effect.kind === 'observe' && effect.stage === stage) revive(turn, effect)
  }
}

export function looked(
  state: StageState,
  { target }: EffectOf<'observe'>,
  { image, running }: Extract<Answer, { kind: 'found' }>,
): void {
  state.looks[target] = { image, running }
  state.holds[target] = [...(state.holds[target] ?? []), image]
}

/** Ends what is on its way, looks again, and goes on with it unless a person's hand is found. */
export function startOver(turn: Turn<Line>, stage: Stage, state: StageState, reason: string, detail: string): void {
  const candidate = withdraw(turn, stage.name, state, reason, detail)
  requeue(state, candidate)
  lookAgain(turn, stage, state)
  if (candidate !== undefined && state.knew !== undefined) state.knew.resumes = candidate.id
}
