/** A person's voice about one promotion: counted where it may be, and in the history either way. */

import type { Answer } from '../domain/answer.ts'
import type { EffectOf } from '../domain/effect.ts'
import type { ApprovalGate } from '../domain/gate.ts'
import type { Line, StageState } from '../domain/line.ts'
import type { Promotion } from '../domain/promotion.ts'
import { formatImages } from '../domain/release.ts'
import type { Stage } from '../domain/subscription.ts'
import type { Vote } from '../domain/vote.ts'
import { revive, stuck } from './effects.ts'
import { isSamePerson, whyNotAmong, whyNotCounted } from './gates/approval.ts'
import { turnDown } from './turn-down.ts'
import { fresh, note, wish, type Turn } from './turn.ts'

/** More voices than any quorum needs; nobody fills a document by clicking. */
const VOTES_MAX = 128
const BALLOTS_MAX = 64
const REASON_LENGTH_MAX = 500

/** A voice whose owner is proven, groups included. */
export type VoteInput = {
  readonly kind: 'vote'
  readonly stage: string
  readonly promotion: string
  readonly vote: Vote
  /** Said before: that it does not count is known. */
  readonly isRepeat?: boolean
}

/** A click in a chat: who it was is proven, which groups they are in is not known yet. */
export type BallotInput = {
  readonly kind: 'ballot'
  readonly stage: string
  readonly promotion: string
  /** The chat's own id for the person. */
  readonly member: string
  readonly decision: Vote['decision']
  readonly reason: string
  readonly at: number
  /** Which message it was; absent: the promotion's own. */
  readonly shown?: string | undefined
}

export function vote(turn: Turn<Line>, { stage: name, promotion: id, vote: voice, isRepeat = false }: VoteInput): void {
  const found = promotionAt(turn, name, id)
  const why = found === null ? 'that promotion has ended, or never was' : whyNotHeard(turn, found, voice)
  if (why !== null) return isRepeat ? undefined : disregard(turn, { name, id }, voice, why)
  if (found === null) return
  const { stage, state, promotion } = found
  if (voice.decision === 'reject') return reject(turn, stage, state, voice)
  approve(turn, stage, promotion, voice)
}

type FoundPromotion = { readonly stage: Stage; readonly state: StageState; readonly promotion: Promotion }

/** Null: it counts. */
function whyNotHeard(turn: Turn<Line>, { stage, promotion }: FoundPromotion, voice: Vote): string | null {
  const gates = approvalsOf(stage)
  if (gates.length === 0) return `${stage.name} asks nobody for approval`
  if (!isOpen(promotion) && !mayStop(promotion, voice)) return 'too late: its gates held already, and it is on its way'
  if (voice.decision === 'reject') return firstOf(gates.map((gate) => whyNotAmong(gate, voice)))
  const { pusher } = promotion.candidate
  if (pusher !== undefined && isSamePerson(turn.rules.personOf(pusher), voice.by)) {
    return `${voice.by} pushed it: somebody else has to approve`
  }
  const isTold = promotion.votes.some(({ by, decision }) => isSamePerson(by, voice.by) && decision === 'approve')
  if (!isTold && promotion.votes.length >= VOTES_MAX) return `more than ${VOTES_MAX} votes`
  return firstOf(gates.map((gate) => whyNotCounted(gate, promotion, voice)))
}

/** The first reason, where every gate has one. */
function firstOf(reasons: readonly (string | null)[]): string | null {
  return reasons.every((reason) => reason !== null) ? (reasons[0] ?? null) : null
}

/** Anybody who may say no says so for so long as a pull request only shows it: nothing of it was merged, and of a batch only it goes. */
function mayStop({ phase, deliveries }: Promotion, { decision }: Vote): boolean {
  const isOnlyShown = Object.values(deliveries).every(({ state }) => state === 'proposed')
  return decision === 'reject' && phase === 'delivering' && isOnlyShown
}

type Place = { readonly name: string; readonly id: string }

function approve(turn: Turn<Line>, stage: Stage, promotion: Promotion, voice: Vote): void {
  // The same person once, however often and in however many ways they say it.
  if (promotion.votes.some(({ by, decision }) => isSamePerson(by, voice.by) && decision === 'approve')) return
  promotion.votes.push({ ...voice, reason: voice.reason.slice(0, REASON_LENGTH_MAX) })
  const why = voice.reason === '' ? '' : `: ${voice.reason}`
  note(turn, {
    ...aboutPromotion(stage, promotion),
    kind: 'approved',
    reason: voice.how,
    detail: `approved${why}`,
    by: voice.by,
  })
}

/** One who may approve may say no for all; so may who pushed it. */
function reject(turn: Turn<Line>, stage: Stage, state: StageState, voice: Vote): void {
  const detail = voice.reason === '' ? 'no reason given' : voice.reason.slice(0, REASON_LENGTH_MAX)
  turnDown(turn, stage, state, { end: 'rejected', as: 'rejected', reason: 'rejected', detail, by: voice.by })
}

/** Saved first, and answered at once; the chat is asked about the groups afterwards. */
export function ballot(turn: Turn<Line>, input: BallotInput): void {
  const { stage, promotion, member, decision, reason, at, shown } = input
  const found = promotionAt(turn, stage, promotion)
  if (found === null) {
    const voice = voiceOf(turn, input, [])
    return disregard(turn, { name: stage, id: promotion }, voice, 'that promotion has ended, or never was')
  }
  const waiting = turn.document.effects.filter(({ kind }) => kind === 'vouch')
  const id = `${promotion}/vouch/${member}/${decision}`
  // What the chat refused to tell may be mended since: whoever clicks again asks again.
  for (const effect of waiting) if (effect.id === id) revive(turn, effect)
  if (waiting.length >= BALLOTS_MAX) return
  const groups = [...new Set(approvalsOf(found.stage).flatMap(groupsOf))]
  const common = { stage, promotion, member, groups, decision, reason: reason.slice(0, REASON_LENGTH_MAX), at }
  wish(turn, {
    kind: 'vouch',
    ...fresh(turn, id),
    ...common,
    ...(shown && { shown }),
  })
}

/** Which groups the person was in when asked: now it is a vote. */
export function vouched(turn: Turn<Line>, effect: EffectOf<'vouch'>, answer: Answer): void {
  if (answer.kind !== 'vouched') return stuck(turn, effect, answer)
  const { stage, promotion } = effect
  vote(turn, { kind: 'vote', stage, promotion, vote: voiceOf(turn, effect, answer.groups) })
}

type Click = Pick<BallotInput, 'member' | 'decision' | 'reason' | 'at' | 'promotion' | 'shown'>

function voiceOf(
  turn: Turn<Line>,
  { member, decision, reason, at, promotion, shown = `the message of ${promotion}` }: Click,
  groups: readonly string[],
): Vote {
  return {
    by: turn.rules.personOf(member),
    how: 'slack',
    // A configuration may name members of the chat as it names its groups.
    groups: [...groups, member],
    decision,
    reason,
    at,
    shown,
  }
}

function promotionAt(turn: Turn<Line>, name: string, id: string) {
  const stage = turn.rules.subscription.stages.find((one) => one.name === name)
  const state = turn.document.stages[name]
  const promotion = state?.promotion
  return stage === undefined || state === undefined || promotion?.id !== id ? null : { stage, state, promotion }
}

/** Until it is on its way; where Drayage merges by itself, a promotion may come back before its gates. */
function isOpen({ phase }: Promotion): boolean {
  return phase === 'verifying' || phase === 'gated'
}

function approvalsOf(stage: Stage): readonly ApprovalGate[] {
  return stage.gates.filter((gate) => gate.kind === 'approval')
}

/** User groups of Slack: `S…`. */
function groupsOf({ from, atLeast }: ApprovalGate): readonly string[] {
  return [...from, ...atLeast.flatMap((quorum) => quorum.from)].filter((name) => /^S[A-Z0-9]{2,30}$/u.test(name))
}

/** Whoever reads the history sees who tried, and why it did not count. */
function disregard(turn: Turn<Line>, { name, id }: Place, { by, decision, how }: Vote, why: string): void {
  const detail = `${decision} by ${by} (${how}) does not count: ${why}`
  const isTold = turn.document.tail.some((entry) => entry.reason === 'vote-not-counted' && entry.detail === detail)
  if (isTold) return
  note(turn, { kind: 'noticed', reason: 'vote-not-counted', detail, stage: name, promotion: id, by })
}

function aboutPromotion(stage: Stage, { id, candidate }: Promotion) {
  return { stage: stage.name, promotion: id, image: formatImages(candidate) }
}
