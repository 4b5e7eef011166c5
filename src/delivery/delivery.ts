/** The ports of delivery: bringing the wish to a target by ourselves, or proposing it as a pull request. */

import type { Fate } from '../domain/answer.ts'
import type { PinnedImage, ImageName } from '../domain/image.ts'
import type { Result } from '../domain/result.ts'
import type { Review } from '../domain/review.ts'
import type { RunsAs } from '../domain/runs-as.ts'
import type { GitTarget, Target } from '../domain/target.ts'

/** What stands at a target now. `running` says whether it is known to run well; Git cannot know. */
export type Found = {
  /** The reference exactly as written: what a first rollback restores. */
  readonly image: string
  readonly running: 'well' | 'not-well' | 'not-observed'
  /** Absent: nobody can know, as with a file. */
  readonly runsAs?: RunsAs
}

/** What to write: a verified candidate's image, or (first restoration only) exactly what the first look found. */
export type Wish =
  /** `others`: those that are released with it. A target that names one of them takes that one. */
  | { readonly kind: 'pinned'; readonly image: PinnedImage; readonly others?: readonly PinnedImage[] | undefined }
  | { readonly kind: 'restore'; readonly name: ImageName; readonly image: string }

export type Order = {
  /** The promotion: `subscription/stage/candidate#attempt`. Shown in the commit and on the workload. */
  readonly promotion: string
  readonly subscription: string
  readonly stage: string
  readonly target: Target
  /** Further files of the same repository, written by the same commit. */
  readonly also?: readonly GitTarget[]
  readonly wish: Wish
  /** What the target may hold, as written; anything else is somebody's hand. Null: whatever it holds (nothing is known yet). */
  readonly expected: readonly string[] | null
  /** Grows with each attempt at a line; a target refuses a smaller one than it has seen. */
  readonly fence: number
  /** One line for people: why this is done. */
  readonly reason: string
  /**
   * Asked after reading the target and before writing it. False: our lease ran out and another may be at work, so stop.
   * Together with the target's own compare-and-swap this keeps a stalled delivery from undoing a newer one.
   */
  readonly stillHeld: () => boolean
  /** By a pull request of its own: for a way back where the base branch takes no commits. Absent: by ourselves. */
  readonly through?: Through
}

/** `merge: now`: by us, as soon as the host lets it. A host without pull requests writes by itself. */
export type Through = { readonly branch: string; readonly merge: 'now' | 'by-person' }

export type Delivered = {
  readonly status: 'changed' | 'unchanged'
  /** A commit id, or `generation/<n>` of a workload. */
  readonly reference: string
  /** What stood there before, and what stands there now, as written. */
  readonly previous: string
  readonly now: string
  /** What stands at the further targets of the order now, in their order. */
  readonly also?: readonly string[]
  /** A unified diff, where the target is a file. */
  readonly diff?: string
}

/** Final answers: trying again alone will not help. A port throws `RetryLater` (or anything) where it may. */
export type DeliveryFailureReason =
  /** The file, branch, workload, container or field is not there. */
  | 'target-missing'
  | 'image-missing'
  | 'image-ambiguous'
  | 'unparsable'
  | 'unsafe-edit'
  | 'path-refused'
  /** Somebody changed the target since we last knew it; `found` says to what. */
  | 'moved'
  /** The target has seen a higher fence, or the lease ran out: a newer attempt acted. */
  | 'fenced'
  | 'owned-by-gitops'
  | 'owned-by-applier'
  | 'never-pulls'
  | 'pull-secret-missing'
  | 'forbidden'
  | 'refused-by-target'
export type DeliveryFailure = {
  readonly reason: DeliveryFailureReason
  readonly detail: string
  readonly found?: string
}

export type Delivery = {
  observe(target: Target, name: ImageName): Promise<Result<Found, DeliveryFailure>>
  deliver(order: Order): Promise<Result<Delivered, DeliveryFailure>>
  /** Everything but the write: what `mode: observe` records. */
  preview(order: Order): Promise<Result<Delivered, DeliveryFailure>>
}

export type Proposal = {
  readonly number: number
  readonly url: string
  /** The branch's head as we wrote it: merges and updates are bound to it. */
  readonly head: string
}

export type Cargo = Omit<Order, 'target' | 'also' | 'through'> & {
  readonly targets: readonly [GitTarget, ...GitTarget[]]
}

export type ReviewOfCommit = Review & { readonly head: string }

/** What travels in one commit. Of several, one that cannot be brought stays behind, and the others go on. */
export type Cargos = readonly [Cargo, ...Cargo[]]

export type Committed = { readonly commit: string; readonly fates: readonly Fate[] }

/** Many promotions as one commit to the base branch, where there are no pull requests. Safe to repeat. */
export type Commits = {
  commit(cargos: Cargos): Promise<Result<Committed, DeliveryFailure>>
}

/** What we know of our branch. */
export type Known = {
  readonly branch: string
  /** The head that we wrote last: a branch that has another one carries somebody's commits. */
  readonly lastHead: string | null
  /** The pull request that we believe to be open. */
  readonly open: number | null
}

export type PullRequestState =
  | {
      readonly state: 'open'
      readonly head: string
      /** What people say of it now, each of one commit. Absent: this host has no reviews. */
      readonly reviews?: readonly ReviewOfCommit[]
    }
  | { readonly state: 'merged'; readonly commit: string; readonly by: string | null }
  | { readonly state: 'closed'; readonly by: string | null }

export type ProposalFailureReason =
  | DeliveryFailureReason
  | 'foreign-commits'
  | 'head-moved'
  | 'not-mergeable'
  /** A person merged or closed the pull request that is known: `look` says who, and nothing was written. */
  | 'closed'
export type ProposalFailure = {
  readonly reason: ProposalFailureReason
  readonly detail: string
  readonly found?: string
}

/** One rolling branch and its pull request. Every call is safe to repeat. */
export type Proposals = {
  /**
   * Rebuilds the branch as base plus one commit and opens or updates its pull request.
   * `unchanged`: the base holds all that could be brought; no pull request is opened.
   */
  propose(
    cargos: Cargos,
    known: Known,
  ): Promise<
    Result<
      (Proposal | { readonly unchanged: true; readonly commit: string }) & { fates: readonly Fate[] },
      ProposalFailure
    >
  >
  look(git: string, number: number): Promise<Result<PullRequestState, ProposalFailure>>
  /** Merges only while the head is still `head`. */
  merge(git: string, number: number, head: string): Promise<Result<{ readonly commit: string }, ProposalFailure>>
  /** Says why, closes the pull request and removes our branch if its head is still ours. */
  withdraw(
    git: string,
    number: number,
    branch: string,
    head: string,
    why: string,
  ): Promise<Result<null, ProposalFailure>>
}
