/** What becomes of a pull request on GitHub: looked at, merged while its head is ours, withdrawn. */

import * as z from 'zod'
import type { GitHub } from '../clients/github.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { RetryLater } from '../domain/retry.ts'
import { Review as Said } from '../domain/review.ts'
import type { ProposalFailure, Proposals, PullRequestState, ReviewOfCommit } from './delivery.ts'
import { REVIEW } from './github-documents.ts'
import { refusedBy } from './github-failure.ts'
import type { FindGitHub } from './github-place.ts'
import { createMoves, NO_OBJECT } from './github-write.ts'
import { checkBranch, describeWithdrawal } from './pull-request.ts'

const Actor = z.object({ login: z.string() }).nullish()
/** Of whoever may write there: others have no say, and a stranger's words take no room. */
const Opinion = z.object({
  id: z.string(),
  state: z.string(),
  body: z.string(),
  submittedAt: z.iso.datetime({ offset: true }).nullable(),
  author: z.object({ __typename: z.string(), login: z.string() }).nullable(),
  commit: z.object({ oid: z.string() }).nullable(),
})
const Answer = z.object({
  repository: z.object({
    id: z.string(),
    mergeCommitAllowed: z.boolean(),
    squashMergeAllowed: z.boolean(),
    pullRequest: z
      .object({
        state: z.enum(['OPEN', 'CLOSED', 'MERGED']),
        headRefName: z.string(),
        headRefOid: z.string(),
        isCrossRepository: z.boolean(),
        headRef: z.object({ target: z.object({ oid: z.string() }) }).nullish(),
        mergeCommit: z.object({ oid: z.string() }).nullish(),
        mergedBy: Actor,
        closings: z.object({ nodes: z.array(z.object({ actor: Actor }).nullable()) }),
        latestOpinionatedReviews: z.object({ nodes: z.array(Opinion.nullable()).nullable() }).nullable(),
        comments: z.object({ nodes: z.array(z.object({ body: z.string(), viewerDidAuthor: z.boolean() }).nullable()) }),
      })
      .nullable(),
  }),
})
type Repository = z.infer<typeof Answer>['repository']
type Review = { readonly repository: Repository; readonly pullRequest: NonNullable<Repository['pullRequest']> }
type Answered<T> = Promise<Result<T, ProposalFailure>>

export function createGitHubReviews(find: FindGitHub): Pick<Proposals, 'look' | 'merge' | 'withdraw'> {
  return {
    async look(git, number) {
      const place = find(git)
      if (!place.ok) return place
      const review = await read(place.value.github, number)
      return review.ok ? ok(stateOf(review.value)) : review
    },
    async merge(git, number, head) {
      const place = find(git)
      if (!place.ok) return place
      const review = await read(place.value.github, number)
      return review.ok ? merge(place.value.github, number, head, review.value) : review
    },
    async withdraw(git, number, branch, head, why) {
      const checked = checkBranch(branch)
      if (!checked.ok) return checked
      const place = find(git)
      if (!place.ok) return place
      const { github } = place.value
      const review = await read(github, number)
      if (!review.ok) return review
      const closed = await close(github, number, why, review.value)
      return closed.ok ? removeBranch(github, branch, head, review.value) : closed
    },
  }
}

async function read(github: GitHub, number: number): Answered<Review> {
  const { owner, name } = github
  const answer = await github.graphql(REVIEW, { owner, name, number })
  if (!answer.ok) return refusedBy(answer.error, `reading pull request ${number}`)
  const { repository } = Answer.parse(answer.value)
  const { pullRequest } = repository
  if (pullRequest === null) return err({ reason: 'target-missing', detail: `there is no pull request ${number}` })
  return ok({ repository, pullRequest })
}

function stateOf({ pullRequest }: Review): PullRequestState {
  switch (pullRequest.state) {
    case 'OPEN':
      return { state: 'open', head: pullRequest.headRefOid, reviews: reviewsOf(pullRequest) }
    case 'MERGED':
      return {
        state: 'merged',
        commit: pullRequest.mergeCommit?.oid ?? pullRequest.headRefOid,
        by: pullRequest.mergedBy?.login ?? null,
      }
    case 'CLOSED':
      return { state: 'closed', by: pullRequest.closings.nodes.at(-1)?.actor?.login ?? null }
  }
}

/** What is dismissed says nothing any more, and a program is no person. */
function reviewsOf({ latestOpinionatedReviews: latest }: Review['pullRequest']): readonly ReviewOfCommit[] {
  return (latest?.nodes ?? []).flatMap((opinion) => {
    const { id, state, body, submittedAt, author, commit } = opinion ?? {}
    const decision = state === 'APPROVED' ? 'approve' : state === 'CHANGES_REQUESTED' ? 'reject' : null
    if (decision === null || author?.__typename !== 'User' || !commit || !submittedAt) return []
    const said = Said.safeParse({
      id,
      by: author.login.toLowerCase(),
      decision,
      reason: body,
      at: Date.parse(submittedAt),
    })
    return said.success ? [{ ...said.data, head: commit.oid }] : []
  })
}

/** Bound to the head that was decided on: a commit pushed meanwhile is never merged along. */
async function merge(github: GitHub, number: number, head: string, review: Review): Answered<{ commit: string }> {
  const { repository, pullRequest } = review
  if (pullRequest.headRefOid !== head) return err(headMoved(pullRequest.headRefOid))
  const state = stateOf(review)
  if (state.state === 'merged') return ok({ commit: state.commit })
  if (state.state === 'closed') return err({ reason: 'not-mergeable', detail: `pull request ${number} is closed` })
  const method = repository.mergeCommitAllowed ? 'merge' : repository.squashMergeAllowed ? 'squash' : 'rebase'
  const parameters = { pull_number: number, sha: head, merge_method: method }
  const answer = await github.rest('PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge', parameters)
  if (answer.ok) return ok({ commit: z.object({ sha: z.string() }).parse(answer.value).sha })
  const { status, message } = answer.error
  if (status === 409) return err(headMoved(null))
  if (/Base branch was modified/iu.test(message)) throw new RetryLater(`pull request ${number}: ${message}`)
  if (status === 405 || status === 422) {
    return err({ reason: 'not-mergeable', detail: `GitHub does not merge pull request ${number} now: ${message}` })
  }
  return refusedBy(answer.error, `merging pull request ${number}`)
}

function headMoved(found: string | null): ProposalFailure {
  const detail = 'the pull request has another head than the one that was decided on: it was not merged'
  return { reason: 'head-moved', detail, ...(found === null ? {} : { found }) }
}

/** The reason first, so that nobody sees a closed pull request without one; said once, also after a crash. */
async function close(github: GitHub, number: number, why: string, { pullRequest }: Review): Answered<null> {
  if (pullRequest.state !== 'OPEN') return ok(null)
  const body = describeWithdrawal(why)
  const isSaid = pullRequest.comments.nodes.some(
    (one) => one?.viewerDidAuthor === true && one.body.trim() === body.trim(),
  )
  if (!isSaid) {
    const parameters = { issue_number: number, body }
    const said = await github.rest('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', parameters)
    if (!said.ok) return refusedBy(said.error, `commenting on pull request ${number}`)
  }
  const parameters = { pull_number: number, state: 'closed' }
  const closed = await github.rest('PATCH /repos/{owner}/{repo}/pulls/{pull_number}', parameters)
  return closed.ok ? ok(null) : refusedBy(closed.error, `closing pull request ${number}`)
}

/** Only the branch of this pull request, and only with the head that we wrote: a person's commits stay. */
async function removeBranch(github: GitHub, branch: string, head: string, review: Review): Answered<null> {
  const { repository, pullRequest } = review
  const isOurs = pullRequest.headRefName === branch && !pullRequest.isCrossRepository
  if (!isOurs || pullRequest.headRef?.target.oid !== head) return ok(null)
  const update = { repositoryId: repository.id, branch, before: head, after: NO_OBJECT, force: true }
  const removed = await createMoves(github).move(update)
  // Contended: somebody pushed meanwhile, so it is theirs now.
  return removed.ok ? ok(null) : removed
}
