/** A candidate comes to a stage: is it newer, is it wanted, does it go now, wait, or replace what waits. */

import type { Candidate } from '../domain/candidate.ts'
import { formatImage, type Digest, type Tag } from '../domain/image.ts'
import type { Line, StageState } from '../domain/line.ts'
import type { Promotion } from '../domain/promotion.ts'
import type { Stage } from '../domain/subscription.ts'
import { reviveLooks } from './look.ts'
import { open } from './open.ts'
import { isLeased, note, type Turn } from './turn.ts'
import { end, sendDrop } from './withdraw.ts'

type Judgement =
  | { readonly take: true }
  | { readonly take: false; readonly kind: 'ignored' | 'refused'; readonly reason: string; readonly detail: string }

export function offer(turn: Turn<Line>, stage: Stage, candidate: Candidate): void {
  const state = turn.document.stages[stage.name]
  if (state === undefined) return
  const image = formatImage(candidate.images[0])
  const judgement = judge(turn, state, candidate)
  if (!judgement.take) {
    const { kind, reason, detail } = judgement
    note(turn, { kind, reason, detail, stage: stage.name, image, cause: candidate.cause })
    return
  }
  if (state.current.state === 'unknown') {
    reviveLooks(turn, stage.name)
    wait(turn, stage, state, candidate, 'first-look', 'waits until it is known what runs there')
    return
  }
  if (state.promotion === undefined) {
    open(turn, stage, state, candidate)
    return
  }
  if (!isReplaceable(turn, state.promotion)) {
    wait(
      turn,
      stage,
      state,
      candidate,
      'promotion-under-way',
      `waits for ${state.promotion.id}, which is ${state.promotion.phase}`,
    )
    return
  }
  supersede(turn, stage, state, candidate)
}

function supersede(turn: Turn<Line>, stage: Stage, state: StageState, candidate: Candidate): void {
  const old = state.promotion
  end(turn, stage.name, state, 'superseded', 'newer-candidate', `${formatImage(candidate.images[0])} is newer`)
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
  if (state.next !== undefined) {
    const image = formatImage(state.next.images[0])
    const by = `${formatImage(candidate.images[0])} is newer`
    note(turn, {
      kind: 'superseded',
      reason: 'newer-candidate',
      detail: by,
      stage: stage.name,
      image,
      cause: state.next.cause,
    })
  }
  state.next = candidate
  note(turn, {
    kind: 'offered',
    reason,
    detail,
    stage: stage.name,
    image: formatImage(candidate.images[0]),
    cause: candidate.cause,
  })
}

/** While nobody is at work on its delivery, or once everything that it still wishes for was given up. */
function isReplaceable(turn: Turn<Line>, promotion: Promotion): boolean {
  const effects = turn.document.effects.filter((effect) => 'promotion' in effect && effect.promotion === promotion.id)
  if (promotion.phase === 'delivering') return !effects.some((effect) => isLeased(effect, turn.now))
  return effects.every((effect) => effect.dead !== undefined)
}

/** What waited comes to its turn, and is judged anew: the world has moved since. */
export function takeNext(turn: Turn<Line>, stage: Stage, state: StageState): void {
  const next = state.next
  if (next === undefined || state.promotion !== undefined || state.current.state === 'unknown') return
  delete state.next
  offer(turn, stage, next)
}

export function offerDownstream(turn: Turn<Line>, stage: Stage, candidate: string): void {
  for (const later of turn.rules.subscription.stages) {
    if (later.after.includes(stage.name)) offerFromUpstream(turn, later, candidate)
  }
}

/** A stage gets what every stage before it has proven. */
export function offerFromUpstream(turn: Turn<Line>, stage: Stage, only?: string): void {
  const upstream = stage.after.map((name) => provenAt(turn, name))
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

type Known = { readonly tag: Tag; readonly digest: Digest | null; readonly observedAt: number; readonly where: string }

function judge(turn: Turn<Line>, state: StageState, candidate: Candidate): Judgement {
  const [image] = candidate.images
  const refusal = state.refused.find((refused) => refused.candidate === candidate.id)
  if (refusal !== undefined) {
    const by = refusal.by === null ? '' : ` by ${refusal.by}`
    return refuse('refused-before', `${refusal.reason}${by}: ${refusal.detail}. It comes again after \`drayage lift\``)
  }
  const known = knownOf(turn, state)
  if (!turn.rules.ordered) return judgeUnordered(known, candidate)
  if (turn.rules.compare(image.tag, image.tag) === null)
    return ignore('tag-does-not-count', `the tag filter does not count ${image.tag}`)
  const moved = known.find(({ tag, digest }) => tag === image.tag && digest !== null && digest !== image.digest)
  if (moved !== undefined) return movedTag(image.tag, moved.where, moved.digest ?? '')
  const movedRefused = state.refused.find((refused) =>
    refused.image.startsWith(`${formatImage({ ...image, digest: null })}@`),
  )
  if (movedRefused !== undefined) return movedTag(image.tag, 'was refused', movedRefused.image)
  for (const { tag, where } of known) {
    const order = turn.rules.compare(image.tag, tag)
    if (order === null) continue
    if (order === 0) return ignore('already-there', `${tag} ${where}`)
    if (order < 0) return ignore('older', `${image.tag} is older than ${tag}, which ${where}`)
  }
  return { take: true }
}

/** A later observation wins: A→B→A is a new attempt, the same digest again is nothing new. */
function judgeUnordered(known: readonly Known[], candidate: Candidate): Judgement {
  const newest = known.toSorted((a, b) => b.observedAt - a.observedAt)[0]
  if (newest === undefined) return { take: true }
  if (newest.digest === candidate.images[0].digest) return ignore('already-there', `${newest.digest} ${newest.where}`)
  if (newest.observedAt > candidate.observedAt) return ignore('older', `a later look at the registry ${newest.where}`)
  return { take: true }
}

function knownOf(turn: Turn<Line>, state: StageState): Known[] {
  const known: Known[] = []
  const { current, promotion, next, shadow } = state
  if (current.state === 'found' && current.counts && current.tag !== null) {
    known.push({ tag: current.tag, digest: current.digest, observedAt: 0, where: 'was found there' })
  }
  if (current.state === 'candidate') known.push(knownFrom(current.candidate, 'runs there'))
  if (promotion !== undefined && promotion.phase !== 'rolling-back')
    known.push(knownFrom(promotion.candidate, 'is on its way'))
  if (next !== undefined) known.push(knownFrom(next, 'waits'))
  if (shadow !== undefined && turn.rules.mode === 'observe') known.push(knownFrom(shadow, 'would have been delivered'))
  return known
}

function knownFrom(candidate: Candidate, where: string): Known {
  const [{ tag, digest }] = candidate.images
  return { tag, digest, observedAt: candidate.observedAt, where }
}

function ignore(reason: string, detail: string): Judgement {
  return { take: false, kind: 'ignored', reason, detail }
}

function refuse(reason: string, detail: string): Judgement {
  return { take: false, kind: 'refused', reason, detail }
}

function movedTag(tag: Tag, where: string, digest: string): Judgement {
  return refuse(
    'moved-tag',
    `${tag} was moved to other content: the one that ${where} is ${digest}. Push a new version instead`,
  )
}
