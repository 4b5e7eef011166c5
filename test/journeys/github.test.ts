/** Pull requests on GitHub, from the first one to the last: against a peer over real repositories. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHttp, type Http } from '../../src/clients/http.ts'
import type { Fate } from '../../src/domain/answer.ts'
import type { Cargo, Delivery, Proposal, ProposalFailure, Proposals } from '../../src/delivery/delivery.ts'
import { createGitHubDelivery } from '../../src/delivery/github.ts'
import type { GitHubRepository } from '../../src/domain/config.ts'
import type { Result } from '../../src/domain/result.ts'
import { RetryLater } from '../../src/domain/retry.ts'
import { addPull, addReview, merge } from '../helpers/fake-github-rest.ts'
import type { FakeRepository } from '../helpers/fake-github-state.ts'
import { startFakeGitHub, type FakeCall, type FakeGitHub, type Fault } from '../helpers/fake-github.ts'
import { createRepository, type GitRepository } from '../helpers/git-repository.ts'
import { aGitTarget, aManifest, anImage, anOrder, NAME, OLD, written } from '../helpers/order.ts'

const FILE = 'apps/payments.yaml'
const BRANCH = 'drayage/payments/prod'
const PULLS = 'post /repos/{owner}/{repo}/pulls'
const http: Http = createHttp({
  fetch: (url, init) => fetch(url, init),
  now: Date.now,
  random: () => 0,
  sleep: () => Promise.resolve(),
})

let git: GitRepository
let github: FakeGitHub
let repository: FakeRepository
let delivery: Delivery & Proposals

beforeEach(async () => {
  git = createRepository({ [FILE]: aManifest(), 'README.md': 'hello\n' })
  github = await startFakeGitHub()
  repository = github.addRepository('acme/gitops', git)
  delivery = connect()
})
afterEach(async () => {
  await github.close()
  git.close()
  expect(github.violations).toEqual([])
})

/** A service that has just started: it remembers nothing. */
function connect(entry: Partial<GitHubRepository> = {}, secret = github.key, now = Date.now): Delivery & Proposals {
  const app = { app: github.appId, key: 'env:KEY' } as const
  const credential = entry.token === undefined ? app : {}
  return createGitHubDelivery({
    git: { gitops: { github: 'acme/gitops', base: 'main', api: github.url, ...credential, ...entry } },
    secretOf: () => () => Promise.resolve([secret]),
    http,
    now,
    pause: () => new Promise((resolve) => setTimeout(resolve, Math.random() * 10)),
  })
}

function aCargo(tag = '1.5.0', cargo: Partial<Cargo> = {}): Cargo {
  const { target: _target, ...order } = anOrder()
  const image = anImage(tag)
  const promotion = `payments/prod/${image.digest}#1`
  return { ...order, promotion, wish: { kind: 'pinned', image }, targets: [aGitTarget()], ...cargo }
}

async function proposed(
  cargo = aCargo(),
  lastHead: string | null = null,
): Promise<Proposal & { readonly fates: readonly Fate[] }> {
  const answer = await delivery.propose([cargo], { branch: BRANCH, lastHead, open: null })
  if (!answer.ok || 'unchanged' in answer.value) throw new Error(`expected a proposal, found ${JSON.stringify(answer)}`)
  return answer.value
}

const names = (): string[] => github.requests.map((call) => call.name)
/** Somebody else's doing in the moment of a certain call. */
const during = (name: string, act: () => void): void => {
  let isDone = false
  github.options.fault = (call) => {
    if (call.name === name && !isDone) {
      isDone = true
      act()
    }
    return null
  }
}

describe('a pull request', () => {
  it('is opened for the first candidate, with seven requests', async () => {
    const base = git.head()
    const proposal = await proposed(aCargo('1.5.0', { expected: [OLD] }))
    expect(proposal).toMatchObject({ number: 1, head: git.head(BRANCH) })
    expect(git.git(['rev-parse', `${BRANCH}^`])).toBe(base)
    expect(git.head()).toBe(base)
    expect(git.file(FILE, BRANCH)).toBe(aManifest(written(anImage())))
    expect(git.changedFiles(BRANCH)).toEqual([FILE])
    expect(repository.pulls).toMatchObject([{ state: 'OPEN', title: 'Deliver acme/payments:1.5.0 to prod' }])
    expect(names()).toHaveLength(7)
  })

  it('leaves author and committer to GitHub, which signs then', async () => {
    await proposed()
    expect(git.git(['log', '-1', '--format=%an %cn', BRANCH])).toBe('drayage[bot] GitHub')
  })

  it('shows the newer candidate in place', async () => {
    const first = await proposed()
    const second = await proposed(aCargo('1.6.0'), first.head)
    expect(second.number).toBe(first.number)
    expect(git.count(`main..${BRANCH}`)).toBe(1)
    expect(git.file(FILE, BRANCH)).toBe(aManifest(written(anImage('1.6.0'))))
    expect(repository.pulls).toMatchObject([{ state: 'OPEN', title: 'Deliver acme/payments:1.6.0 to prod' }])
    expect(repository.pulls[0]?.body).toContain(anImage('1.6.0').digest)
  })

  it('is rebuilt upon a base that moved', async () => {
    const first = await proposed()
    const base = git.commit({ 'README.md': 'bye\n' })
    const second = await proposed(aCargo(), first.head)
    expect(second.number).toBe(first.number)
    expect(git.git(['rev-parse', `${BRANCH}^`])).toBe(base)
    expect(git.file('README.md', BRANCH)).toBe('bye\n')
  })

  it('stays as it is when nothing is new', async () => {
    const first = await proposed()
    const asked = github.requests.length
    expect(await proposed(aCargo(), first.head)).toMatchObject({ number: first.number, head: first.head })
    expect(names().slice(asked)).toEqual(['query Look', 'post /repos/{owner}/{repo}/git/trees'])
  })

  it('is not opened where the base holds the wish', async () => {
    const base = git.commit({ [FILE]: aManifest(written(anImage())) })
    const answer = await delivery.propose([aCargo()], { branch: BRANCH, lastHead: null, open: null })
    const fates = [{ promotion: aCargo().promotion, fate: 'there' }]
    expect(answer).toEqual({ ok: true, value: { unchanged: true, commit: base, fates } })
    expect(git.head(BRANCH)).toBeNull()
    expect(repository.pulls).toEqual([])
  })

  it('carries several files, and several fields of one', async () => {
    const twice =
      'a:\n  image: registry.example.com/acme/payments:1.4.0\nb:\n  image: registry.example.com/acme/payments:1.4.0\n'
    git.commit({ 'apps/twice.yaml': twice })
    const targets = [
      aGitTarget(),
      aGitTarget({ file: 'apps/twice.yaml', field: 'a.image' }),
      aGitTarget({ file: 'apps/twice.yaml', field: 'b.image' }),
    ] as const
    const proposal = await proposed(aCargo('1.5.0', { targets }))
    expect(git.changedFiles(BRANCH)).toEqual([FILE, 'apps/twice.yaml'])
    expect(git.file('apps/twice.yaml', BRANCH)).toBe(twice.replaceAll(OLD, written(anImage())))
    expect(JSON.stringify(proposal.fates).match(/--- a/gu)).toHaveLength(2)
  })

  it('says nothing that comes to life', async () => {
    await proposed(aCargo('1.5.0', { reason: '@acme/everyone fixes #1 <!-- x --> ![b](https://evil.example/b.png) `' }))
    const plain = (repository.pulls[0]?.body ?? '').replaceAll(/(?<fence>`+)(?!`)[^]*?(?<!`)\k<fence>(?!`)/gu, '')
    expect(plain).not.toMatch(/[@#<]|\]\(/u)
    expect(repository.pulls[0]?.body).toContain('@acme/everyone')
  })

  it('of a fork with the same branch name is left alone', async () => {
    const stranger = { head: BRANCH, base: 'main', headOid: git.head() ?? '', title: 'evil', body: '', fromFork: true }
    addPull(repository, stranger)
    const proposal = await proposed()
    expect(proposal.number).toBe(2)
    expect(repository.pulls[0]).toMatchObject({ title: 'evil', state: 'OPEN' })
  })
})

describe('somebody else on our branch', () => {
  it('stops us, and nothing of theirs is lost', async () => {
    const first = await proposed()
    const theirs = git.commit({ 'README.md': 'by hand\n' }, BRANCH)
    const answer = await delivery.propose([aCargo('1.6.0')], { branch: BRANCH, lastHead: first.head, open: null })
    expect(answer).toMatchObject({ ok: false, error: { reason: 'foreign-commits', found: theirs } })
    expect(git.head(BRANCH)).toBe(theirs)
  })

  it.each([
    ['a commit upon ours', () => git.commit({ 'README.md': 'by hand\n' }, BRANCH)],
    [
      'an amendment of ours that keeps our message',
      () => {
        const message = git.message(BRANCH)
        git.git(['update-ref', `refs/heads/${BRANCH}`, 'refs/heads/main'])
        return git.commit({ [FILE]: aManifest(written(anImage())), 'README.md': 'by hand\n' }, BRANCH, message)
      },
    ],
    [
      'a commit beneath ours',
      () => {
        const [tree, message] = [git.git(['rev-parse', `${BRANCH}^{tree}`]), git.message(BRANCH)]
        const base = git.head() ?? ''
        git.git(['update-ref', `refs/heads/${BRANCH}`, base])
        const theirs = git.git(['commit-tree', '-p', base, '-m', 'by hand', `${base}^{tree}`])
        const ours = git.git(['commit-tree', '-p', theirs, '-F', '-', tree], message)
        git.git(['update-ref', `refs/heads/${BRANCH}`, ours])
        return ours
      },
    ],
  ])('stops us also when we remember nothing: %s', async (_title, act) => {
    await proposed()
    const theirs = act()
    delivery = connect()
    const answer = await delivery.propose([aCargo()], { branch: BRANCH, lastHead: null, open: null })
    expect(answer).toMatchObject({ ok: false, error: { reason: 'foreign-commits' } })
    expect(git.head(BRANCH)).toBe(theirs)
  })

  it('stops us when they amended the image of what we remember', async () => {
    const first = await proposed()
    const message = git.message(BRANCH)
    git.git(['update-ref', `refs/heads/${BRANCH}`, 'refs/heads/main'])
    const theirs = git.commit({ [FILE]: aManifest('registry.example.com/acme/payments:1.4.9') }, BRANCH, message)
    const answer = await delivery.propose([aCargo('1.6.0')], { branch: BRANCH, lastHead: first.head, open: null })
    expect(answer).toMatchObject({ ok: false, error: { reason: 'foreign-commits', found: theirs } })
  })

  it('wins when their push comes between our look and our write', async () => {
    const first = await proposed()
    let theirs = ''
    during('mutation UpdateRefs', () => {
      theirs = git.commit({ 'README.md': 'by hand\n' }, BRANCH)
    })
    const answer = await delivery.propose([aCargo('1.6.0')], { branch: BRANCH, lastHead: first.head, open: null })
    expect(answer).toMatchObject({ ok: false, error: { reason: 'foreign-commits', found: theirs } })
    expect(git.head(BRANCH)).toBe(theirs)
  })
})

describe('what is left of an earlier pull request', () => {
  it.each([
    ['merged', () => settle('merge')],
    ['merged as a squash', () => settle('squash')],
    ['closed', () => Object.assign(repository.pulls[0] ?? {}, { state: 'CLOSED', closedBy: 'ann' })],
  ])('does not stand in the way: %s', async (_title, act) => {
    await proposed()
    act()
    expect(git.head(BRANCH)).not.toBeNull()
    const next = await proposed(aCargo('1.6.0'))
    expect(next.number).toBe(2)
    expect(git.count(`main..${BRANCH}`)).toBe(1)
    expect(git.file(FILE, BRANCH)).toBe(aManifest(written(anImage('1.6.0'))))
  })

  function settle(method: string): void {
    const [pull] = repository.pulls
    if (pull !== undefined)
      Object.assign(pull, { state: 'MERGED', mergeCommit: merge(repository, pull, method), mergedBy: 'ann' })
  }
})

describe('looking', () => {
  it('sees it open, with its head', async () => {
    const { head, number } = await proposed()
    expect(await delivery.look('gitops', number)).toEqual({ ok: true, value: { state: 'open', head, reviews: [] } })
  })

  it('sees what people say of it, each of them once and of which commit', async () => {
    const { head, number } = await proposed()
    const pull = repository.pulls[0]
    if (pull === undefined) throw new Error('no pull request')
    const at = '2026-11-20T10:00:00Z'
    addReview(pull, { by: 'Ann-GH', state: 'CHANGES_REQUESTED', body: 'no', at })
    addReview(pull, { by: 'Ann-GH', state: 'APPROVED', at })
    addReview(pull, { by: 'Ann-GH', state: 'COMMENTED', at })
    addReview(pull, { by: 'ben', state: 'CHANGES_REQUESTED', body: 'not today', commit: 'f'.repeat(40), at })
    addReview(pull, { by: 'cara', state: 'DISMISSED', at })
    addReview(pull, { by: 'helper', state: 'APPROVED', isBot: true, at })
    addReview(pull, { by: 'mallory', state: 'APPROVED', isStranger: true, at })
    const looked = await delivery.look('gitops', number)
    const reviews = [
      { id: 'PRR_1_2', by: 'ann-gh', decision: 'approve', reason: '', at: Date.parse(at), head },
      { id: 'PRR_1_4', by: 'ben', decision: 'reject', reason: 'not today', at: Date.parse(at), head: 'f'.repeat(40) },
    ]
    expect(looked).toEqual({ ok: true, value: { state: 'open', head, reviews } })
  })

  it('sees who merged it, and as what', async () => {
    const { number } = await proposed()
    const [pull] = repository.pulls
    if (pull !== undefined)
      Object.assign(pull, { state: 'MERGED', mergeCommit: merge(repository, pull, 'merge'), mergedBy: 'ann' })
    const expected = { state: 'merged', commit: git.head(), by: 'ann' }
    expect(await delivery.look('gitops', number)).toEqual({ ok: true, value: expected })
  })

  it('sees who closed it, and a repeated proposal does not open it again', async () => {
    const { number } = await proposed()
    Object.assign(repository.pulls[0] ?? {}, { state: 'CLOSED', closedBy: 'ann' })
    expect(await proposed()).toMatchObject({ number })
    expect(repository.pulls).toHaveLength(1)
    expect(await delivery.look('gitops', number)).toEqual({ ok: true, value: { state: 'closed', by: 'ann' } })
  })

  it('says that there is none', async () => {
    expect(await delivery.look('gitops', 9)).toMatchObject({ ok: false, error: { reason: 'target-missing' } })
  })
})

describe('merging', () => {
  it('brings the image to the base', async () => {
    const { number, head } = await proposed()
    expect(await delivery.merge('gitops', number, head)).toEqual({ ok: true, value: { commit: git.head() } })
    expect(git.file(FILE)).toBe(aManifest(written(anImage())))
  })

  it('says the same the second time', async () => {
    const { number, head } = await proposed()
    const first = await delivery.merge('gitops', number, head)
    expect(await delivery.merge('gitops', number, head)).toEqual(first)
    expect(git.count()).toBe(3)
  })

  it.each([
    ['before we look', (act: () => void) => act()],
    ['after we looked', (act: () => void) => during('put /repos/{owner}/{repo}/pulls/{pull_number}/merge', act)],
  ])("never merges a person's commit along that came %s", async (_title, at) => {
    const { number, head } = await proposed()
    at(() => void git.commit({ 'README.md': 'by hand\n' }, BRANCH))
    const base = git.head()
    expect(await delivery.merge('gitops', number, head)).toMatchObject({ ok: false, error: { reason: 'head-moved' } })
    expect(git.head()).toBe(base)
  })

  it('takes the method that the repository allows', async () => {
    repository.mergeMethods.delete('merge')
    const { number, head } = await proposed()
    expect(await delivery.merge('gitops', number, head)).toMatchObject({ ok: true })
    expect(git.git(['log', '-1', '--format=%P']).split(' ')).toHaveLength(1)
  })

  it('is refused where it conflicts', async () => {
    const { number, head } = await proposed()
    git.commit({ [FILE]: aManifest('registry.example.com/acme/payments:1.4.9') })
    expect(await delivery.merge('gitops', number, head)).toMatchObject({
      ok: false,
      error: { reason: 'not-mergeable' },
    })
  })

  it('is left for later while the base moves', async () => {
    const { number, head } = await proposed()
    const body = { message: 'Base branch was modified. Review and try the merge again.' }
    github.options.fault = (call) => (call.name.startsWith('put') ? { status: 405, body } : null)
    await expect(delivery.merge('gitops', number, head)).rejects.toThrow(RetryLater)
  })
})

describe('withdrawing', () => {
  it('says why, closes, and takes the branch away', async () => {
    const { number, head } = await proposed()
    const why = 'superseded by 1.6.0 @acme/all'
    expect(await delivery.withdraw('gitops', number, BRANCH, head, why)).toEqual({ ok: true, value: null })
    expect(repository.pulls).toMatchObject([
      { state: 'CLOSED', comments: [{ body: `Withdrawn by Drayage: \`${why}\`` }] },
    ])
    expect(git.head(BRANCH)).toBeNull()
  })

  it('does nothing the second time', async () => {
    const { number, head } = await proposed()
    await delivery.withdraw('gitops', number, BRANCH, head, 'why')
    expect(await delivery.withdraw('gitops', number, BRANCH, head, 'why')).toEqual({ ok: true, value: null })
    expect(repository.pulls[0]?.comments).toHaveLength(1)
  })

  it('does not stand in the way of proposing it again', async () => {
    const { number, head } = await proposed()
    await delivery.withdraw('gitops', number, BRANCH, head, 'why')
    expect(await proposed()).toMatchObject({ number: 2 })
    expect(repository.pulls).toMatchObject([{ state: 'CLOSED' }, { state: 'OPEN' }])
  })

  it("leaves a branch that holds a person's commit", async () => {
    const { number, head } = await proposed()
    const theirs = git.commit({ 'README.md': 'by hand\n' }, BRANCH)
    await delivery.withdraw('gitops', number, BRANCH, head, 'why')
    expect(git.head(BRANCH)).toBe(theirs)
  })

  it.each(['main', 'drayage/../main', 'feature/x', 'drayage/'])(
    'never touches a branch that is not ours: %s',
    async (branch) => {
      const { number, head } = await proposed()
      const answer = await delivery.withdraw('gitops', number, branch, head, 'why')
      expect(answer).toMatchObject({ ok: false, error: { reason: 'path-refused' } })
      expect(await delivery.propose([aCargo()], { branch: branch, lastHead: null, open: null })).toMatchObject({
        ok: false,
        error: { reason: 'path-refused' },
      })
    },
  )
})

describe('races', () => {
  type Outcome = Result<Proposal | { unchanged: true; commit: string }, ProposalFailure> | 'later'
  const race = (cargos: readonly Cargo[]): Promise<Outcome[]> =>
    Promise.all(
      cargos.map((cargo) =>
        connect()
          .propose([cargo], { branch: BRANCH, lastHead: null, open: null })
          .catch((error: unknown): Outcome => {
            if (error instanceof RetryLater) return 'later'
            throw error
          }),
      ),
    )
  const moveMainTenTimes = async (): Promise<void> => {
    for (let count = 0; count < 10; count += 1) {
      git.commit({ 'README.md': `${count}\n` })
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  it('of twenty deliveries while main moves ten times end in one pull request, one commit ahead', async () => {
    const [outcomes] = await Promise.all([race(Array.from({ length: 20 }, () => aCargo())), moveMainTenTimes()])
    expect(outcomes.filter((outcome) => outcome !== 'later' && !outcome.ok)).toEqual([])
    const last = await proposed()
    expect(repository.pulls).toMatchObject([{ number: last.number, state: 'OPEN' }])
    expect(git.count(`main..${BRANCH}`)).toBe(1)
    expect(git.count(`${BRANCH}..main`)).toBe(0)
    expect(git.file(FILE, BRANCH)).toBe(aManifest(written(anImage())))
    expect(git.file('README.md', BRANCH)).toBe('9\n')
  })

  it('of twenty candidates leave one pull request with one of them, whole', async () => {
    const tags = Array.from({ length: 20 }, (_, index) => `1.5.${index}`)
    await race(tags.map((tag) => aCargo(tag)))
    expect(repository.pulls).toHaveLength(1)
    expect(git.count(`main..${BRANCH}`)).toBe(1)
    const contents = tags.map((tag) => aManifest(written(anImage(tag))))
    expect(contents).toContain(git.file(FILE, BRANCH))
  })

  it('a stalled delivery that wakes up changes nothing any more', async () => {
    let isHeld = true
    during('mutation UpdateRefs', () => {
      isHeld = false
      git.commit({ 'README.md': 'theirs\n' }, BRANCH)
    })
    const head = (): string | null => git.head(BRANCH)
    const answer = await delivery.propose([aCargo('1.5.0', { stillHeld: () => isHeld })], {
      branch: BRANCH,
      lastHead: null,
      open: null,
    })
    expect(answer).toMatchObject({ ok: false, error: { reason: 'fenced' } })
    expect(git.file('README.md', head() ?? '')).toBe('theirs\n')
    expect(repository.pulls).toEqual([])
  })
})

describe('a crash', () => {
  /** Every call of an act, lost before and after its effect. */
  const crashes = (calls: number): [number, 'before' | 'after'][] =>
    Array.from({ length: calls }, (_, index): [number, 'before' | 'after'][] => [
      [index, 'before'],
      [index, 'after'],
    ]).flat()

  /** The call with this number is lost, or its answer is; then a fresh service does the same again. */
  async function survive<T>(at: number, fault: Fault, act: () => Promise<T>): Promise<T> {
    let count = -1
    github.options.fault = () => {
      count += 1
      return count === at ? fault : null
    }
    const first = await act().catch((error: unknown) => {
      expect(error).toBeInstanceOf(RetryLater)
      return null
    })
    expect(count).toBeGreaterThanOrEqual(at)
    github.options.fault = () => null
    delivery = connect()
    return first ?? act()
  }

  it.each(crashes(7))('at call %i, %s its effect, is mended by proposing again', async (at, fault) => {
    const proposal = await survive(at, fault, () => proposed())
    expect(repository.pulls).toMatchObject([{ number: proposal.number, state: 'OPEN' }])
    expect(git.head(BRANCH)).toBe(proposal.head)
    expect(git.count(`main..${BRANCH}`)).toBe(1)
  })

  it('is mended also where the base moved meanwhile', async () => {
    github.options.fault = (call) => (call.name === 'mutation UpdateRefs' ? 'after' : null)
    await expect(proposed()).rejects.toThrow(RetryLater)
    github.options.fault = () => null
    const base = git.commit({ 'README.md': 'moved\n' })
    await proposed()
    expect(git.git(['rev-parse', `${BRANCH}^`])).toBe(base)
    expect(git.count(`main..${BRANCH}`)).toBe(1)
  })

  it.each(crashes(2))('at call %i, %s its effect, is mended by merging again', async (at, fault) => {
    const { number, head } = await proposed()
    const answer = await survive(at, fault, () => delivery.merge('gitops', number, head))
    expect(answer).toEqual({ ok: true, value: { commit: git.head() } })
    expect(git.count()).toBe(3)
  })

  it.each(crashes(4))('at call %i, %s its effect, is mended by withdrawing again', async (at, fault) => {
    const { number, head } = await proposed()
    const answer = await survive(at, fault, () => delivery.withdraw('gitops', number, BRANCH, head, 'why'))
    expect(answer).toEqual({ ok: true, value: null })
    expect(repository.pulls).toMatchObject([{ state: 'CLOSED', comments: [{}] }])
    expect(git.head(BRANCH)).toBeNull()
  })

  it.each(crashes(6))('at call %i, %s its effect, is mended by delivering again', async (at, fault) => {
    const answer = await survive(at, fault, () => delivery.deliver(anOrder({ expected: [OLD] })))
    expect(answer).toMatchObject({ ok: true, value: { reference: git.head(), now: written(anImage()) } })
    expect(git.count()).toBe(2)
  })
})

describe('limits', () => {
  const SECONDARY = {
    message: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
  }
  const at = Date.UTC(2026, 0, 1)

  it.each([
    ['a secondary limit', { status: 403, headers: { 'retry-after': '7' }, body: SECONDARY }, 7_000],
    ['a secondary limit that does not say how long', { status: 403, body: SECONDARY }, 60_000],
    ['too many requests', { status: 429, headers: { 'retry-after': '3' }, body: { message: 'slow down' } }, 3_000],
    [
      'the hourly limit',
      {
        status: 403,
        headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${at / 1000 + 90}` },
        body: { message: 'API rate limit exceeded for installation ID 77.' },
      },
      90_000,
    ],
    [
      "GraphQL's limit",
      { status: 200, body: { errors: [{ type: 'RATE_LIMITED', message: 'API rate limit exceeded' }] } },
      60_000,
    ],
  ])('%s: says when to come back, and asks nothing until then', async (_title, fault, retryAfterMs) => {
    let now = at
    delivery = connect({}, github.key, () => now)
    github.options.fault = (call) => (call.name === 'query Look' ? fault : null)
    const refused = await delivery
      .propose([aCargo()], { branch: BRANCH, lastHead: null, open: null })
      .catch((error: unknown) => error)
    expect(refused).toMatchObject({ name: 'RetryLater', retryAfterMs })
    github.options.fault = () => null
    const asked = github.requests.length
    await expect(delivery.look('gitops', 1)).rejects.toThrow(RetryLater)
    expect(github.requests).toHaveLength(asked)
    now += retryAfterMs
    expect(await delivery.propose([aCargo()], { branch: BRANCH, lastHead: null, open: null })).toMatchObject({
      ok: true,
    })
  })

  it.each([500, 502, 503])('leaves %i for later', async (status) => {
    github.options.fault = () => ({ status, body: { message: 'oops' } })
    await expect(delivery.propose([aCargo()], { branch: BRANCH, lastHead: null, open: null })).rejects.toThrow(
      RetryLater,
    )
  })

  it('is not taken for one: a refusal for good', async () => {
    const body = { message: 'Resource not accessible by integration' }
    github.options.fault = (call) => (call.name === PULLS ? { status: 403, body } : null)
    expect(await delivery.propose([aCargo()], { branch: BRANCH, lastHead: null, open: null })).toMatchObject({
      ok: false,
      error: { reason: 'forbidden' },
    })
  })
})

describe('refusals', () => {
  it('a protected base is not a race', async () => {
    repository.protectedBranches.add('main')
    expect(await delivery.deliver(anOrder())).toMatchObject({ ok: false, error: { reason: 'refused-by-target' } })
    expect(names().filter((name) => name === 'mutation UpdateRefs')).toHaveLength(2)
  })

  it('a protected branch of ours is not a race', async () => {
    repository.protectedBranches.add(BRANCH)
    const answer = await delivery.propose([aCargo()], { branch: BRANCH, lastHead: null, open: null })
    expect(answer).toMatchObject({ ok: false, error: { reason: 'refused-by-target' } })
  })

  it.each([
    ['an App that is not installed', () => (github.options.installed = false), 'target-missing'],
    [
      'a repository that moved',
      () => fault({ status: 301, headers: { location: `${github.url}/repositories/1` }, body: {} }),
      'target-missing',
    ],
    [
      'a token without the right',
      () => fault({ status: 403, body: { message: 'Resource not accessible' } }),
      'forbidden',
    ],
  ])('%s is answered with what to do', async (_title, act, reason) => {
    act()
    expect(await delivery.propose([aCargo()], { branch: BRANCH, lastHead: null, open: null })).toMatchObject({
      ok: false,
      error: { reason },
    })
  })

  it.each([
    ['no key', 'not a key'],
    ["another App's key", null],
    ['half a key', '-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----'],
  ])('%s authenticates nobody', async (_title, key) => {
    const other = await startFakeGitHub()
    await other.close()
    const wrong = key ?? (await import('node:crypto')).generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    const pem = typeof wrong === 'string' ? wrong : wrong.export({ type: 'pkcs1', format: 'pem' }).toString()
    delivery = connect({}, pem)
    expect(await delivery.propose([aCargo()], { branch: BRANCH, lastHead: null, open: null })).toMatchObject({
      ok: false,
      error: { reason: 'forbidden' },
    })
  })

  it('a key in the other format, or with its line breaks written out, is as good', async () => {
    for (const key of [github.keyPkcs8, github.key.replaceAll('\n', '\\n')]) {
      expect(await connect({}, key).observe(aGitTarget(), NAME)).toMatchObject({ ok: true })
    }
  })

  it('a token that was revoked is replaced', async () => {
    await proposed()
    github.revokeTokens()
    expect(
      await delivery.propose([aCargo('1.5.0')], { branch: BRANCH, lastHead: git.head(BRANCH), open: null }),
    ).toMatchObject({ ok: true })
  })

  it('a token of a person does as well', async () => {
    github.addToken('ghp_person')
    delivery = connect({ token: 'env:TOKEN' }, 'ghp_person')
    expect(await proposed()).toMatchObject({ number: 1 })
    expect(names()).not.toContain('get /repos/{owner}/{repo}/installation')
  })

  function fault(fault: Fault): void {
    github.options.fault = () => fault
  }
})

describe('the bytes of a file', () => {
  it('are asked for again where GitHub showed others', async () => {
    github.options.garbleText = true
    await proposed()
    expect(git.file(FILE, BRANCH)).toBe(aManifest(written(anImage())))
    expect(names()).toContain('get /repos/{owner}/{repo}/git/blobs/{file_sha}')
  })

  it('are asked for again where GitHub cut them off', async () => {
    const filler = '# filler\n'.repeat(70_000)
    git.commit({ [FILE]: `${aManifest()}${filler}` })
    await proposed()
    expect(git.file(FILE, BRANCH)).toBe(`${aManifest(written(anImage()))}${filler}`)
  })

  it('that are no text are refused', async () => {
    git.commit({ [FILE]: `${aManifest()}\0` })
    expect(await delivery.propose([aCargo()], { branch: BRANCH, lastHead: null, open: null })).toMatchObject({
      ok: false,
      error: { reason: 'unparsable' },
    })
  })
})

describe('secrets', () => {
  /** A server that shows everything it was sent. */
  const echo = (call: FakeCall): Fault => ({ status: 422, body: { message: `you sent ${call.authorization}` } })

  it.each([
    ['an App', {}],
    ['a token', { token: 'env:TOKEN' as const }],
  ])('of %s never show, whatever GitHub answers', async (_title, entry) => {
    const token = `ghp_CANARY${crypto.randomUUID()}`
    github.addToken(token)
    delivery = connect(entry, 'token' in entry ? token : github.key)
    for (let at = 0; at < 8; at += 1) {
      let count = -1
      github.options.fault = (call) => {
        count += 1
        return count >= at ? echo(call) : null
      }
      const said = await delivery
        .propose([aCargo()], { branch: BRANCH, lastHead: null, open: null })
        .then(JSON.stringify, showError)
      const secrets = github.requests.map((call) => (call.authorization ?? '').replace(/^\w+ /u, ''))
      for (const secret of [token, ...secrets]) expect(said).not.toContain(secret)
    }
  })

  it('CVE-2026-40161: go to no other host, not even when GitHub sends us there', async () => {
    const thief = await startFakeGitHub()
    const location = `${thief.url}/graphql`
    github.options.fault = (call) =>
      call.name === 'query Look' ? { status: 307, headers: { location }, body: {} } : null
    expect(await delivery.propose([aCargo()], { branch: BRANCH, lastHead: null, open: null })).toMatchObject({
      ok: false,
      error: { reason: 'target-missing' },
    })
    expect(thief.requests).toEqual([])
    await thief.close()
  })

  it('are asked for with no more rights than deliveries need', async () => {
    const tokens: string[] = []
    github.options.fault = (call) => {
      if (call.name === 'query Look') tokens.push(call.authorization ?? '')
      return null
    }
    await Promise.all([proposed(), connect().observe(aGitTarget(), NAME)])
    expect(new Set(tokens).size).toBe(2)
    expect(names().filter((name) => name.startsWith('post /app/'))).toHaveLength(2)
  })

  function showError(error: unknown): string {
    const { message, stack, cause } = error as Error
    return `${message} ${stack} ${String(cause)} ${JSON.stringify(error)}`
  }
})
