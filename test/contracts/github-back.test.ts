/** A way back by a pull request of its own, on a GitHub that takes no commits to its base branch. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHttp, type Http } from '../../src/clients/http.ts'
import type { Order } from '../../src/delivery/delivery.ts'
import { createGitHubDelivery } from '../../src/delivery/github.ts'
import { startFakeGitHub } from '../helpers/fake-github.ts'
import { createRepository, type GitRepository } from '../helpers/git-repository.ts'
import { aManifest, anImage, anOrder, OLD, written } from '../helpers/order.ts'

const FILE = 'apps/payments.yaml'
const BRANCH = 'drayage/rollbacks/payments/prod/1'
const [BAD, GOOD] = [anImage('1.6.0'), anImage('1.5.0')]
const http: Http = createHttp({ fetch: (url, init) => fetch(url, init), now: Date.now, random: () => 0 })

let git: GitRepository
let github: Awaited<ReturnType<typeof startFakeGitHub>>
let repository: ReturnType<typeof github.addRepository>
let delivery: ReturnType<typeof createGitHubDelivery>

beforeEach(async () => {
  git = createRepository({ 'README.md': 'hello\n', [FILE]: aManifest(written(BAD)) })
  github = await startFakeGitHub()
  repository = github.addRepository('acme/gitops', git)
  delivery = createGitHubDelivery({
    git: { gitops: { github: 'acme/gitops', base: 'main', api: github.url, app: github.appId, key: 'env:KEY' } },
    secretOf: () => () => Promise.resolve([github.key]),
    http,
    now: Date.now,
    pause: () => Promise.resolve(),
  })
})
afterEach(async () => {
  await github.close()
  git.close()
  expect(github.violations).toEqual([])
})

function back(merge: 'now' | 'by-person' = 'now', order: Partial<Order> = {}) {
  const wish = { kind: 'pinned', image: GOOD } as const
  return delivery.deliver(anOrder({ wish, expected: [written(BAD)], through: { branch: BRANCH, merge }, ...order }))
}

describe('a way back by pull request', () => {
  it('is opened and merged at once, where the base branch takes no commits', async () => {
    repository.protectedBranches.add('main')
    expect(await back()).toMatchObject({ ok: true, value: { status: 'changed', now: written(GOOD) } })
    expect(git.file(FILE)).toBe(aManifest(written(GOOD)))
    expect(repository.pulls).toMatchObject([{ state: 'MERGED', head: BRANCH }])
    expect(await back()).toMatchObject({ ok: true, value: { status: 'unchanged' } })
    expect(repository.pulls).toHaveLength(1)
  })

  it('waits for a person where that is asked for, and knows their merge', async () => {
    await expect(back('by-person')).rejects.toThrow('waits for a person')
    await expect(back('by-person')).rejects.toThrow('waits for a person')
    expect(repository.pulls).toMatchObject([{ state: 'OPEN' }])
    expect(git.file(FILE)).toBe(aManifest(written(BAD)))
    git.commit({ [FILE]: aManifest(written(GOOD)) }, 'main', 'merged by hand')
    expect(await back('by-person')).toMatchObject({ ok: true, value: { status: 'unchanged' } })
  })

  it('stops where a person closed it, and opens no second one', async () => {
    await expect(back('by-person')).rejects.toThrow()
    Object.assign(repository.pulls[0] ?? {}, { state: 'CLOSED', closedBy: 'ann' })
    expect(await back('by-person')).toMatchObject({
      ok: false,
      error: { reason: 'refused-by-target', detail: expect.stringContaining('ann closed') },
    })
    expect(repository.pulls).toHaveLength(1)
  })

  it.each([
    ['a newer image', aManifest(written(anImage('1.7.0')))],
    ['a person’s hand', aManifest(OLD)],
  ])('leaves %s alone', async (_title, text) => {
    git.commit({ [FILE]: text })
    expect(await back()).toMatchObject({ ok: false, error: { reason: 'moved' } })
    expect(git.file(FILE)).toBe(text)
    expect(repository.pulls).toEqual([])
  })

  it('is rebuilt upon a base that moved meanwhile', async () => {
    await expect(back('by-person')).rejects.toThrow()
    git.commit({ 'README.md': 'bye\n' })
    expect(await back()).toMatchObject({ ok: true })
    expect([git.file(FILE), git.file('README.md')]).toEqual([aManifest(written(GOOD)), 'bye\n'])
  })

  it('writes nothing once it is not ours any more', async () => {
    expect(await back('now', { stillHeld: () => false })).toMatchObject({ ok: false, error: { reason: 'fenced' } })
    expect([git.file(FILE), repository.pulls]).toEqual([aManifest(written(BAD)), []])
  })

  it('without its rule is a commit, which a protected branch refuses', async () => {
    repository.protectedBranches.add('main')
    const { through: _, ...plain } = anOrder({ wish: { kind: 'pinned', image: GOOD }, expected: [written(BAD)] })
    expect(await delivery.deliver(plain)).toMatchObject({ ok: false })
    expect(git.file(FILE)).toBe(aManifest(written(BAD)))
  })
})
