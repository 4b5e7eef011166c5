/** What a person does to a stage: promote, pin, unpin, roll back. Who may is decided before; each has a reason and stands in the history. */

import type { Candidate } from '../domain/candidate.ts'
import { parseImageReference } from '../domain/image.ts'
import { foundThere, type Line, type StageState } from '../domain/line.ts'
import { formatImages } from '../domain/release.ts'
import type { Stage } from '../domain/subscription.ts'
import { breakGlass } from './break-glass.ts'
import { isReplaceable, takeNext } from './offer.ts'
import { open } from './open.ts'
import { dropPromotion, promote } from './promote.ts'
import { refuseAsBad, refusedCandidate } from './refuse.ts'
import { fail } from './rollback.ts'
import { note, type Turn } from './turn.ts'

type Act = { readonly by: string; readonly reason: string; readonly stage: string }

export type ActInput =
  /** Explicit, also to an older one; verified and gated like any other. */
  | ({ readonly kind: 'promote'; readonly candidate: Candidate } & Act)
  /** The same around what only waits, where two people say so: this is one of them. */
  | ({ readonly kind: 'break-glass'; readonly candidate: Candidate } & Act)
  /** What runs there stays, whatever comes. */
  | ({ readonly kind: 'pin' } & Act)
  | ({ readonly kind: 'unpin' } & Act)
  /** Back to what was healthy before; what runs there is refused. */
  | ({ readonly kind: 'rollback' } & Act)
  /** What was done elsewhere, for those who read this history: effects were paused, or go on. */
  | {
      readonly kind: 'noted'
      readonly act: 'pause' | 'resume'
      readonly by: string
      readonly reason: string
      readonly stage: string | null
    }

export function act(turn: Turn<Line>, input: ActInput): void {
  if (input.kind === 'noted') return noted(turn, input)
  const stage = turn.rules.subscription.stages.find(({ name }) => name === input.stage)
  const state = turn.document.stages[input.stage]
  if (stage === undefined || state === undefined) return refuse(turn, input, `there is no stage ${input.stage}`)
  switch (input.kind) {
    case 'promote': {
      const why = promote(turn, stage, state, input)
      return why === null ? undefined : refuse(turn, input, why)
    }
    case 'break-glass': {
      const why = breakGlass(turn, stage, state, input)
      return why === null ? undefined : refuse(turn, input, why)
    }
    case 'pin':
      return pin(turn, state, input)
    case 'unpin':
      return unpin(turn, stage, state, input)
    case 'rollback':
      return rollBack(turn, stage, state, input)
  }
}

function noted(turn: Turn<Line>, { act: reason, by, reason: why, stage }: Extract<ActInput, { kind: 'noted' }>): void {
  note(turn, { kind: 'operator', reason, detail: why, by, ...(stage === null ? {} : { stage }) })
}

function pin(turn: Turn<Line>, state: StageState, input: Extract<ActInput, { kind: 'pin' }>): void {
  const { by, reason, stage } = input
  const runs = runningOf(state)
  if (runs === null) return refuse(turn, input, 'what runs there is not known yet: it is looked at first')
  state.pin = { ...runs, by, reason, at: turn.now }
  note(turn, {
    kind: 'operator',
    reason: 'pin',
    detail: `pinned to ${runs.image}: ${reason}`,
    stage,
    image: runs.image,
    by,
  })
}

function runningOf(state: StageState): { candidate: string; image: string } | null {
  const { current } = state
  if (current.state === 'candidate') {
    return { candidate: current.candidate.id, image: formatImages(current.candidate) }
  }
  if (current.state !== 'found') return null
  const image = foundThere(state) ?? ''
  return { candidate: current.parts === undefined ? (current.digest ?? image) : image, image }
}

function unpin(turn: Turn<Line>, stage: Stage, state: StageState, input: Extract<ActInput, { kind: 'unpin' }>): void {
  const { by, reason } = input
  const { pin: was } = state
  if (was === undefined) return refuse(turn, input, 'it is not pinned')
  delete state.pin
  const detail = `${reason}; was pinned to ${was.image} by ${was.by}: ${was.reason}`
  note(turn, { kind: 'operator', reason: 'unpin', detail, stage: stage.name, image: was.image, by })
  takeNext(turn, stage, state)
}

function rollBack(
  turn: Turn<Line>,
  stage: Stage,
  state: StageState,
  input: Extract<ActInput, { kind: 'rollback' }>,
): void {
  const { by, reason } = input
  const { promotion, current, previous } = state
  const hasArrived = Object.values(promotion?.deliveries ?? {}).some(
    ({ state: one }) => one === 'delivered' || one === 'well',
  )
  if (promotion !== undefined && promotion.phase !== 'rolling-back' && hasArrived) {
    return fail(turn, stage, state, { reason: 'rolled-back-by-person', detail: reason, as: 'rejected', by })
  }
  if (current.state !== 'candidate' || previous === undefined) {
    return refuse(turn, input, 'nothing that was healthy there before is known')
  }
  if (state.refused.some(({ candidate }) => candidate === previous.id)) {
    return refuse(turn, input, `${formatImages(previous)}, which ran before, is refused there: \`drayage lift\` first`)
  }
  if (promotion !== undefined && !isReplaceable(turn, promotion)) {
    return refuse(turn, input, `${promotion.id} is at work: wait for its end`)
  }
  const bad = refusedCandidate(current.candidate)
  refuseAsBad(turn, stage, state, { ...bad, reason: 'rolled-back', detail: reason, at: turn.now, by })
  note(turn, { kind: 'operator', reason: 'rollback', detail: reason, stage: stage.name, image: bad.image, by })
  dropPromotion(turn, stage, state, `${by} rolls back`)
  delete state.pin
  const detail = `back from ${bad.image}: ${reason}`
  open(turn, stage, state, previous, { purpose: 'rollback', detail, by })
}

/** For the answer to whoever asked: nothing changed, so the history does not hear of it. */
function refuse(turn: Turn<Line>, { kind, by, stage }: Exclude<ActInput, { kind: 'noted' }>, why: string): void {
  note(turn, { kind: 'ignored', reason: 'act-refused', detail: `${kind}: ${why}`, stage, by })
}

/** A reference as people write it, or a digest: whether it names this candidate. */
export function isNamed({ id, images }: Candidate, name: string): boolean {
  if (name === id || name === images[0].tag || name === formatImages({ images })) return true
  const parsed = parseImageReference(name)
  if (!parsed.ok) return false
  const { repository, tag, digest } = parsed.value
  return images.some(
    (image) => repository === image.repository && (digest === image.digest || (digest === null && tag === image.tag)),
  )
}
