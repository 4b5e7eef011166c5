/** The memory of what is not wanted at a stage: it comes again when a person lifts it. */

import type { Candidate } from '../domain/candidate.ts'
import type { Refused, StageState } from '../domain/line.ts'
import { formatImages } from '../domain/release.ts'

/** The oldest refusal is forgotten first: its candidate is older than what runs by then. */
const REFUSED_MAX = 100
/** The history has the whole of it. */
const DETAIL_LENGTH_MAX = 500

export function rememberRefused(state: StageState, refused: Refused): void {
  const others = state.refused.filter(({ candidate }) => candidate !== refused.candidate)
  state.refused = [...others, { ...refused, detail: refused.detail.slice(0, DETAIL_LENGTH_MAX) }].slice(-REFUSED_MAX)
}

/** The parts of a refusal that its candidate knows. */
export function refusedCandidate(candidate: Candidate): Pick<Refused, 'candidate' | 'image'> {
  return { candidate: candidate.id, image: formatImages(candidate) }
}
