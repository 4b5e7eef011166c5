/** A candidate comes to a stage: does it go now, wait, or replace what waits. */

import type { Candidate } from '../domain/candidate.ts'
import type { Line, StageState } from '../domain/line.ts'
import type { Promotion } from '../domain/promotion.ts'
import { formatImages } from '../domain/release.ts'
import type { Stage } from '../domain/subscription.ts'
import { brokenGlassOf } from './broken-glass.ts'
import { judge, type Judgement } from './judge.ts'
import { reviveLooks } from './look.ts'
import { open, pushedBy } from './open.ts'
import { isLeased, note, type Turn } from './turn.ts'
import { end, sendDrop } from './withdraw.ts'

export function offer(turn: Turn<Line>, stage: Stage, candidate: Candidate): void {
  const state = turn.document.stages[stage.name]
  if (state === undefined) return
  if (state.current.state === 'unknown') reviveLooks(turn, stage.name)
  const judgement = judge(turn, state, candidate)
  if (!judgement.take) return turnAway(turn, stage, candidate, judgement)
  if (state.current.state === 'unknown') {
    return wait(turn, stage, state, candidate, 'first-look', 'waits until it is known what runs there')
  }
  if (isPinnedElsewhere(state, candidate)) {
    return wait(
      turn,
      stage,
      state,
      candidate,
      'pinned',
      `the stage is pinned to ${state.pin?.image} by ${state.pin?.by}`,
    )
  }
  const { promotion } = state
  if (promotion === undefined) return open(turn, stage, state, candidate)
  if (givesWay(turn, stage, promotion)) return supersede(turn, stage, state, candidate)
  const detail = `waits for ${promotion.id}, which is ${promotion.phase}`
  wait(turn, stage, state, candidate, 'promotion-under-way', detail)
}

/** An event that is handled again, because it failed elsewhere, is refused in the history once. */
function turnAway(
  turn: Turn<Line>,
  stage: Stage,
  candidate: Candidate,
  { kind, reason, detail }: Extract<Judgement, { take: false }>,
): void {
  const { cause } = candidate
  const isTold = turn.document.tail.some(
    (entry) => entry.kind === 'refused' && entry.cause === cause && entry.stage === stage.name,
  )
  const image = formatImages(candidate)
  note(turn, { kind: isTold ? 'ignored' : kind, reason, detail, stage: stage.name, image, cause })
}

function supersede(turn: Turn<Line>, stage: Stage, state: StageState, candidate: Candidate): void {
  const old = state.promotion
  end(turn, stage.name, state, 'superseded', 'newer-candidate', `${formatImages(candidate)} is newer`)
  open(turn, stage, state, candidate)
  const trains = state.promotion?.trains ?? []
  if (old === undefined) return
  // A train that carries the new one has been told by that; the others would wait for ever.
  for (const train of old.trains.filter((id) => !trains.includes(id)))
    sendDrop(turn, stage.name, old, train, 'superseded')
}

/** Newest wins also among those that wait: there is only one place. */
function wait(
  turn: Turn<Line>,
  stage: Stage,
  state: StageState,
  candidate: Candidate,
  reason: string,
  detail: string,
): void {
  const image = formatImages(candidate)
  if (state.next !== undefined) {
    const { images, cause } = state.next
    const common = { stage: stage.name, image: formatImages({ images }), cause }
    note(turn, { ...common, kind: 'superseded', reason: 'newer-candidate', detail: `${image} is newer` })
  }
  state.next = candidate
  const { cause } = candidate
  note(turn, { kind: 'offered', reason, detail, stage: stage.name, image, cause, ...pushedBy(candidate) })
}

/** While nobody is at work on its delivery, or once everything that it still wishes for was given up. */
export function isReplaceable(turn: Turn<Line>, promotion: Promotion): boolean {
  if (promotion.phase === 'verifying' || promotion.phase === 'gated') return true
  const effects = turn.document.effects.filter((effect) => 'promotion' in effect && effect.promotion === promotion.id)
  if (promotion.phase === 'delivering') return !effects.some((effect) => isLeased(effect, turn.now))
  return effects.every((effect) => effect.dead !== undefined)
}

/** To what comes by itself. What two people broke the glass for is let through first. */
function givesWay(turn: Turn<Line>, stage: Stage, promotion: Promotion): boolean {
  return brokenGlassOf(stage, promotion, turn.now) === null && isReplaceable(turn, promotion)
}

/** What waited comes to its turn, and is judged anew: the world has moved since. */
export function takeNext(turn: Turn<Line>, stage: Stage, state: StageState): void {
  const { next, promotion } = state
  if (next === undefined || state.current.state === 'unknown' || isPinnedElsewhere(state, next)) return
  if (promotion !== undefined && !givesWay(turn, stage, promotion)) return
  delete state.next
  offer(turn, stage, next)
}

/** A person's pin: all others wait, the newest of them. */
function isPinnedElsewhere({ pin }: StageState, { id }: Candidate): boolean {
  return pin !== undefined && pin.candidate !== id
}

export function offerDownstream(turn: Turn<Line>, stage: Stage, candidate: string): void {
  for (const later of turn.rules.subscription.stages) {
    if (later.after.includes(stage.name)) offerFromUpstream(turn, later, candidate)
  }
}

/** A stage gets what every stage before it has proven. */
export function offerFromUpstream(turn: Turn<Line>, stage: Stage, only?: string): void {
  const upstream = stage.after.map((name) => provenAt(turn, name))
  if (stage.needs === 'any') {
    const proven = upstream.filter((candidate) => candidate !== null)
    for (const candidate of proven) if (only === undefined || candidate.id === only) offer(turn, stage, candidate)
    return
  }
  const [first] = upstream
  if (first === undefined || first === null) return
  if (only !== undefined && first.id !== only) return
  if (upstream.every((candidate) => candidate?.id === first.id)) offer(turn, stage, first)
}

function provenAt(turn: Turn<Line>, name: string): Candidate | null {
  const state = turn.document.stages[name]
  if (state === undefined) return null
  if (turn.rules.mode === 'observe' && state.shadow !== undefined) return state.shadow
  return state.current.state === 'candidate' ? state.current.candidate : null
}
