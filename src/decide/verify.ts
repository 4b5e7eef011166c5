/** Proof of a promotion: asked for, waited for, and worked in; what is never proven is refused. */

import type { Answer } from '../domain/answer.ts'
import type { EffectOf } from '../domain/effect.ts'
import type { Candidate } from '../domain/candidate.ts'
import type { Digest } from '../domain/image.ts'
import type { Known } from '../domain/known.ts'
import type { Line, Refused, StageState } from '../domain/line.ts'
import type { Promotion, Proof } from '../domain/promotion.ts'
import { formatImages } from '../domain/release.ts'
import type { Stage } from '../domain/subscription.ts'
import type { RuleOutcome } from '../domain/verdict.ts'
import type { Policy } from '../domain/verification-policy.ts'
import { brokenGlassOf } from './broken-glass.ts'
import { stuck } from './effects.ts'
import { policyOf } from './terms.ts'
import { turnDown } from './turn-down.ts'
import { isLeased, note, type Turn } from './turn.ts'
import { wishVerify } from './wish-verify.ts'

const AGAIN_FIRST_MS = 15_000
const AGAIN_MAX_MS = 5 * 60_000
/** A document has a length: of a policy with many rules these are kept, those that do not hold first. */
const OUTCOMES_MAX = 32
const DETAIL_LENGTH_MAX = 500

/** Good enough to act on: under the present terms, and not older than the policy allows. */
export function isProven(stage: Stage, promotion: Promotion, now: number): boolean {
  const policy = policyOf(stage, promotion, now)
  if (policy === null) return true
  const { proof } = promotion
  if (proof?.breakGlass === true && brokenGlassOf(stage, promotion, now) === null) return false
  return proof?.state === 'trusted' && now - proof.at <= policy.fresh
}

/** True where the promotion may go on now. */
export function judged(
  turn: Turn<Line>,
  stage: Stage,
  state: StageState,
  effect: EffectOf<'verify'>,
  answer: Answer,
): boolean {
  const { promotion } = state
  if (promotion?.id !== effect.promotion) return false
  if (answer.kind !== 'verdict') {
    stuck(turn, effect, answer)
    return false
  }
  const policy = policyOf(stage, promotion, turn.now)
  if (policy === null) return true
  const { verdict, builtAt } = answer
  if (verdict.state === 'distrusted') {
    const known = answer.known ?? promotion.proof?.known
    turnDownUnproven(turn, stage, state, policy, { reason: 'distrusted', outcomes: verdict.outcomes, known })
    return false
  }
  const was = promotion.proof
  promotion.proof = { state: verdict.state, outcomes: boundedOf(verdict.outcomes), at: verdict.at, builtAt }
  if (effect.breakGlass === true) promotion.proof.breakGlass = true
  if (answer.known !== undefined) promotion.proof.known = answer.known
  if (!isSameProof(was, promotion.proof)) noteVerdict(turn, stage, promotion, promotion.proof)
  if (verdict.state === 'undecided') return waitOn(turn, stage, state, promotion, policy)
  delete promotion.provenBy
  if (promotion.phase === 'verifying') promotion.phase = 'gated'
  return true
}

/** What is undecided waits for its signature or scan until the deadline; what was trusted before gets another wait. */
function waitOn(turn: Turn<Line>, stage: Stage, state: StageState, promotion: Promotion, policy: Policy): false {
  if (promotion.phase !== 'verifying') promotion.provenBy = turn.now + policy.wait
  promotion.phase = 'verifying'
  const end = (promotion.provenBy ??= turn.now + policy.wait)
  if (turn.now >= end) {
    const { outcomes = [], known } = promotion.proof ?? {}
    turnDownUnproven(turn, stage, state, policy, { reason: 'never-proven', outcomes, known })
    return false
  }
  const waited = turn.now - (end - policy.wait)
  const delay = Math.min(Math.max(waited / 2, AGAIN_FIRST_MS), AGAIN_MAX_MS, end - turn.now)
  wishVerify(turn, stage, promotion, Math.ceil(delay))
  return false
}

type Unproven = {
  readonly reason: 'distrusted' | 'never-proven'
  readonly outcomes: readonly RuleOutcome[]
  readonly known: Known | undefined
}

function turnDownUnproven(
  turn: Turn<Line>,
  stage: Stage,
  state: StageState,
  policy: Policy,
  { reason, outcomes, known }: Unproven,
): void {
  const late = reason === 'never-proven' ? 'not proven in time. ' : ''
  const detail = `${late}${describeOutcomes(outcomes)}`
  turnDown(turn, stage, state, {
    end: 'distrusted',
    as: 'distrusted',
    reason,
    detail,
    by: null,
    again: policy.reconsider,
    platforms: known?.platforms ?? [],
  })
}

/** Somebody said something new about this content, or about a platform of it: whoever waits for a proof of it looks now. */
export function hearSignal(turn: Turn<Line>, subject: Digest): readonly Revived[] {
  const revived = reconsidered(turn, subject)
  for (const { promotion } of Object.values(turn.document.stages)) {
    if (promotion === undefined || !isAbout(promotion.candidate, promotion.proof?.known?.platforms, subject)) continue
    for (const effect of turn.document.effects) {
      const isMeant = effect.kind === 'verify' && effect.promotion === promotion.id && effect.dead === undefined
      if (isMeant && !isLeased(effect, turn.now)) effect.due = Math.min(effect.due, turn.now)
    }
  }
  return revived
}

/** Scanners, and pipelines that attest platform by platform, do not name the index. */
function isAbout({ images }: Candidate, platforms: readonly Digest[] = [], subject: Digest): boolean {
  return platforms.includes(subject) || images.some(({ digest }) => digest === subject)
}

export type Revived = { readonly stage: Stage; readonly candidate: Candidate }

/** What was denied for want of proof is offered again, where the policy says so. */
function reconsidered(turn: Turn<Line>, subject: Digest): readonly Revived[] {
  return turn.rules.subscription.stages.flatMap((stage): Revived[] => {
    const state = turn.document.stages[stage.name]
    const isMeant = ({ again, platforms }: Refused): boolean =>
      again !== undefined && isAbout(again, platforms, subject)
    const refused = stage.verify !== 'none' && stage.verify.reconsider ? state?.refused.find(isMeant) : undefined
    if (state === undefined || refused?.again === undefined) return []
    state.refused = state.refused.filter((one) => one !== refused)
    const detail = `something new is said of it; was refused: ${refused.detail}`
    note(turn, { kind: 'noticed', reason: 'reconsidered', detail, stage: stage.name, image: refused.image })
    return [{ stage, candidate: refused.again }]
  })
}

function noteVerdict(turn: Turn<Line>, stage: Stage, promotion: Promotion, { state, outcomes }: Proof): void {
  note(turn, {
    kind: 'verdict',
    reason: state,
    detail: describeOutcomes(outcomes),
    stage: stage.name,
    promotion: promotion.id,
    image: formatImages(promotion.candidate),
  })
}

/** What does not hold comes first: it is what a person has to know. */
function boundedOf(outcomes: readonly RuleOutcome[]): RuleOutcome[] {
  const rank = { failed: 0, waiting: 1, held: 2 } as const
  const sorted = outcomes.toSorted((a, b) => rank[a.state] - rank[b.state])
  return sorted.slice(0, OUTCOMES_MAX).map((one) => ({ ...one, detail: one.detail.slice(0, DETAIL_LENGTH_MAX) }))
}

export function describeOutcomes(outcomes: readonly RuleOutcome[]): string {
  return boundedOf(outcomes)
    .map(({ rule, state, detail }) => `${rule} ${state}: ${detail}`)
    .join('; ')
}

/** Each rule as it was: the details (times, counts) may differ, and are no news. */
function isSameProof(was: Proof | undefined, is: Proof): boolean {
  const said = (proof: Proof): string => JSON.stringify(proof.outcomes.map(({ rule, state }) => [rule, state]))
  return was !== undefined && was.state === is.state && said(was) === said(is)
}
