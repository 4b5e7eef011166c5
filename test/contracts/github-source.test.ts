/** A source repository on GitHub: its developers are answered, its checks and authors asked. Against a peer that GitHub's own descriptions judge. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { askAuthors, askGitHub } from '../../src/checks/github.ts'
import { createFindSource, type FindSource } from '../../src/clients/github-sources.ts'
import { createHttp, type Http } from '../../src/clients/http.ts'
import type { Config } from '../../src/domain/config.ts'
import { RetryLater } from '../../src/domain/retry.ts'
import { Source, type Commit } from '../../src/domain/source.ts'
import type { SourceNews } from '../../src/domain/source-news.ts'
import { createGitHubTeller } from '../../src/notifications/github.ts'
import type { Teller, Telling } from '../../src/notifications/teller.ts'
import { addPull } from '../helpers/fake-github-rest.ts'
import type { FakePull, FakeRepository } from '../helpers/fake-github-state.ts'
import { startFakeGitHub, type FakeGitHub } from '../helpers/fake-github.ts'
import { createRepository, type GitRepository } from '../helpers/git-repository.ts'
import { anImage } from '../helpers/order.ts'

const http: Http = createHttp({
  fetch: (url, init) => fetch(url, init),
  now: Date.now,
  random: () => 0,
  sleep: () => Promise.resolve(),
})
const URL = 'https://github.test/acme/gitops/pull/7'

let git: GitRepository
let github: FakeGitHub
let repository: FakeRepository
let source: Source
let commit: Commit
let teller: Teller
let claimed: Commit | null

beforeEach(async () => {
  git = createRepository({ 'main.ts': 'hello\n' })
  github = await startFakeGitHub()
  repository = github.addRepository('acme/payments', git)
  const access = { app: github.appId, key: 'env:KEY', api: github.url }
  source = Source.parse({ github: 'acme/payments', ...access, status: true, deployments: true, comments: true })
  commit = { repository: `${github.url}/acme/payments`, id: git.head() ?? '' }
  claimed = null
  teller = createGitHubTeller({ find: finding(), claimedCommit: async () => claimed })
})
afterEach(async () => {
  await github.close()
  git.close()
  expect(github.violations).toEqual([])
})

function finding(changed: Partial<Source> = {}, gates: readonly object[] = []): FindSource {
  const subscription = { name: 'payments', source: { ...source, ...changed }, stages: [{ gates }] }
  const config = { git: {}, subscriptions: [subscription] } as unknown as Pick<Config, 'git' | 'subscriptions'>
  return createFindSource(config, { http, secretOf: () => async () => [github.key], now: Date.now })
}

function telling(news: Partial<SourceNews> = {}, changed: Partial<Telling> = {}): Telling {
  return {
    subscription: 'payments',
    stage: 'prod',
    promotion: 'payments/prod/x#1',
    image: anImage('1.4.3'),
    commit,
    news: { state: 'waiting', text: 'waits: approval', url: URL, hasBegun: false, ...news },
    ...changed,
  }
}

const REFUSED = { state: 'refused', text: 'refused: signature: ci failed: signed by X, you allow Y' } as const

function aPull(number = 1): FakePull {
  const pull = addPull(repository, {
    head: `feature-${number}`,
    base: 'main',
    headOid: commit.id,
    title: 'a',
    body: '',
    fromFork: true,
  })
  pull.mergeCommit = commit.id
  pull.state = 'MERGED'
  return pull
}

describe('a commit status', () => {
  it.each([
    ['waiting', {}, 'pending', '1.4.3: waits: approval'],
    ['delivering', { state: 'delivering', text: 'is being delivered' }, 'pending', '1.4.3: is being delivered'],
    ['well', { state: 'well', text: 'healthy' }, 'success', '1.4.3: healthy'],
    ['refused', REFUSED, 'failure', '1.4.3: refused: signature: ci failed: signed by X, you allow Y'],
    ['superseded', { state: 'over', text: 'superseded: by 1.5.0' }, 'error', '1.4.3: superseded: by 1.5.0'],
  ] as const)('says that it is %s', async (_title, news, state, description) => {
    expect(await teller.tell(telling(news), source)).toEqual({ ok: true, value: null })
    expect(repository.source.statuses).toEqual([
      { sha: commit.id, state, context: 'drayage/payments/prod', description, url: URL },
    ])
  })

  it('is as long as GitHub takes, and one line', async () => {
    await teller.tell(telling({ text: `a\nb\u0000 ${'x'.repeat(500)}` }), source)
    const [status] = repository.source.statuses
    expect(status?.description).toHaveLength(140)
    expect(status?.description).toMatch(/^1\.4\.3: a b x+…$/u)
  })
})

describe('a deployment', () => {
  const states = () =>
    repository.source.deployments.map(({ sha, environment, states: all }) => [
      sha,
      environment,
      all.map(({ state }) => state),
    ])

  it('begins with the delivery and ends with its health, one for each promotion', async () => {
    await teller.tell(telling(), source)
    expect(states()).toEqual([])
    await teller.tell(telling({ state: 'delivering', hasBegun: true }), source)
    await teller.tell(telling({ state: 'well', hasBegun: true }), source)
    await teller.tell(telling({ state: 'delivering', hasBegun: true }, { promotion: 'payments/prod/x#2' }), source)
    expect(states()).toEqual([
      [commit.id, 'payments/prod', ['in_progress', 'success']],
      [commit.id, 'payments/prod', ['in_progress']],
    ])
  })

  it.each([
    ['refused before anything changed', REFUSED, []],
    ['rolled back', { ...REFUSED, hasBegun: true }, ['failure']],
    ['superseded on its way', { state: 'over', hasBegun: true }, ['inactive']],
  ] as const)('of what was %s', async (_title, news, expected) => {
    await teller.tell(telling(news), source)
    expect(repository.source.deployments.flatMap(({ states: all }) => all.map(({ state }) => state))).toEqual(expected)
  })

  it('is made once, though the answer was lost', async () => {
    github.options.fault = ({ name }) => (name === 'post /repos/{owner}/{repo}/deployments' ? 'after' : null)
    const going = telling({ state: 'delivering', hasBegun: true })
    await expect(teller.tell(going, source)).rejects.toThrow()
    github.options.fault = () => null
    await teller.tell(going, source)
    expect(repository.source.deployments).toHaveLength(1)
  })
})

describe('a comment under the pull request of the commit', () => {
  it('says why it was refused, once, and is brought up to date in place', async () => {
    const pull = aPull()
    await teller.tell(telling(REFUSED), source)
    await teller.tell(telling(REFUSED), source)
    expect(pull.comments).toHaveLength(1)
    expect(pull.comments[0]?.body).toContain(
      '`1.4.3` at `prod`: `refused: signature: ci failed: signed by X, you allow Y`',
    )
    await teller.tell(telling({ state: 'refused', text: 'rejected: not on a Friday' }), source)
    expect(pull.comments.map(({ body }) => body)).toEqual([expect.stringContaining('not on a Friday')])
    await teller.tell(telling({ state: 'well', text: 'healthy' }), source)
    expect(pull.comments.map(({ body }) => body)).toEqual([expect.stringContaining('`healthy`')])
  })

  it.each([
    ['it is well and nothing was said before', { state: 'well' }],
    ['it waits', {}],
    ['it was superseded', { state: 'over' }],
  ] as const)('is not made where %s', async (_title, news) => {
    const pull = aPull()
    await teller.tell(telling(news), source)
    expect(pull.comments).toEqual([])
  })

  it('is one for each stage, and leaves those of others alone', async () => {
    const pull = aPull()
    pull.comments.push({ id: 9, body: '<!-- drayage:payments/prod -->\nnot ours', author: 'mallory' })
    await teller.tell(telling(REFUSED), source)
    await teller.tell(telling(REFUSED, { stage: 'dev' }), source)
    expect(pull.comments.map(({ author }) => author)).toEqual(['mallory', github.login, github.login])
    expect(pull.comments[0]?.body).toContain('not ours')
  })

  it('says nothing that comes to life', async () => {
    const pull = aPull()
    await teller.tell(
      telling({ state: 'refused', text: '@acme/all ![x](https://evil.example/x.png) --> <b> `' }),
      source,
    )
    const [, ...lines] = (pull.comments[0]?.body ?? '').split('\n')
    const plain = lines.join('\n').replaceAll(/(?<fence>`+)(?!`)[^]*?(?<!`)\k<fence>(?!`)/gu, '')
    expect(plain).not.toMatch(/[@#<>]|\]\(/u)
  })

  it('is not there where no pull request has the commit', async () => {
    expect(await teller.tell(telling(REFUSED), source)).toEqual({ ok: true, value: null })
  })
})

describe('what stands in the way', () => {
  it('nothing says which commit it was', async () => {
    const told = await teller.tell(telling({}, { commit: null }), source)
    expect(told).toMatchObject({ ok: false, error: { reason: 'no-commit' } })
  })

  it('a claim of the image counts where nothing is verified', async () => {
    claimed = commit
    await teller.tell(telling({}, { commit: null }), source)
    expect(repository.source.statuses).toHaveLength(1)
  })

  it('a commit that is not there', async () => {
    const told = await teller.tell(telling({}, { commit: { ...commit, id: 'f'.repeat(40) } }), source)
    expect(told).toMatchObject({ ok: false, error: { reason: 'refused' } })
  })

  it('a right that is missing takes none of the others', async () => {
    github.addToken('ghp_narrow', { permissions: { statuses: 'write', contents: 'read' } })
    const narrow: Source = {
      github: 'acme/payments',
      token: 'env:T',
      api: github.url,
      status: true,
      deployments: true,
      comments: true,
    }
    const find = createFindSource(
      { git: {}, subscriptions: [] },
      { http, secretOf: () => async () => ['ghp_narrow'], now: Date.now },
    )
    const told = await createGitHubTeller({ find, claimedCommit: async () => null }).tell(
      telling({ state: 'well' }),
      narrow,
    )
    expect(told).toMatchObject({ ok: false, error: { detail: expect.stringMatching(/403.*check what the App/u) } })
    expect(repository.source.statuses).toHaveLength(1)
  })

  it('GitHub that is down is asked again later', async () => {
    github.options.fault = () => ({ status: 503, body: { message: 'unavailable' } })
    await expect(teller.tell(telling(), source)).rejects.toThrow(RetryLater)
  })

  it('asks for no right that the configuration makes no use of', async () => {
    const find = finding({ status: true, deployments: false, comments: false })
    await createGitHubTeller({ find, claimedCommit: async () => null }).tell(telling({ state: 'well' }), {
      ...source,
      deployments: false,
      comments: false,
    })
    expect(github.grants.at(-1)).toEqual({ metadata: 'read', contents: 'read', statuses: 'write' })
  })
})

describe('a check of the source commit', () => {
  const gate = {
    kind: 'check',
    name: 'e2e',
    every: 1,
    within: 1,
    how: { by: 'github', repository: null, check: 'e2e' },
  } as const
  const ask = (
    asked: { commit?: Commit | null; source?: Source | undefined } = {},
    how: { repository: string | null } = { repository: null },
  ) =>
    askGitHub(
      { by: 'github', check: 'e2e', ...how },
      { image: anImage(), commit, source, ...asked },
      finding({}, [gate]),
    )
  const run = (conclusion: string | null, status = 'completed'): void =>
    void repository.source.checks.push({ sha: commit.id, name: 'e2e', status, conclusion })

  it.each([
    ['nothing of that name', () => {}, 'waiting', 'GitHub knows none'],
    ['a success', () => run('success'), 'held', 'success'],
    ['a failure, which may be run again', () => run('failure'), 'waiting', 'failure'],
    ['a run that goes on', () => run(null, 'in_progress'), 'waiting', 'in_progress'],
    ['one that was skipped', () => run('skipped'), 'waiting', 'skipped'],
    ['one that is neutral', () => run('neutral'), 'waiting', 'neutral'],
    ['two of that name, of which one failed', () => [run('success'), run('failure')], 'waiting', 'failure'],
    [
      'a success of another name',
      () =>
        repository.source.checks.push({ sha: commit.id, name: 'e2e-old', status: 'completed', conclusion: 'success' }),
      'waiting',
      'GitHub knows none',
    ],
    [
      'a commit status that succeeded',
      () =>
        repository.source.statuses.push({ sha: commit.id, state: 'success', context: 'e2e', description: '', url: '' }),
      'held',
      'success',
    ],
    [
      'a commit status that failed',
      () =>
        repository.source.statuses.push({ sha: commit.id, state: 'failure', context: 'e2e', description: '', url: '' }),
      'waiting',
      'failure',
    ],
    [
      'a success of another commit',
      () =>
        repository.source.checks.push({
          sha: git.commit({ 'a.ts': 'a' }),
          name: 'e2e',
          status: 'completed',
          conclusion: 'success',
        }),
      'waiting',
      'GitHub knows none',
    ],
  ] as const)('%s', async (_title, arrange, state, detail) => {
    arrange()
    expect(await ask()).toEqual({ state, detail: expect.stringContaining(detail) })
  })

  it.each([
    ['nothing verified names the commit', { commit: null }, {}],
    [
      'it was built from another repository',
      { commit: { repository: 'https://github.com/mallory/payments', id: 'a'.repeat(40) } },
      {},
    ],
    [
      'the same name at another host',
      { commit: { repository: 'https://evil.example/acme/payments', id: 'a'.repeat(40) } },
      {},
    ],
    ['no source is configured', { source: undefined }, {}],
    ['there is no way in', {}, { repository: 'acme/other' }],
  ])('is no yes where %s', async (_title, asked, how) => {
    run('success')
    expect(await ask(asked, { repository: null, ...how })).toMatchObject({ state: 'waiting' })
  })
})

describe('who wrote a commit', () => {
  const ask = (one: Commit = commit) => askAuthors(one, source, finding())
  const written = (author: string | null, committer: string | null): void =>
    void repository.source.authors.set(commit.id, { author, committer })

  it.each([
    ['one person', 'Ann-GH', 'Ann-GH', ['ann-gh']],
    ['two', 'ann-gh', 'ben-gh', ['ann-gh', 'ben-gh']],
    ['one, merged on the pages of GitHub', 'ann-gh', 'web-flow', ['ann-gh']],
  ])('%s', async (_title, author, committer, logins) => {
    written(author, committer)
    expect(await ask()).toEqual({ ok: true, value: logins })
  })

  it.each([
    ['whose address belongs to no account', () => written(null, 'web-flow')],
    ['of another repository', () => void (commit = { ...commit, repository: 'https://github.com/mallory/x' })],
    ['that is not there', () => void (commit = { ...commit, id: 'f'.repeat(40) })],
  ])('is not known of a commit %s', async (_title, arrange) => {
    arrange()
    expect(await ask(commit)).toMatchObject({ ok: false })
  })
})
