/** A Git host with pull requests, as our adapter for GitHub meets it: one rolling branch, swapped from the head that was read. */

import type { Fate } from '../../src/domain/answer.ts'
import type { Cargos, Known, ProposalFailure, Proposals } from '../../src/delivery/delivery.ts'
import { err, ok, type Result } from '../../src/domain/result.ts'
import { RetryLater } from '../../src/domain/retry.ts'
import type { Ledger } from './ledger.ts'
import { commitToBase, isHeld, meet, type Repository, type Surroundings } from './repository.ts'

const TRIES_MAX = 8

export type Branch = {
  readonly head: string
  /** The base that it was built upon. */
  readonly parent: string
  readonly promotions: readonly string[]
  /** By target: what it brings, and for which promotion. */
  readonly images: ReadonlyMap<string, { readonly image: string; readonly promotion: string }>
}

export type PullRequest = {
  readonly number: number
  readonly branch: string
  state: 'open' | 'merged' | 'closed'
  head: string
  promotions: readonly string[]
  by: string | null
  commit: string
}

export type Host = {
  readonly repository: Repository
  readonly branches: Map<string, Branch>
  readonly pulls: PullRequest[]
  /** Planted faults. */
  ignoresForeignCommits: boolean
  mergesAnyHead: boolean
  opensBlindly: boolean
  /** Branches that ever had a person's commit. */
  readonly foreign: Set<string>
}

/** A person's commit on our branch. */
export function isForeign(head: string): boolean {
  return head.endsWith('+')
}

export function createHost(repository: Repository): Host {
  return {
    repository,
    branches: new Map(),
    pulls: [],
    ignoresForeignCommits: false,
    mergesAnyHead: false,
    opensBlindly: false,
    foreign: new Set(),
  }
}

export function openPull(host: Host, branch: string): PullRequest | undefined {
  return host.pulls.find((pull) => pull.branch === branch && pull.state === 'open')
}

/** Null: the same file changed on the base since the branch was built. */
export function mergePull(host: Host, pull: PullRequest, by: string, ledger: Ledger, now: number): string | null {
  const branch = host.branches.get(pull.branch)
  if (pull.state !== 'open' || branch === undefined || hasConflict(host, branch)) return null
  pull.state = 'merged'
  pull.by = by
  for (const [target, { image: after, promotion }] of branch.images) {
    const before = host.repository.base.images.get(target) ?? ''
    pull.commit = commitToBase(host.repository, target, after)
    if (before !== after) ledger.write({ target, before, after, promotion, kind: 'merge', orderedAt: now })
  }
  return pull.commit
}

const ancestors = new WeakMap<Host, Map<string, ReadonlyMap<string, string>>>()

/** What the base held when a branch was built, by its commit. */
function remember(host: Host): void {
  const known = ancestors.get(host) ?? new Map<string, ReadonlyMap<string, string>>()
  known.set(host.repository.base.commit, host.repository.base.images)
  ancestors.set(host, known)
}

function hasConflict(host: Host, branch: Branch): boolean {
  const then = ancestors.get(host)?.get(branch.parent)
  return [...branch.images.keys()].some((target) => then?.get(target) !== host.repository.base.images.get(target))
}

export function pullRequestsOf(host: Host, { life, ledger, now }: Surroundings): Proposals {
  const { repository, branches, pulls } = host
  const ask = async <T>(act: () => T): Promise<T> => {
    await life.send()
    if (repository.isDown) throw new RetryLater('the Git host is down')
    const answer = act()
    await life.receive()
    return answer
  }
  const change = async <T>(act: () => T): Promise<T> => {
    await life.send()
    await life.travel()
    if (repository.isDown) throw new RetryLater('the Git host is down')
    const answer = act()
    await life.receive()
    return answer
  }

  const attempt = async (cargos: Cargos, { branch: name, lastHead, open }: Known) => {
    const { base, branch, isClosed } = await ask(() => {
      remember(host)
      const isClosed = open !== null && pulls[open - 1]?.state !== 'open'
      return { base: repository.base, branch: branches.get(name), isClosed }
    })
    if (!isHeld(cargos)) return fenced
    const { images, fates } = meet(cargos, base.images)
    const [stopped] = fates
    if (cargos.length === 1 && stopped?.fate === 'stopped')
      return err({ reason: 'moved', detail: stopped.detail, found: stopped.found ?? '' } as const)
    const isWanted = (promotion: string): boolean => cargos.some((cargo) => cargo.promotion === promotion)
    const isOurs = branch?.promotions.every(isWanted) === true && !isForeign(branch.head)
    if (isClosed) {
      const detail = `${name} is not open any more`
      return err({ reason: 'closed', detail, ...(isOurs && { found: branch?.head ?? '' }) } as const)
    }
    if (images.size === 0) return ok({ unchanged: true, commit: base.commit, fates } as const)
    const promotions = fates.flatMap(({ fate, promotion }) => (fate === 'aboard' ? [promotion] : []))
    if (branch !== undefined && branch.head !== lastHead && !isOurs && !host.ignoresForeignCommits)
      return err({ reason: 'foreign-commits', detail: `${name} has ${branch.head}` } as const)
    let head = branch?.head ?? ''
    const isThere = branch?.promotions.join() === promotions.join() && !isForeign(branch.head)
    if (branch === undefined || branch.parent !== base.commit || !isThere) {
      if (!isHeld(cargos)) return fenced
      const moved = await change(() => {
        if (branches.get(name)?.head !== branch?.head) return null
        ledger.rebuilt(name, branch !== undefined && isForeign(branch.head))
        repository.commits += 1
        const written = { head: `h${repository.commits}`, parent: base.commit, promotions, images }
        branches.set(name, written)
        const opened = openPull(host, name)
        if (opened !== undefined) Object.assign(opened, { head: written.head, promotions })
        return written.head
      })
      if (moved === null) return null
      head = moved
    }
    return show(cargos, name, head, fates)
  }

  const show = async (cargos: Cargos, name: string, head: string, fates: readonly Fate[]) => {
    const known = await ask(() =>
      pulls.findLast((one) => one.branch === name && (one.state === 'open' || one.head === head)),
    )
    const proposal = ({ number }: PullRequest) => {
      const url = `https://git.example/pull/${number}`
      return ok({ number, url, head, fates } as const)
    }
    if (known !== undefined && known.state !== 'merged' && !host.opensBlindly) return proposal(known)
    if (!isHeld(cargos)) return fenced
    return change(() => {
      const open = openPull(host, name)
      if (open !== undefined && !host.opensBlindly) return proposal(open)
      const branch = branches.get(name)
      // No commits between the base and the branch, or no branch any more: the next look tells.
      if (branch === undefined || branch.head !== head || known?.state === 'merged') return null
      const { promotions } = branch
      const number = pulls.length + 1
      const pull: PullRequest = { number, branch: name, state: 'open', head, promotions, by: null, commit: '' }
      pulls.push(pull)
      ledger.opened(name, pulls.filter((one) => one.branch === name && one.state === 'open').length)
      return proposal(pull)
    })
  }

  return {
    async propose(cargos, known) {
      for (let tries = 0; tries < TRIES_MAX; tries += 1) {
        const answer = await attempt(cargos, known)
        if (answer !== null) return answer
      }
      throw new RetryLater(`${known.branch} moved ${TRIES_MAX} times`, { retryAfterMs: 15_000 })
    },
    look: (_git, number) =>
      ask(() => {
        const pull = pulls[number - 1]
        if (pull === undefined) return err({ reason: 'target-missing', detail: 'no such pull request' })
        if (pull.state === 'open') return ok({ state: 'open', head: branches.get(pull.branch)?.head ?? pull.head })
        if (pull.state === 'merged') return ok({ state: 'merged', commit: pull.commit, by: pull.by })
        return ok({ state: 'closed', by: pull.by })
      }),
    async merge(_git, number, head): Promise<Result<{ commit: string }, ProposalFailure>> {
      const pull = pulls[number - 1]
      const current = await ask(() => (pull === undefined ? null : branches.get(pull.branch)?.head))
      if (pull === undefined || (current !== head && !host.mergesAnyHead))
        return err({ reason: 'head-moved', detail: 'another head' })
      return change(() => {
        if (pull.state === 'merged') return ok({ commit: pull.commit })
        if (branches.get(pull.branch)?.head !== head && !host.mergesAnyHead)
          return err({ reason: 'head-moved', detail: 'another head' })
        ledger.rebuilt(pull.branch, isForeign(branches.get(pull.branch)?.head ?? ''))
        const commit = mergePull(host, pull, 'drayage[bot]', ledger, now())
        return commit === null ? err({ reason: 'not-mergeable', detail: 'conflict, or closed' }) : ok({ commit })
      })
    },
    async withdraw(_git, number, name, head) {
      const pull = pulls[number - 1]
      if (pull === undefined) return err({ reason: 'target-missing', detail: 'no such pull request' })
      await change(() => {
        if (pull.state === 'open') Object.assign(pull, { state: 'closed', by: 'drayage[bot]' })
      })
      await change(() => {
        if (branches.get(name)?.head === head) branches.delete(name)
      })
      return ok(null)
    },
  }
}

const fenced = err({ reason: 'fenced', detail: 'the lease ran out' } as const)
