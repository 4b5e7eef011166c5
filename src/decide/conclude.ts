/** Every target of a stage was looked at: what that means for what waits, and for what ran there before. */

import type { Candidate } from '../domain/candidate.ts'
import {
  isSameReference,
  isSameRepository,
  parseImageReference,
  type Digest,
  type ImageName,
  type Tag,
} from '../domain/image.ts'
import type { Line, StageState } from '../domain/line.ts'
import { nameAt } from '../domain/release.ts'
import type { Stage } from '../domain/subscription.ts'
import { targetId } from '../domain/target.ts'
import { offer, offerFromUpstream, takeNext } from './offer.ts'
import { refusedCandidate, rememberRefused } from './refuse.ts'
import { rememberReverted } from './reverted.ts'
import { note, type Turn } from './turn.ts'

/** The newest that counts is the lower bound; what does not count is only shown. */
export function concludeLook(turn: Turn<Line>, stage: Stage, state: StageState): void {
  if (state.current.state !== 'unknown') return
  const { subscription } = turn.rules
  const found: Found[] = []
  for (const target of stage.targets) {
    const look = state.looks[targetId(target)]
    if (look === undefined) return
    found.push(foundFrom(turn, nameAt(subscription, target), look.image))
  }
  const newest = newestOf(turn, found)
  if (newest === undefined) return
  const parts = subscription.images.flatMap(
    (name) =>
      newestOf(
        turn,
        found.filter((one) => isSameRepository(one.name, name)),
      ) ?? [],
  )
  const isSeveral = subscription.images.length > 1
  const { tag, digest, counts } = newest
  state.current = { state: 'found', tag, digest, counts }
  if (isSeveral) state.current.parts = parts.map(partOf)
  const written = (isSeveral ? parts : [newest]).map((one) => one.written).join(', ')
  note(turn, {
    kind: 'observed',
    reason: counts ? 'counts' : 'does-not-count',
    detail: counts
      ? `runs ${written}: the lower bound`
      : `runs ${written}, which the tag filter does not count: no bound`,
    stage: stage.name,
    image: written,
  })
  const healthy = compareWithBefore(turn, stage, state)
  takeNext(turn, stage, state)
  if (state.promotion === undefined && healthy !== undefined) offer(turn, stage, healthy)
  if (state.promotion === undefined) offerFromUpstream(turn, stage)
}

type Found = {
  readonly name: ImageName
  readonly written: string
  readonly tag: Tag | null
  readonly digest: Digest | null
  readonly counts: boolean
}

function partOf({ name, tag, digest, counts }: Found): ImageName & Omit<Found, 'name' | 'written'> {
  return { ...name, tag, digest, counts }
}

function foundFrom(turn: Turn<Line>, name: ImageName, written: string): Found {
  const image = parseImageReference(written)
  const tag = image.ok ? image.value.tag : null
  const counts = tag !== null && turn.rules.compare(tag, tag) !== null
  return { name, written, tag, digest: image.ok ? image.value.digest : null, counts }
}

/** Of those that count; else the first. */
function newestOf(turn: Turn<Line>, found: readonly Found[]): Found | undefined {
  const order = (a: Found, b: Found): number =>
    a.tag !== null && b.tag !== null ? (turn.rules.compare(b.tag, a.tag) ?? 0) : 0
  return found.filter(({ counts }) => counts).toSorted(order)[0] ?? found[0]
}

/**
 * Gives back what was healthy here, if it still stands where we brought it: then it is brought to targets that are new.
 * A candidate that was on its way does not go on over a hand that was not there when it set out.
 */
function compareWithBefore(turn: Turn<Line>, stage: Stage, state: StageState): Candidate | undefined {
  const { knew, looks, next } = state
  delete state.knew
  const touched = Object.entries(knew?.holds ?? {}).find(([target, held]) => {
    const look = looks[target]
    return look !== undefined && !held.some((written) => isSameReference(written, look.image))
  })
  if (touched === undefined) return knew?.healthy
  const hand = { target: touched[0], found: looks[touched[0]]?.image ?? '' }
  if (rememberReverted(turn, stage, state, knew?.healthy, hand)) return undefined
  if (next === undefined || next.id !== knew?.resumes) return undefined
  delete state.next
  const detail = `found ${looks[touched[0]]?.image}`
  rememberRefused(state, { ...refusedCandidate(next), reason: 'moved', detail, at: turn.now, by: null })
  const { image } = refusedCandidate(next)
  note(turn, { kind: 'refused', reason: 'moved', detail, stage: stage.name, image, cause: next.cause })
  return undefined
}
