/** What a person asks for: another try of what was given up, a refusal lifted. Who may is decided before. */

import type { Document } from '../domain/document.ts'
import type { Line } from '../domain/line.ts'
import { revive } from './effects.ts'
import { offerFromUpstream } from './offer.ts'
import { note, type Turn } from './turn.ts'

type Act = { readonly by: string; readonly reason: string; readonly stage: string | null }

export function retry(turn: Omit<Turn<Document>, 'rules'>, act: Act): void {
  const revived = turn.document.effects.filter((effect) => {
    const isMeant = act.stage === null || !('stage' in effect) || effect.stage === act.stage
    return isMeant && revive(turn, effect)
  })
  if (revived.length === 0) return
  const detail = `${act.reason}; again: ${revived.map(({ id }) => id).join(', ')}`
  note(turn, {
    kind: 'operator',
    reason: 'retry',
    detail,
    by: act.by,
    ...(act.stage === null ? {} : { stage: act.stage }),
  })
}

/** `candidate` is its id (a digest), or the image as the refusal shows it. */
export function lift(turn: Turn<Line>, act: Act & { readonly stage: string; readonly candidate: string }): void {
  const state = turn.document.stages[act.stage]
  const lifted = state?.refused.find(({ candidate, image }) => candidate === act.candidate || image === act.candidate)
  if (state === undefined || lifted === undefined) return
  state.refused = state.refused.filter((refused) => refused !== lifted)
  const detail = `${act.reason}; was refused: ${lifted.reason}, ${lifted.detail}`
  note(turn, { kind: 'operator', reason: 'lift', detail, stage: act.stage, image: lifted.image, by: act.by })
  // What waits before this stage comes by itself; at a first stage the next event, or a replay, brings it.
  const stage = turn.rules.subscription.stages.find(({ name }) => name === act.stage)
  if (stage !== undefined) offerFromUpstream(turn, stage)
}
