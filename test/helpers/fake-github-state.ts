/** What a pretended GitHub remembers: real bare repositories, their pull requests, and who may do what. */

import type { GitRepository } from './git-repository.ts'

export const NO_OBJECT = '0'.repeat(40)

export type FakePull = {
  readonly number: number
  readonly head: string
  readonly base: string
  readonly fromFork: boolean
  state: 'OPEN' | 'CLOSED' | 'MERGED'
  title: string
  body: string
  headOid: string
  mergeCommit: string | null
  mergedBy: string | null
  closedBy: string | null
  readonly comments: { readonly id: number; body: string; readonly author: string }[]
  /** Opinions, oldest first; the latest of each person stands. */
  readonly reviews: FakeReview[]
}

export type FakeReview = {
  readonly id: string
  readonly by: string
  state: 'APPROVED' | 'CHANGES_REQUESTED' | 'DISMISSED' | 'COMMENTED'
  readonly body: string
  readonly commit: string
  readonly at: string
  /** Of a program, or of somebody who may not write there. */
  readonly isBot?: boolean
  readonly isStranger?: boolean
}

/** Of a repository that images are built from. */
export type FakeSource = {
  readonly authors: Map<string, { readonly author: string | null; readonly committer: string | null }>
  readonly checks: { readonly sha: string; readonly name: string; status: string; conclusion: string | null }[]
  readonly statuses: {
    readonly sha: string
    readonly state: string
    readonly context: string
    readonly description: string
    readonly url: string
  }[]
  readonly deployments: {
    readonly id: number
    readonly sha: string
    readonly environment: string
    readonly task: string
    readonly payload: unknown
    readonly states: { readonly state: string; readonly description: string }[]
  }[]
}

export type FakeRepository = {
  readonly id: string
  readonly owner: string
  readonly name: string
  readonly git: GitRepository
  readonly pulls: FakePull[]
  /** Branches that only people may move. */
  readonly protectedBranches: Set<string>
  readonly mergeMethods: Set<'merge' | 'squash' | 'rebase'>
  readonly source: FakeSource
}

export type Principal = {
  readonly login: string
  readonly permissions: Readonly<Record<string, string>>
  /** Null: all of them. */
  readonly repositories: readonly string[] | null
}

/** The branch's head, or none. */
export function headOf({ git }: FakeRepository, branch: string): string {
  return git.head(branch) ?? NO_OBJECT
}

/** An open pull request follows its branch; one whose branch is gone is closed. */
export function refresh(repository: FakeRepository, by: string): void {
  for (const pull of repository.pulls) {
    if (pull.state !== 'OPEN' || pull.fromFork) continue
    const head = headOf(repository, pull.head)
    if (head !== NO_OBJECT) pull.headOid = head
    else Object.assign(pull, { state: 'CLOSED', closedBy: by })
  }
}

/** True where `after` holds all that `before` does. */
export function isFastForward({ git }: FakeRepository, before: string, after: string): boolean {
  try {
    git.git(['merge-base', '--is-ancestor', before, after])
    return true
  } catch {
    return false
  }
}

/** Moves a branch if it is where the caller thinks; git is the judge. */
export function compareAndSwap({ git }: FakeRepository, branch: string, before: string, after: string): boolean {
  try {
    const reference = `refs/heads/${branch}`
    git.git(after === NO_OBJECT ? ['update-ref', '-d', reference, before] : ['update-ref', reference, after, before])
    return true
  } catch {
    return false
  }
}
