/** What performing an effect came to. An effect is cleared by its answer, or due again. */

import type { Known } from './known.ts'
import type { Review } from './review.ts'
import type { Verdict } from './verdict.ts'

type Failed = {
  readonly kind: 'failed'
  /** A reason of the port that answered. */
  readonly reason: string
  readonly detail: string
  /** What stands at the target, where that is the reason. */
  readonly found?: string | undefined
}

/** A review, and the commit that it is of. */
export type Reviewed = Review & { readonly head: string }

/** What became of one promotion, where several travel in one commit. */
export type Fate = { readonly promotion: string } & (
  | { readonly fate: 'aboard'; readonly diff: string }
  /** The base branch holds it already. */
  | { readonly fate: 'there' }
  | {
      readonly fate: 'stopped'
      readonly reason: string
      readonly detail: string
      readonly found?: string | undefined
    }
)

export type Answer =
  | { readonly kind: 'found'; readonly image: string; readonly running: 'well' | 'not-well' | 'not-observed' }
  | {
      readonly kind: 'delivered'
      readonly status: 'changed' | 'unchanged'
      readonly reference: string
      readonly now: string
      /** What stands at the further targets of the same write, in their order. */
      readonly also?: readonly string[] | undefined
      readonly diff?: string | undefined
    }
  | { readonly kind: 'healthy' | 'progressing' | 'not-observed'; readonly detail: string }
  | { readonly kind: 'unwell'; readonly reason: string; readonly detail: string }
  | {
      readonly kind: 'verdict'
      readonly verdict: Verdict
      readonly builtAt: number | null
      readonly known?: Known | undefined
    }
  | { readonly kind: 'checked'; readonly state: 'held' | 'waiting' | 'failed'; readonly detail: string }
  | { readonly kind: 'sent' }
  | { readonly kind: 'notified' }
  | { readonly kind: 'vouched'; readonly groups: readonly string[] }
  | { readonly kind: 'listed'; readonly compare?: string | null | undefined }
  | {
      readonly kind: 'shown'
      readonly message: { channel: string; message: string }
      /** What the images' labels said of the commits between, where they were asked. */
      readonly compare?: string | null | undefined
    }
  | {
      readonly kind: 'proposed'
      readonly number: number
      readonly url: string
      readonly head: string
      readonly fates: readonly Fate[]
    }
  /** Nothing that could be brought is missing at the base branch. */
  | { readonly kind: 'nothing-to-propose'; readonly commit: string; readonly fates: readonly Fate[] }
  | { readonly kind: 'committed'; readonly commit: string; readonly fates: readonly Fate[] }
  | { readonly kind: 'open'; readonly head: string; readonly reviews?: readonly Reviewed[] | undefined }
  | { readonly kind: 'authors'; readonly logins: readonly string[] }
  | { readonly kind: 'merged'; readonly commit: string; readonly by: string | null }
  | { readonly kind: 'closed'; readonly by: string | null }
  | { readonly kind: 'withdrawn' }
  /** Final: trying again alone will not help. */
  | Failed
  /** The world was not there: again later, by backoff or when it said. */
  | { readonly kind: 'later'; readonly detail: string; readonly retryAfterMs?: number | undefined }
