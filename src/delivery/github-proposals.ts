/**
 * Pull requests on GitHub: one rolling branch, rebuilt as the base plus one commit, so that it never conflicts. Every step may be
 * repeated after a crash; a commit of somebody else on the branch ends it.
 */

import * as z from 'zod'
import type { GitHub } from '../clients/github.ts'
import type { Fate } from '../domain/answer.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { CONTENDED, untilUncontended, type Pause } from './contention.ts'
import type { Cargos, Known, Proposal, ProposalFailure, Proposals } from './delivery.ts'
import { refusedBy } from './github-failure.ts'
import { filesReadOf, lookAtRepository, type Look, type PullRequest } from './github-look.ts'
import type { FindGitHub, GitHubPlace } from './github-place.ts'
import { isOurs, isSameMessage } from './github-ours.ts'
import { createGitHubReviews } from './github-reviews.ts'
import { createMoves, NO_OBJECT, writeCommit, writeTree, type Moves } from './github-write.ts'
import { pathsOfAll, planTogether, type Aboard, type JointPlan } from './joint-plan.ts'
import { checkPath, commitMessage, FENCED, seenAt } from './plan.ts'
import { checkBranch, describePullRequest } from './pull-request.ts'

type Answered<T> = Promise<Result<T, ProposalFailure>>
type Proposed = (Proposal | { readonly unchanged: true; readonly commit: string }) & { readonly fates: readonly Fate[] }

export function createGitHubProposals(find: FindGitHub, pause: Pause): Proposals {
  return {
    async propose(cargos, known) {
      const at = placeOf(find, cargos, known.branch)
      if (!at.ok) return at
      const moves = createMoves(at.value.github)
      let isFirst = true
      const attempt = (): Promise<Result<Proposed, ProposalFailure> | typeof CONTENDED> => {
        // Who wrote while we did is at work now: what they left is no leftover.
        const mayBeLeftover = isFirst && known.lastHead === null
        isFirst = false
        return propose({ ...at.value, ...known, cargos, mayBeLeftover, moves })
      }
      return untilUncontended(attempt, known.branch, pause)
    },
    ...createGitHubReviews(find),
  }
}

function placeOf(find: FindGitHub, cargos: Cargos, branch: string): Result<GitHubPlace, ProposalFailure> {
  const [{ git }] = cargos[0].targets
  const targets = cargos.flatMap((cargo) => cargo.targets)
  if (targets.some((target) => target.git !== git)) {
    return err({ reason: 'target-missing', detail: 'the targets of one pull request are in one repository' })
  }
  for (const { file } of targets) {
    const path = checkPath(file)
    if (!path.ok) return path
  }
  const checked = checkBranch(branch)
  return checked.ok ? find(git) : checked
}

type Attempt = GitHubPlace &
  Known & {
    readonly cargos: Cargos
    /** The head may be an older one of ours that nobody remembers. */
    readonly mayBeLeftover: boolean
    readonly moves: Moves
  }

function stillHeld({ cargos }: Attempt): boolean {
  return cargos.every((cargo) => cargo.stillHeld())
}

async function propose(attempt: Attempt): Promise<Result<Proposed, ProposalFailure> | typeof CONTENDED> {
  const { github, base, cargos, branch, lastHead, open, moves } = attempt
  const look = await lookAtRepository(github, { base, branch, paths: pathsOfAll(cargos), isPatient: true })
  if (!look.ok) return look
  const head = look.value.branch
  const ruledOut = moves.ruledOut(head?.oid ?? NO_OBJECT)
  if (ruledOut !== null) return ruledOut
  if (!stillHeld(attempt)) return err(FENCED)
  const plan = planTogether(cargos, filesReadOf(look.value))
  if (!plan.ok) return seenAt(plan.error, look.value.base.oid)
  const { aboard, fates } = plan.value
  const [first, ...others] = aboard
  if (open !== null && look.value.pullRequests.every(({ number, state }) => number !== open || state !== 'OPEN')) {
    const detail = `pull request ${open} is not open any more: what became of it comes first`
    // We may have written, and never heard so.
    const ours = head === null || head.oid === lastHead ? ok(false) : await isOurs(attempt, head)
    if (!ours.ok) return ours
    return err({ reason: 'closed', detail, ...(ours.value && head !== null && { found: head.oid }) })
  }
  if (first === undefined) return ok({ unchanged: true, commit: look.value.base.oid, fates })
  if (head !== null && head.oid !== lastHead) {
    const ours = await isOurs(attempt, head)
    if (!ours.ok) return ours
    if (!ours.value) return err(foreign(branch, head.oid))
  }
  const journey: Journey = { look: look.value, plan: plan.value, aboard: [first, ...others] }
  const rebuilt = await rebuild(attempt, journey)
  if (rebuilt === CONTENDED || !rebuilt.ok) return rebuilt
  const proposal = await showPullRequest(attempt, { ...journey, ...rebuilt.value })
  return proposal === CONTENDED || !proposal.ok ? proposal : ok({ ...proposal.value, fates })
}

type Journey = { readonly look: Look; readonly plan: JointPlan; readonly aboard: readonly [Aboard, ...Aboard[]] }

/** The branch as base plus our one commit; as it is, where it is that already. */
async function rebuild(
  attempt: Attempt,
  { look, plan, aboard }: Journey,
): Promise<Result<{ head: string; isNew: boolean }, ProposalFailure> | typeof CONTENDED> {
  const { github, branch, moves } = attempt
  const tree = await writeTree(github, look.base.tree, plan.changes, look.files)
  if (!tree.ok) return tree
  const head = look.branch
  const [first, ...others] = aboard
  const message = commitMessage([first.cargo, ...others.map(({ cargo }) => cargo)])
  const isThere =
    head?.parents.join() === look.base.oid && head.tree === tree.value && isSameMessage(head.message, message)
  if (head !== null && isThere) return ok({ head: head.oid, isNew: false })
  const commit = await writeCommit(github, { message, tree: tree.value, parent: look.base.oid })
  if (!commit.ok) return commit
  if (!stillHeld(attempt)) return err(FENCED)
  const { repositoryId } = look
  const before = head?.oid ?? NO_OBJECT
  const moved = await moves.move({ repositoryId, branch, before, after: commit.value, force: true })
  if (!moved.ok) return moved
  return moved.value === 'moved' ? ok({ head: commit.value, isNew: true }) : CONTENDED
}

function foreign(branch: string, head: string): ProposalFailure {
  const remedy = 'merge or delete that branch, and Drayage goes on'
  return {
    reason: 'foreign-commits',
    detail: `${branch} holds a commit that Drayage did not write; ${remedy}`,
    found: head,
  }
}

type Shown = Journey & { readonly head: string; readonly isNew: boolean }

/** Opens the pull request, or brings its words up to date. */
async function showPullRequest(
  attempt: Attempt,
  { look, aboard, head, isNew }: Shown,
): Promise<Result<Proposal, ProposalFailure> | typeof CONTENDED> {
  const { github, base, branch } = attempt
  const text = describePullRequest(aboard)
  const proposal = ({ number, url }: Pick<PullRequest, 'number' | 'url'>): Result<Proposal, never> =>
    ok({ number, url, head })
  const known = look.pullRequests.find((one) => one.state === 'OPEN')
  const closed = look.pullRequests.find((one) => one.state === 'CLOSED' && one.headRefOid === head)
  // Closed while it showed this very commit: a person's answer to it, which `look` will report.
  if (known === undefined && closed !== undefined && !isNew) return proposal(closed)
  if (!stillHeld(attempt)) return err(FENCED)
  if (known !== undefined) {
    const isCurrent = known.title === text.title && known.body.trim() === text.body.trim()
    const updated = isCurrent ? ok(null) : await updateText(github, known.number, text)
    return updated.ok ? proposal(known) : updated
  }
  const parameters = { ...text, head: branch, base, maintainer_can_modify: false }
  const opened = await github.rest('POST /repos/{owner}/{repo}/pulls', parameters)
  if (opened.ok) return proposal(shown(Opened.parse(opened.value)))
  if (opened.error.status !== 422) return refusedBy(opened.error, 'opening a pull request')
  // Another attempt opened it meanwhile, or the base holds our commit by now: the next look tells which.
  const other = await findOpen(github, { base, branch })
  if (!other.ok) return other
  if (other.value === null) {
    return /No commits between/u.test(opened.error.message)
      ? CONTENDED
      : refusedBy(opened.error, 'opening a pull request')
  }
  const updated = await updateText(github, other.value.number, text)
  return updated.ok ? proposal(other.value) : updated
}

const Opened = z.object({ number: z.number().int(), html_url: z.string() })

function shown({ number, html_url: url }: z.infer<typeof Opened>): Pick<PullRequest, 'number' | 'url'> {
  return { number, url }
}

async function findOpen(
  github: GitHub,
  { base, branch }: { readonly base: string; readonly branch: string },
): Answered<Pick<PullRequest, 'number' | 'url'> | null> {
  const parameters = { head: `${github.owner}:${branch}`, base, state: 'open', per_page: 1 }
  const answer = await github.rest('GET /repos/{owner}/{repo}/pulls', parameters)
  if (!answer.ok) return refusedBy(answer.error, 'looking for the pull request')
  const [first] = z.array(Opened).parse(answer.value)
  return ok(first === undefined ? null : shown(first))
}

async function updateText(github: GitHub, number: number, text: { title: string; body: string }): Answered<null> {
  const answer = await github.rest('PATCH /repos/{owner}/{repo}/pulls/{pull_number}', { pull_number: number, ...text })
  return answer.ok ? ok(null) : refusedBy(answer.error, `updating pull request ${number}`)
}
