/** What runs at a stage is not known: it is looked at before anything is offered there. */

import type { Line, StageState } from '../domain/line.ts'
import type { Stage } from '../domain/subscription.ts'
import { targetId } from '../domain/target.ts'
import { revive } from './effects.ts'
import { dropEffects, fresh, wish, type Turn } from './turn.ts'

export function wishLooks(turn: Turn<Line>, stage: Stage, state: StageState): void {
  if (state.current.state !== 'unknown') return
  for (const target of stage.targets.map(targetId)) {
    if (state.looks[target] !== undefined) continue
    const id = `${turn.document.id}/${stage.name}/observe/${target}`
    wish(turn, { kind: 'observe', ...fresh(turn, id), stage: stage.name, target })
  }
}

/** What we knew is void: the first look comes again. */
export function lookAgain(turn: Turn<Line>, stage: Stage, state: StageState): void {
  forgetLooks(turn, stage.name, state)
  wishLooks(turn, stage, state)
}

export function forgetLooks(turn: Turn<Line>, stage: string, state: StageState): void {
  dropEffects(turn, (effect) => effect.kind === 'observe' && effect.stage === stage)
  state.current = { state: 'unknown' }
  state.looks = {}
  state.holds = {}
}

/** A look that was given up may work now: somebody repaired the file, or the cluster is back. */
export function reviveLooks(turn: Turn<Line>, stage: string): void {
  for (const effect of turn.document.effects) {
    if (effect.kind === 'observe' && effect.stage === stage) revive(turn, effect)
  }
}
