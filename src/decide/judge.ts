/** Whether a stage takes a candidate: followed, counted, not refused, newer than all that the stage knows. */

import type { Candidate } from '../domain/candidate.ts'
import {
  formatImage,
  isSameRepository,
  type Digest,
  type ImageName,
  type PinnedImage,
  type Tag,
} from '../domain/image.ts'
import type { Line, StageState } from '../domain/line.ts'
import { follows, formatImages, imagesIn } from '../domain/release.ts'
import type { Subscription } from '../domain/subscription.ts'
import type { Turn } from './turn.ts'

export type Judgement =
  | { readonly take: true }
  | { readonly take: false; readonly kind: 'ignored' | 'refused'; readonly reason: string; readonly detail: string }

export type Known = {
  readonly tag: Tag
  /** What stands under it, as far as it is known. */
  readonly contents: readonly Content[]
  readonly observedAt: number
  readonly where: string
  /** Found there, not brought by us: that very content still has to be proven well before it goes further. */
  readonly isFound?: boolean
  /** Other images of the release were found under another tag: so none of them is there as a whole. */
  readonly isPartial?: boolean
}
type Content = ImageName & { readonly digest: Digest | null }

export function judge(turn: Turn<Line>, state: StageState, candidate: Candidate): Judgement {
  const [{ tag }] = candidate.images
  const strange = whyNotFollowed(turn, candidate)
  if (strange !== null) return ignore('not-followed', strange)
  const refusal = state.refused.find((refused) => refused.candidate === candidate.id)
  if (refusal !== undefined) {
    const by = refusal.by === null ? '' : ` by ${refusal.by}`
    return refuse('refused-before', `${refusal.reason}${by}: ${refusal.detail}. It comes again after \`drayage lift\``)
  }
  const known = knownOf(turn.rules, state)
  if (!turn.rules.ordered) return judgeUnordered(known, candidate)
  const moved = movedFrom(known, candidate) ?? movedFromRefused(state, candidate)
  if (moved !== null) return moved
  for (const one of known) {
    const order = turn.rules.compare(tag, one.tag)
    if (order === null || isToBeProven(one, candidate)) continue
    if (order === 0 && one.isPartial !== true) return ignore('already-there', `${one.tag} ${one.where}`)
    if (order < 0) return ignore('older', `${tag} is older than ${one.tag}, which ${one.where}`)
  }
  return { take: true }
}

/** The tag had other content there before, of any image of the release. */
function movedFrom(known: readonly Known[], { images }: Candidate): Judgement | null {
  for (const image of images) {
    for (const one of known.filter(({ tag }) => tag === image.tag)) {
      const digest = digestIn(one, image)
      if (digest !== null && digest !== image.digest) return movedTag(nameOf(image, images), one.where, digest)
    }
  }
  return null
}

function movedFromRefused({ refused }: StageState, { images }: Candidate): Judgement | null {
  for (const image of images) {
    const written = `${formatImage({ ...image, digest: null })}@`
    // Of a release that was refused, this image may be the one that was well.
    const others = refused.flatMap((one) => imagesIn(one.image)).filter((text) => text.startsWith(written))
    const [other] = others
    if (other === undefined || others.includes(formatImage(image))) continue
    return movedTag(nameOf(image, images), 'was refused', other)
  }
  return null
}

/** A tag alone says enough where one image is released alone. */
function nameOf({ repository, tag }: PinnedImage, { length }: Candidate['images']): string {
  return length === 1 ? tag : `${repository}:${tag}`
}

/** Null: it is not known, or nothing of this image. */
export function digestIn({ contents }: Pick<Known, 'contents'>, image: ImageName): Digest | null {
  return contents.find((content) => isSameRepository(content, image))?.digest ?? null
}

function isContent(known: Known, { images }: Candidate): boolean {
  return images.every((image) => digestIn(known, image) === image.digest)
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
  if (newest === undefined || isToBeProven(newest, candidate)) return { take: true }
  if (isContent(newest, candidate)) {
    const digests = candidate.images.map(({ digest }) => digest).join(', ')
    return ignore('already-there', `${digests} ${newest.where}`)
  }
  if (newest.observedAt > candidate.observedAt) return ignore('older', `a later look at the registry ${newest.where}`)
  return { take: true }
}

function isToBeProven(known: Known, candidate: Candidate): boolean {
  return known.isFound === true && isContent(known, candidate)
}

export function knownOf(rules: Pick<Turn<Line>['rules'], 'mode' | 'subscription'>, state: StageState): Known[] {
  const known: Known[] = []
  const { current, promotion, next, shadow } = state
  if (current.state === 'found') known.push(...knownFromLook(current, rules.subscription))
  if (current.state === 'candidate') known.push(knownFrom(current.candidate, 'runs there'))
  if (promotion !== undefined && promotion.phase !== 'rolling-back')
    known.push(knownFrom(promotion.candidate, 'is on its way'))
  if (next !== undefined) known.push(knownFrom(next, 'waits'))
  if (shadow !== undefined && rules.mode === 'observe') known.push(knownFrom(shadow, 'would have been delivered'))
  return known
}

function knownFrom({ images, observedAt }: Candidate, where: string): Known {
  return { tag: images[0].tag, contents: images, observedAt, where }
}

/** A bound each where the images of a release stand under several tags: what is newer than one of them may still be older than another. */
function knownFromLook(
  { tag, digest, counts, parts }: Extract<StageState['current'], { state: 'found' }>,
  { images }: Subscription,
): Known[] {
  const common = { observedAt: 0, where: 'was found there', isFound: true }
  if (parts === undefined || parts.every((part) => part.counts && part.tag === tag)) {
    return tag === null || !counts ? [] : [{ ...common, tag, contents: parts ?? [{ ...images[0], digest }] }]
  }
  return parts.flatMap((part) =>
    part.tag === null || !part.counts ? [] : [{ ...common, tag: part.tag, contents: [part], isPartial: true }],
  )
}

function ignore(reason: string, detail: string): Judgement {
  return { take: false, kind: 'ignored', reason, detail }
}

function refuse(reason: string, detail: string): Judgement {
  return { take: false, kind: 'refused', reason, detail }
}

function movedTag(name: string, where: string, digest: string): Judgement {
  return refuse(
    'moved-tag',
    `${name} was moved to other content: the one that ${where} is ${digest}. Push a new version instead`,
  )
}
