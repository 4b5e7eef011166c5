/** What runs at a stage is not known: it is looked at before anything is offered there. */

import { formatImage, isSameReference, parseImageReference } from '../domain/image.ts'
import type { Line, StageState } from '../domain/line.ts'
import type { Stage } from '../domain/subscription.ts'
import { targetId } from '../domain/target.ts'
import type { Answer } from '../domain/answer.ts'
import type { EffectOf } from '../domain/effect.ts'
import { revive } from './effects.ts'
import { offerFromUpstream, takeNext } from './offer.ts'
import { dropEffects, fresh, note, wish, type Turn } from './turn.ts'
import { requeue } from './withdraw.ts'

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
  const { current } = state
  if (current.state === 'candidate') {
    state.brought = { candidate: current.candidate, targets: Object.keys(state.holds) }
  }
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

/** Once every target was looked at: the newest that counts is the lower bound; what does not count is only shown. */
export function concludeLook(turn: Turn<Line>, stage: Stage, state: StageState): void {
  if (state.current.state !== 'unknown') return
  if (stage.targets.some((target) => state.looks[targetId(target)] === undefined)) return
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
  bringAgain(state)
  takeNext(turn, stage, state)
  if (state.promotion === undefined) offerFromUpstream(turn, stage)
}

/** What was healthy here still stands where we brought it: then it is brought to the targets that are new. */
function bringAgain(state: StageState): void {
  const { brought, looks } = state
  delete state.brought
  if (brought === undefined) return
  const image = formatImage(brought.candidate.images[0])
  const isUntouched = brought.targets.every((target) => {
    const look = looks[target]
    return look === undefined || isSameReference(look.image, image)
  })
  if (isUntouched) requeue(state, brought.candidate)
}
