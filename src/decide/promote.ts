/** A person brings one candidate to a stage, also an older one: it is verified, and every gate is asked. */

import type { Candidate } from '../domain/candidate.ts'
import type { Line, StageState } from '../domain/line.ts'
import { formatImages } from '../domain/release.ts'
import type { Stage } from '../domain/subscription.ts'
import { whyNotFollowed } from './judge.ts'
import { isReplaceable } from './offer.ts'
import { open } from './open.ts'
import type { Turn } from './turn.ts'
import { end, sendDrop } from './withdraw.ts'

type Wanted = { readonly candidate: Candidate; readonly by: string; readonly reason: string }

/** Why it may not; null: it is on its way. */
export function promote(
  turn: Turn<Line>,
  stage: Stage,
  state: StageState,
  { candidate, by, reason }: Wanted,
): string | null {
  const why = whyNotPromoted(turn, stage, state, candidate)
  if (why !== null) return why
  dropPromotion(turn, stage, state, `${by} promotes ${formatImages(candidate)}`)
  delete state.next
  open(turn, stage, state, asKnown(turn, candidate), { purpose: 'promoted', detail: reason, by })
  return null
}

/** Null: it may go. Every gate is still asked. */
export function whyNotPromoted(turn: Turn<Line>, stage: Stage, state: StageState, candidate: Candidate): string | null {
  const strange = whyNotFollowed(turn, candidate)
  if (strange !== null) return strange
  if (state.current.state === 'unknown') return 'what runs there is not known yet: it is looked at first'
  if (state.current.state === 'candidate' && state.current.candidate.id === candidate.id) return 'it runs there already'
  const refused = state.refused.find((one) => one.candidate === candidate.id)
  if (refused !== undefined) return `it was refused (${refused.reason}): \`drayage lift\` first`
  if (state.pin !== undefined && state.pin.candidate !== candidate.id) {
    return `the stage is pinned to ${state.pin.image} by ${state.pin.by}: \`drayage unpin\` first`
  }
  if (!isProvenBefore(turn, stage, state, candidate)) {
    return `${stage.after.join(', ')} has not proven it: a candidate goes the way of its stages`
  }
  const { promotion } = state
  if (promotion !== undefined && !isReplaceable(turn, promotion)) return `${promotion.id} is at work: wait for its end`
  return null
}

/** What was healthy at the stages before, or here. */
function isProvenBefore(turn: Turn<Line>, stage: Stage, state: StageState, { id }: Candidate): boolean {
  if (stage.after.length === 0 || state.previous?.id === id) return true
  const has = (name: string): boolean => {
    const upstream = turn.document.stages[name]
    const current = upstream?.current
    return (current?.state === 'candidate' && current.candidate.id === id) || upstream?.previous?.id === id
  }
  return stage.needs === 'any' ? stage.after.some(has) : stage.after.every(has)
}

/** Whoever asks names an image; who pushed it stays known, and does not approve it by asking. */
export function asKnown(turn: Turn<Line>, candidate: Candidate): Candidate {
  const held = Object.values(turn.document.stages).flatMap(
    ({ current, previous, promotion, next, shadow, refused }) => [
      ...(current.state === 'candidate' ? [current.candidate] : []),
      previous,
      promotion?.candidate,
      next,
      shadow,
      ...refused.map(({ again }) => again),
    ],
  )
  const pusher = held.find((one) => one?.id === candidate.id && one.pusher !== undefined)?.pusher
  return pusher === undefined || candidate.pusher !== undefined ? candidate : { ...candidate, pusher }
}

export function dropPromotion(turn: Turn<Line>, stage: Stage, state: StageState, detail: string): void {
  const { promotion } = state
  if (promotion === undefined) return
  end(turn, stage.name, state, 'superseded', 'by-person', detail)
  for (const train of promotion.trains) sendDrop(turn, stage.name, promotion, train, detail)
}
