/**
 * A person put an older image back where ours ran: they do not want ours again. It is refused there until somebody lifts it, and
 * what is newer goes on, over what they wrote.
 */

import type { Candidate } from '../domain/candidate.ts'
import { formatImage, isSameReference, isSameRepository, parseImageReference } from '../domain/image.ts'
import type { Line, StageState } from '../domain/line.ts'
import type { Promotion } from '../domain/promotion.ts'
import { imageTaken } from '../domain/release.ts'
import type { Stage } from '../domain/subscription.ts'
import { refusedCandidate, rememberRefused } from './refuse.ts'
import { note, type Turn } from './turn.ts'

/** What stands at a target, as written, and what stands there beside it as far as is known. */
type Hand = {
  readonly target: string
  readonly found: string
  /** As whoever looked there says it. */
  readonly said?: string | undefined
}

/** True where it was such a hand: then the candidate is refused. `before`: what the first look found, where it is known. */
export function rememberReverted(
  turn: Turn<Line>,
  stage: Stage,
  state: StageState,
  ours: Candidate | undefined,
  { target, found, said, before }: Hand & { readonly before?: string | undefined },
): boolean {
  if (ours === undefined || turn.rules.mode === 'observe') return false
  if (!isOlder(turn, state, ours, { target, found, before })) return false
  const { image, candidate } = refusedCandidate(ours)
  const detail = `${target} holds ${found} again, which Drayage did not write: somebody put it back${said === undefined ? '' : ` (${said})`}`
  rememberRefused(state, { candidate, image, reason: 'reverted-by-person', detail, at: turn.now, by: null })
  const remedy = 'It comes again after `drayage lift`; newer ones go on'
  note(turn, {
    kind: 'rejected',
    reason: 'reverted-by-person',
    detail: `${detail}. ${remedy}`,
    stage: stage.name,
    image,
  })
  return true
}

function isOlder(
  turn: Turn<Line>,
  { previous }: StageState,
  ours: Candidate,
  { target, found, before }: Hand & { readonly before?: string | undefined },
): boolean {
  const own = imageTaken(ours, target)
  const written = parseImageReference(found)
  if (own === null || !written.ok || isSameReference(found, formatImage(own))) return false
  const last = previous === undefined ? null : imageTaken(previous, target)
  if (last !== null && isSameReference(found, formatImage(last))) return true
  if (before !== undefined && isSameReference(found, before)) return true
  const { tag } = written.value
  if (!turn.rules.ordered || tag === null || !isSameRepository(written.value, own)) return false
  return (turn.rules.compare(tag, own.tag) ?? 0) < 0
}

/**
 * At the act: a newer one was about to be written, and found ours taken back. It is brought all the same, over what is known to
 * stand there now; nothing of what it was held to is asked again.
 */
export function goOnOver(
  turn: Turn<Line>,
  stage: Stage,
  state: StageState,
  promotion: Promotion,
  {
    targets,
    found,
    said,
  }: { readonly targets: readonly string[]; readonly found: string | null | undefined; readonly said: string },
): boolean {
  const { current } = state
  if (found === null || found === undefined || current.state !== 'candidate') return false
  const ours = current.candidate
  if (promotion.candidate.id === ours.id || promotion.purpose === 'rollback') return false
  const touched = targets.find((target) => {
    const before = state.looks[target]?.image
    return rememberReverted(turn, stage, state, ours, { target, found, said, before })
  })
  if (touched === undefined) return false
  for (const target of targets) expectAlso(state, target, found, targets.length > 1)
  standsNow(turn, state, touched, found)
  return true
}

/** Of several targets of one write nobody says which one it was: each may hold either. */
function expectAlso(state: StageState, target: string, found: string, isOneOfSeveral: boolean): void {
  state.holds[target] = [...(isOneOfSeveral ? (state.holds[target] ?? []) : []), found]
}

/** What a way back would go back to: what was healthy before, if that is what they put back. */
function standsNow(turn: Turn<Line>, state: StageState, target: string, found: string): void {
  const { previous } = state
  const last = previous === undefined ? null : imageTaken(previous, target)
  const image = parseImageReference(found)
  const { tag, digest } = image.ok ? image.value : { tag: null, digest: null }
  delete state.previous
  if (previous !== undefined && last !== null && isSameReference(found, formatImage(last))) {
    const since = { observed: false, healthySince: turn.now, builtAt: null }
    state.current = { state: 'candidate', candidate: previous, ...since }
    return
  }
  const counts = tag !== null && turn.rules.compare(tag, tag) !== null
  state.current = { state: 'found', tag, digest, counts }
  state.looks[target] = { image: found, running: 'not-observed' }
}

/** The train has put it down: it is sent again once its gates are asked, which hold as before. */
export function carryAgain(promotion: Promotion, train: string, targets: readonly string[]): void {
  promotion.trains = promotion.trains.filter((one) => one !== train)
  for (const target of targets) {
    if (promotion.deliveries[target]?.state === 'proposed') promotion.deliveries[target] = { state: 'pending' }
  }
  if (promotion.phase !== 'delivering') return
  promotion.phase = 'gated'
  delete promotion.mergeUntil
}
