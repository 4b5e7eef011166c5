/** Writing to a GitHub repository without a clone: a tree, a commit, and a compare-and-swap of the branch. */

import * as z from 'zod'
import type { GitHub, GitHubProblem } from '../clients/github.ts'
import { ok, type Result } from '../domain/result.ts'
import type { DeliveryFailure } from './delivery.ts'
import { UPDATE_REFS } from './github-documents.ts'
import { refusedBy } from './github-failure.ts'
import type { Look, LookedFile } from './github-look.ts'
import { commitMessage, type Brought, type FileChange } from './plan.ts'

/** No object: a branch that is not there before, or will not be there after. */
export const NO_OBJECT = '0'.repeat(40)
const Created = z.object({ sha: z.string().regex(/^[0-9a-f]{40}$/u) })

type Answered<T> = Promise<Result<T, DeliveryFailure>>

/** The base's tree with some files' contents replaced; their modes stay. */
export async function writeTree(
  github: GitHub,
  baseTree: string,
  changes: readonly FileChange[],
  files: ReadonlyMap<string, LookedFile>,
): Answered<string> {
  const tree = changes.map(({ file, text }) => ({
    path: file,
    mode: files.get(file)?.mode ?? '100644',
    type: 'blob',
    content: text,
  }))
  const answer = await github.rest('POST /repos/{owner}/{repo}/git/trees', { base_tree: baseTree, tree })
  return answer.ok ? ok(Created.parse(answer.value).sha) : refusedBy(answer.error, 'writing a tree')
}

/** Without author and committer: GitHub puts in the App, and signs. */
export async function writeCommit(
  github: GitHub,
  commit: { readonly message: string; readonly tree: string; readonly parent: string },
): Answered<string> {
  const { message, tree, parent } = commit
  const answer = await github.rest('POST /repos/{owner}/{repo}/git/commits', { message, tree, parents: [parent] })
  return answer.ok ? ok(Created.parse(answer.value).sha) : refusedBy(answer.error, 'writing a commit')
}

type RefUpdate = {
  readonly repositoryId: string
  readonly branch: string
  readonly before: string
  readonly after: string
  /** Also where `after` does not follow `before`: for branches of ours, which are rebuilt. */
  readonly force: boolean
}

/** Moves a branch only if it is still where we saw it; `updateRefs` is GitHub's one call that can. */
function updateRef(github: GitHub, update: RefUpdate): Promise<Result<unknown, GitHubProblem>> {
  const { repositoryId, branch, before, after, force } = update
  const refUpdates = [{ name: `refs/heads/${branch}`, beforeOid: before, afterOid: after, force }]
  return github.graphql(UPDATE_REFS, { input: { repositoryId, refUpdates } })
}

/** Never mistaken for a race: no right to do it, or GitHub itself failed. */
function isAboutUs({ status, type }: GitHubProblem): boolean {
  return status !== 200 || type === null || ['FORBIDDEN', 'INSUFFICIENT_SCOPES', 'NOT_FOUND'].includes(type)
}

/** A branch that stayed where it was through so many refusals was not moved by others: a rule of the repository holds it. */
const REFUSALS_MAX = 2

export type Moves = {
  /** The answer where the branch will not move at all, seen from where it stands now. */
  ruledOut(before: string): Result<never, DeliveryFailure> | null
  move(update: RefUpdate): Promise<Result<'moved' | 'contended', DeliveryFailure>>
}

/** Moves of one branch, told apart: done, a race, or a rule. GitHub's words for a race are not documented, so the next look tells. */
export function createMoves(github: GitHub): Moves {
  let last: { readonly before: string; readonly problem: GitHubProblem; readonly times: number } | null = null
  return {
    ruledOut(before) {
      if (last === null || last.before !== before || last.times < REFUSALS_MAX) return null
      return refusedBy(last.problem, 'moving the branch')
    },
    async move(update) {
      const answer = await updateRef(github, update)
      if (answer.ok) return ok('moved')
      if (isAboutUs(answer.error)) return refusedBy(answer.error, `moving ${update.branch}`)
      const times = last?.before === update.before ? last.times + 1 : 1
      last = { before: update.before, problem: answer.error, times }
      return ok('contended')
    },
  }
}

/** A commit upon the base that was looked at; nothing points at it yet. */
export async function writeUpon(
  github: GitHub,
  look: Look,
  changes: readonly FileChange[],
  orders: Brought,
): Answered<string> {
  const tree = await writeTree(github, look.base.tree, changes, look.files)
  if (!tree.ok) return tree
  return writeCommit(github, { message: commitMessage(orders), tree: tree.value, parent: look.base.oid })
}
