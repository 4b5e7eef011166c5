/** The request to bring one candidate to one stage, while it lasts. Its ends go to the history. */

import * as z from 'zod'
import { BreakGlass } from './break-glass.ts'
import { Candidate } from './candidate.ts'
import { Instant } from './event.ts'
import { GateState } from './gate.ts'
import { Known } from './known.ts'
import { RuleOutcome } from './verdict.ts'
import { Vote } from './vote.ts'

/** How far one target of a promotion is. */
export const DeliveryState = z.discriminatedUnion('state', [
  z.object({ state: z.literal('pending') }),
  /** Carried by a train: a pull request waits for its merge. */
  z.object({ state: z.literal('proposed'), url: z.string() }),
  z.object({ state: z.literal('delivered'), reference: z.string(), now: z.string() }),
  z.object({ state: z.literal('well'), reference: z.string(), now: z.string(), observed: z.boolean() }),
  /** Never reached, or put back, or left to the person who changed it meanwhile. */
  z.object({ state: z.literal('settled'), restored: z.boolean(), detail: z.string() }),
  /** In observe mode: looked at, not touched. */
  z.object({ state: z.literal('previewed') }),
])
export type DeliveryState = z.infer<typeof DeliveryState>

export const PROMOTION_PHASES = ['verifying', 'gated', 'delivering', 'observing', 'rolling-back'] as const

/** What verification came to last; good for so long as the policy says, and under the same terms. */
export const Proof = z.object({
  state: z.enum(['trusted', 'undecided']),
  outcomes: z.array(RuleOutcome),
  at: Instant,
  /** The earliest verified time of its source; null: nothing says when it was built. */
  builtAt: Instant.nullable(),
  /** No scan was asked for: good for a break-glass alone. */
  breakGlass: z.literal(true).optional(),
  /** What was found, for later questions. */
  known: Known.optional(),
})
export type Proof = z.infer<typeof Proof>

export const Promotion = z.object({
  /** `subscription/stage/candidate#attempt`: identity is content, a repeat after an end is a new attempt. */
  id: z.string(),
  candidate: Candidate,
  openedAt: Instant,
  phase: z.enum(PROMOTION_PHASES),
  /** Why it is: newer than what runs, or a person's act. */
  purpose: z.enum(['newer', 'promoted', 'rollback']),
  /** The stage's verification and gates that it is held to, as a fingerprint: under others, proof and votes are void. */
  terms: z.string(),
  /** Two people let it go around what only waits. */
  breakGlass: BreakGlass.optional(),
  proof: Proof.optional(),
  /** Until then a signature or a scan may still come. */
  provenBy: Instant.optional(),
  /** Since when it waits for its gates: deadlines count from there. */
  gatedAt: Instant.optional(),
  /** When the chat asks, where its quiet hours held that back. */
  askedAt: Instant.optional(),
  /** What each gate said last, where one did not hold. */
  gates: z.array(GateState),
  /** Until then its trains may merge by themselves; absent: they may not, or without an end. */
  mergeUntil: Instant.optional(),
  votes: z.array(Vote),
  /** Votes of before were given under other terms: reviews that still stand at the Git host count from then on. */
  votesSince: Instant.optional(),
  /** By train: the order of the newest word of its reviews. */
  reviewed: z.record(z.string(), z.number().int()).optional(),
  /** Who wrote the commit that it was built from: they do not approve it themselves. */
  authors: z
    .object({ state: z.enum(['asked', 'known', 'unknown']), people: z.array(z.string()), detail: z.string() })
    .optional(),
  /** By the check's name: what it said last. */
  checks: z.record(
    z.string(),
    z.object({ state: z.enum(['held', 'waiting', 'failed']), detail: z.string(), at: Instant }),
  ),
  /** By target id. */
  deliveries: z.record(z.string(), DeliveryState),
  /** The trains that carry it. */
  trains: z.array(z.string()),
  /** Why it is being rolled back. */
  failure: z.object({ reason: z.string(), detail: z.string() }).optional(),
})
export type Promotion = z.infer<typeof Promotion>

export function promotionId(subscription: string, stage: string, candidate: string, attempt: number): string {
  return `${subscription}/${stage}/${candidate}#${attempt}`
}

/** The candidate's id, out of a promotion's. */
export function candidateOfPromotion(promotion: string): string {
  const [, , ...rest] = promotion.split('/')
  return rest.join('/').replace(/#[0-9]+$/u, '')
}
