/** Whether a stage takes a candidate: followed, counted, not refused, newer than all that the stage knows. */

import type { Candidate } from '../domain/candidate.ts'
import { formatImage, type Digest, type Tag } from '../domain/image.ts'
import type { Line, StageState } from '../domain/line.ts'
import { follows, formatImages } from '../domain/release.ts'
import type { Turn } from './turn.ts'

export type Judgement =
  | { readonly take: true }
  | { readonly take: false; readonly kind: 'ignored' | 'refused'; readonly reason: string; readonly detail: string }

export type Known = {
  readonly tag: Tag
  readonly digest: Digest | null
  readonly observedAt: number
  readonly where: string
  /** Found there, not brought by us: that very content still has to be proven well before it goes further. */
  readonly isFound?: boolean
}

export function judge(turn: Turn<Line>, state: StageState, candidate: Candidate): Judgement {
  const [image] = candidate.images
  const strange = whyNotFollowed(turn, candidate)
  if (strange !== null) return ignore('not-followed', strange)
  const refusal = state.refused.find((refused) => refused.candidate === candidate.id)
  if (refusal !== undefined) {
    const by = refusal.by === null ? '' : ` by ${refusal.by}`
    return refuse('refused-before', `${refusal.reason}${by}: ${refusal.detail}. It comes again after \`drayage lift\``)
  }
  const known = knownOf(turn.rules, state)
  if (!turn.rules.ordered) return judgeUnordered(known, candidate)
  const moved = known.find(({ tag, digest }) => tag === image.tag && digest !== null && digest !== image.digest)
  if (moved !== undefined) return movedTag(image.tag, moved.where, moved.digest ?? '')
  const movedRefused = state.refused.find((refused) =>
    refused.image.startsWith(`${formatImage({ ...image, digest: null })}@`),
  )
  if (movedRefused !== undefined) return movedTag(image.tag, 'was refused', movedRefused.image)
  for (const one of known) {
    const order = turn.rules.compare(image.tag, one.tag)
    if (order === null || isToBeProven(one, image.digest)) continue
    if (order === 0) return ignore('already-there', `${one.tag} ${one.where}`)
    if (order < 0) return ignore('older', `${image.tag} is older than ${one.tag}, which ${one.where}`)
  }
  return { take: true }
}

/** The configuration may have moved on since the candidate was seen. Null: it is still followed. */
export function whyNotFollowed(turn: Turn<Line>, candidate: Candidate): string | null {
  const [image, ...others] = candidate.images
  const { subscription } = turn.rules
  const isSame = candidate.images.length === subscription.images.length
  if (!isSame || !candidate.images.every((one) => follows(subscription, one))) {
    return `the subscription follows ${formatImages(subscription)}`
  }
  if (others.some(({ tag }) => tag !== image.tag)) return `the images of a release have one tag, these have several`
  if (turn.rules.compare(image.tag, image.tag) === null) return `the tag filter does not count ${image.tag}`
  return null
}

/** A later observation wins: A→B→A is a new attempt, the same digest again is nothing new. */
function judgeUnordered(known: readonly Known[], candidate: Candidate): Judgement {
  const newest = known.toSorted((a, b) => b.observedAt - a.observedAt)[0]
  const [{ digest }] = candidate.images
  if (newest === undefined || isToBeProven(newest, digest)) return { take: true }
  if (newest.digest === digest) return ignore('already-there', `${newest.digest} ${newest.where}`)
  if (newest.observedAt > candidate.observedAt) return ignore('older', `a later look at the registry ${newest.where}`)
  return { take: true }
}

function isToBeProven(known: Known, digest: Digest): boolean {
  return known.isFound === true && known.digest === digest
}

export function knownOf(rules: Pick<Turn<Line>['rules'], 'mode'>, state: StageState): Known[] {
  const known: Known[] = []
  const { current, promotion, next, shadow } = state
  if (current.state === 'found' && current.counts && current.tag !== null) {
    const { tag, digest } = current
    known.push({ tag, digest, observedAt: 0, where: 'was found there', isFound: true })
  }
  if (current.state === 'candidate') known.push(knownFrom(current.candidate, 'runs there'))
  if (promotion !== undefined && promotion.phase !== 'rolling-back')
    known.push(knownFrom(promotion.candidate, 'is on its way'))
  if (next !== undefined) known.push(knownFrom(next, 'waits'))
  if (shadow !== undefined && rules.mode === 'observe') known.push(knownFrom(shadow, 'would have been delivered'))
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
