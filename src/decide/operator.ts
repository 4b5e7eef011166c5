/** What a person asks for: another try of what was given up, a refusal lifted. Who may is decided before. */

import type { Document } from '../domain/document.ts'
import { parseImageReference } from '../domain/image.ts'
import type { Line, Refused, StageState } from '../domain/line.ts'
import { imagesIn } from '../domain/release.ts'
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

type Lift = Act & { readonly candidate: string }

/** `candidate` is its id (a digest), its tag, or an image as the refusal shows it. */
export function lift(turn: Turn<Line>, act: Lift): void {
  for (const [name, state] of Object.entries(turn.document.stages)) {
    if (act.stage === null || act.stage === name) liftAt(turn, name, state, act)
  }
}

function liftAt(turn: Turn<Line>, name: string, state: StageState, { by, reason, candidate }: Lift): void {
  const lifted = state.refused.findLast((one) => isNamed(one, candidate))
  if (lifted === undefined) return
  state.refused = state.refused.filter((refused) => refused !== lifted)
  const detail = `${reason}; was refused: ${lifted.reason}, ${lifted.detail}`
  note(turn, { kind: 'operator', reason: 'lift', detail, stage: name, image: lifted.image, by })
  // What waits before this stage comes by itself; at a first stage the next event, or a replay, brings it.
  const stage = turn.rules.subscription.stages.find((one) => one.name === name)
  if (stage !== undefined) offerFromUpstream(turn, stage)
}

function isNamed({ candidate, image }: Refused, name: string): boolean {
  if (candidate === name || image === name) return true
  return imagesIn(image).some((text) => {
    const written = parseImageReference(text)
    return text === name || (written.ok && written.value.tag === name)
  })
}
