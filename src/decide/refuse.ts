/** The memory of what is not wanted at a stage: it comes again when a person lifts it. */

import type { Candidate } from '../domain/candidate.ts'
import type { Line, Refused, StageState } from '../domain/line.ts'
import type { Stage } from '../domain/subscription.ts'
import type { Turn } from './turn.ts'
import { formatImages } from '../domain/release.ts'

/** The oldest refusal is forgotten first: its candidate is older than what runs by then. */
const REFUSED_MAX = 100
/** The history has the whole of it. */
const DETAIL_LENGTH_MAX = 500

export function rememberRefused(state: StageState, refused: Refused): void {
  const others = state.refused.filter(({ candidate }) => candidate !== refused.candidate)
  state.refused = [...others, { ...refused, detail: refused.detail.slice(0, DETAIL_LENGTH_MAX) }].slice(-REFUSED_MAX)
}

/** What was rolled back, where the stage says so, is not wanted anywhere: it is the same image at each stage. */
export function refuseAsBad(turn: Turn<Line>, stage: Stage, state: StageState, refused: Refused): void {
  rememberRefused(state, refused)
  if (stage.rollback?.refuse !== 'everywhere') return
  const detail = `rolled back at ${stage.name}: ${refused.detail}`
  for (const other of Object.values(turn.document.stages)) {
    if (other !== state) rememberRefused(other, { ...refused, detail })
  }
}

/** The parts of a refusal that its candidate knows. */
export function refusedCandidate(candidate: Candidate): Pick<Refused, 'candidate' | 'image'> {
  return { candidate: candidate.id, image: formatImages(candidate) }
}
