/** Approval: enough of the people who may have said yes to this very candidate. Nobody counts twice, and nobody for what they pushed. */

import { formatDuration } from '../../domain/duration.ts'
import type { ApprovalGate } from '../../domain/gate.ts'
import type { Promotion } from '../../domain/promotion.ts'
import type { Vote } from '../../domain/vote.ts'
import { describeInstant, failed, held, waiting, type Facts, type Said } from './gate.ts'

export function approval(gate: ApprovalGate, { promotion, mode }: Facts, now: number): Said {
  if (mode === 'observe') return held('nobody is asked in observe mode')
  const yes = promotion.votes.filter(
    (vote) => vote.decision === 'approve' && whyNotCounted(gate, promotion, vote) === null,
  )
  const missing = missingOf(gate, yes)
  const names = yes.map(({ by, how }) => `${by} (${how})`).join(', ')
  const { authors } = promotion
  if (missing === null && authors?.state === 'asked') return waiting(`${authors.detail}; approved by ${names}`)
  const unknown = authors?.state === 'unknown' ? `; ${authors.detail}` : ''
  if (missing === null) return held(`approved by ${names}${unknown}`)
  const end = expiryOf(gate, promotion)
  const so = names === '' ? '' : `; so far ${names}`
  if (now >= end) return failed(`not approved within ${formatDuration(gate.expires)}: ${missing}${so}`)
  return waiting(`waits for ${missing}${so}, until ${describeInstant(end)}`, end)
}

/** From the moment that people were to be asked: in a chat, after its quiet hours. */
export function expiryOf({ expires, slack }: ApprovalGate, { gatedAt, askedAt, openedAt }: Promotion): number {
  return ((slack === undefined ? undefined : askedAt) ?? gatedAt ?? openedAt) + expires
}

type Voter = Pick<Vote, 'by' | 'groups'>

/** Null: this person may speak at this gate. */
export function whyNotAmong({ from }: ApprovalGate, voter: Voter): string | null {
  return isAmong(from, voter) ? null : `${voter.by} is not among those who may: ${from.join(', ')}`
}

/** Null: this person's yes counts at this gate. */
export function whyNotCounted(gate: ApprovalGate, { candidate, authors }: Promotion, voter: Voter): string | null {
  const stranger = whyNotAmong(gate, voter)
  if (stranger !== null) return stranger
  const { pusher } = candidate
  // A registry that says logins of GitHub says them without more.
  const isPusher = [pusher, pusher === undefined ? undefined : `github:${pusher}`].some((one) => isVoter(one, voter))
  if (isPusher) return `${voter.by} pushed it: somebody else has to approve`
  const isAuthor = authors?.people.some((one) => isVoter(one, voter)) === true
  if (isAuthor) return `${voter.by} wrote the commit that it was built from: somebody else has to approve`
  return null
}

function isVoter(one: string | undefined, { by, groups }: Voter): boolean {
  return isSamePerson(one, by) || groups.some((name) => name.startsWith('github:') && isSamePerson(one, name))
}

/** Null: the quorum is complete. */
function missingOf(gate: ApprovalGate, yes: readonly Vote[]): string | null {
  if (yes.length < gate.votes) {
    const more = gate.votes - yes.length
    return `${more} more ${more === 1 ? 'approval' : 'approvals'} of ${gate.votes}, by ${gate.from.join(', ')}`
  }
  for (const { from, votes } of gate.atLeast) {
    const counted = yes.filter((vote) => isAmong(from, vote)).length
    if (counted < votes) return `${votes - counted} more from ${from.join(', ')}`
  }
  const others = yes.filter(({ how }) => how !== 'slack').length
  return others < gate.otherWays ? `${gate.otherWays - others} more by another way than chat` : null
}

function isAmong(from: readonly string[], { by, groups }: Voter): boolean {
  return from.some((one) => isSamePerson(one, by) || groups.includes(one))
}

/** Names of people come in any case. */
export function isSamePerson(one: string | undefined, other: string): boolean {
  return one !== undefined && one.toLowerCase() === other.toLowerCase()
}
