/** A promotion opens, and is held to what its stage demands. */

import type { BreakGlass } from '../domain/break-glass.ts'
import type { Candidate } from '../domain/candidate.ts'
import type { Note } from '../domain/history.ts'
import type { Line, StageState } from '../domain/line.ts'
import { promotionId, type Promotion } from '../domain/promotion.ts'
import { formatImages } from '../domain/release.ts'
import type { Stage } from '../domain/subscription.ts'
import { targetId } from '../domain/target.ts'
import { voicesOf } from './broken-glass.ts'
import { describe } from './deliver.ts'
import { proceed } from './proceed.ts'
import { policyOf, termsOf } from './terms.ts'
import { note, type Turn } from './turn.ts'

/** So many candidates are remembered with the number of their attempts; older ones begin at 1 again. */
const TRIED_MAX = 64

const UNPROVEN = {
  reason: 'verify-none',
  detail: 'trusted without proof: `verify: none` is written in the configuration',
} as const
const NOTHING_TO_PROVE = {
  reason: 'nothing-to-prove',
  detail: 'a way back is asked for no scan, and nothing else is demanded here',
} as const

const NOTHING_BUT_SCANS = {
  reason: 'nothing-to-prove',
  detail: 'a break-glass is asked for no scan, and nothing else is demanded here',
} as const

type Why = {
  readonly purpose: Promotion['purpose']
  readonly detail?: string
  readonly by?: string
  readonly broken?: BreakGlass
}

export function open(
  turn: Turn<Line>,
  stage: Stage,
  state: StageState,
  candidate: Candidate,
  { purpose, detail, by, broken }: Why = { purpose: 'newer' },
): void {
  const { subscription } = turn.rules
  const attempt = countAttempt(state, candidate.id)
  const promotion: Promotion = {
    id: promotionId(subscription.name, stage.name, candidate.id, attempt),
    candidate,
    openedAt: turn.now,
    phase: 'verifying',
    purpose,
    terms: termsOf(stage),
    gates: [],
    votes: [],
    checks: {},
    deliveries: Object.fromEntries(stage.targets.map((target) => [targetId(target), { state: 'pending' as const }])),
    trains: [],
    ...(broken === undefined ? {} : { breakGlass: broken }),
  }
  promotion.votes = voicesOf(stage, promotion)
  state.promotion = promotion
  const common = { stage: stage.name, promotion: promotion.id, image: formatImages(candidate) }
  note(turn, {
    ...common,
    kind: 'promotion-opened',
    reason: purpose,
    detail: detail ?? describe(state),
    cause: candidate.cause,
    ...(by === undefined ? {} : { by }),
    ...pushedBy(candidate),
  })
  const policy = policyOf(stage, promotion, turn.now)
  if (policy === null) {
    promotion.phase = 'gated'
    note(turn, {
      ...common,
      kind: 'verdict',
      ...(stage.verify === 'none' ? UNPROVEN : broken === undefined ? NOTHING_TO_PROVE : NOTHING_BUT_SCANS),
    })
  } else promotion.provenBy = turn.now + policy.wait
  proceed(turn, stage, state)
}

/** For the history: who pushed it, where the event that brought it said so. */
export function pushedBy({ pusher }: Candidate): Pick<Note, 'pusher'> {
  return pusher === undefined ? {} : { pusher }
}

function countAttempt(state: StageState, candidate: string): number {
  const before = state.tried.find((tried) => tried.candidate === candidate)
  const attempts = (before?.attempts ?? 0) + 1
  const others = state.tried.filter((tried) => tried.candidate !== candidate)
  state.tried = [...others, { candidate, attempts }].slice(-TRIED_MAX)
  return attempts
}
