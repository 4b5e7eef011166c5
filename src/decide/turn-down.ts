/** A promotion is not wanted, by a person, a gate or its proof: it is remembered as refused, and what it began is taken back. */

import type { Digest } from '../domain/image.ts'
import type { Refused, Line, StageState } from '../domain/line.ts'
import type { Stage } from '../domain/subscription.ts'
import { refusedCandidate, rememberRefused } from './refuse.ts'
import { fail } from './rollback.ts'
import type { Turn } from './turn.ts'
import { end, sendDrop, type End } from './withdraw.ts'

export type TurnedDown = {
  readonly end: End
  /** What the refusal is called. */
  readonly as: string
  readonly reason: string
  readonly detail: string
  /** The person who said so. */
  readonly by: string | null
  /** Whether it is offered again when something new is said of it. */
  readonly again?: boolean
  /** Of an index: news of these is news of it. */
  readonly platforms?: readonly Digest[]
}

export function turnDown(turn: Turn<Line>, stage: Stage, state: StageState, down: TurnedDown): void {
  const { promotion } = state
  if (promotion === undefined) return
  const { reason, detail, as, by, platforms = [] } = down
  const { candidate } = promotion
  const hasArrived = Object.values(promotion.deliveries).some(({ state: one }) => one === 'delivered')
  if (hasArrived) return fail(turn, stage, state, { reason, detail, as: 'rejected', refusedAs: as, by })
  const refused: Refused = { ...refusedCandidate(candidate), reason: as, detail, at: turn.now, by }
  const spoken = platforms.length > 0 && { platforms: [...platforms] }
  if (promotion.purpose !== 'rollback')
    rememberRefused(state, down.again === true ? { ...refused, again: candidate, ...spoken } : refused)
  end(turn, stage.name, state, down.end, reason, detail, by)
  for (const train of promotion.trains) sendDrop(turn, stage.name, promotion, train, detail)
}
