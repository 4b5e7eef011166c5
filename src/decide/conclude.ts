/** Every target of a stage was looked at: what that means for what waits, and for what ran there before. */

import type { Candidate } from '../domain/candidate.ts'
import { isSameReference, parseImageReference } from '../domain/image.ts'
import type { Line, StageState } from '../domain/line.ts'
import type { Stage } from '../domain/subscription.ts'
import { targetId } from '../domain/target.ts'
import { offer, offerFromUpstream, takeNext } from './offer.ts'
import { refusedCandidate, rememberRefused } from './refuse.ts'
import { note, type Turn } from './turn.ts'

/** The newest that counts is the lower bound; what does not count is only shown. */
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
  const healthy = compareWithBefore(turn, stage, state)
  takeNext(turn, stage, state)
  if (state.promotion === undefined && healthy !== undefined) offer(turn, stage, healthy)
  if (state.promotion === undefined) offerFromUpstream(turn, stage)
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
  if (next === undefined || next.id !== knew?.resumes) return undefined
  delete state.next
  const detail = `found ${looks[touched[0]]?.image}`
  rememberRefused(state, { ...refusedCandidate(next), reason: 'moved', detail, at: turn.now, by: null })
  const { image } = refusedCandidate(next)
  note(turn, { kind: 'refused', reason: 'moved', detail, stage: stage.name, image, cause: next.cause })
  return undefined
}
