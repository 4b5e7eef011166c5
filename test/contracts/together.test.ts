/** Several promotions in one commit: by plain Git on a path and over HTTP, and as a pull request on GitHub. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHttp } from '../../src/clients/http.ts'
import type { Delivery, Known, Proposals } from '../../src/delivery/delivery.ts'
import { createGitDelivery } from '../../src/delivery/git.ts'
import { createGitHubDelivery } from '../../src/delivery/github.ts'
import type { PlainRepository } from '../../src/domain/config.ts'
import type { FakeRepository } from '../helpers/fake-github-state.ts'
import { startFakeGitHub, type FakeGitHub } from '../helpers/fake-github.ts'
import { serveGit } from '../helpers/git-http.ts'
import { createRepository, type GitRepository } from '../helpers/git-repository.ts'
import { aManifest } from '../helpers/order.ts'
import { cargoOf, describeTogether, imageOf, writtenOf, type Together } from './together.contract.ts'

const BRANCH = 'drayage/batch/gitops_prod'

async function plain(entry: PlainRepository, alsoClose: () => Promise<void> = async () => {}): Promise<Together> {
  const tempDir = mkdtempSync(join(tmpdir(), 'drayage-test-'))
  const delivery = createGitDelivery({
    git: { gitops: entry },
    secretOf: () => () => Promise.resolve(['secret']),
    tempDir,
    now: Date.now,
    environment: { PATH: process.env['PATH'] },
    pause: () => Promise.resolve(),
  })
  return {
    bring: (cargos) => delivery.commit(cargos),
    branch: 'main',
    close: async () => {
      await delivery.close()
      await alsoClose()
      rmSync(tempDir, { recursive: true })
    },
  }
}

function connect(github: FakeGitHub): Delivery & Proposals {
  return createGitHubDelivery({
    git: { gitops: { github: 'acme/gitops', base: 'main', api: github.url, app: github.appId, key: 'env:KEY' } },
    secretOf: () => () => Promise.resolve([github.key]),
    http: createHttp({ fetch: (url, init) => fetch(url, init), now: Date.now, random: () => 0 }),
    now: Date.now,
    pause: () => Promise.resolve(),
  })
}

describeTogether('a batch by plain Git on this machine', (repository) => plain({ url: repository.path, base: 'main' }))

describeTogether('a batch by plain Git over HTTP, from a server that can leave content out', async (repository) => {
  repository.git(['config', 'uploadpack.allowFilter', 'true'])
  const server = await serveGit(repository.path)
  return plain({ url: server.url, base: 'main' }, () => server.close())
})

describeTogether('a batch as a pull request on GitHub', async (repository) => {
  const github = await startFakeGitHub()
  github.addRepository('acme/gitops', repository)
  const delivery = connect(github)
  return {
    bring: (cargos) => delivery.propose(cargos, { branch: BRANCH, lastHead: null, open: null }),
    branch: BRANCH,
    close: async () => {
      await github.close()
      expect(github.violations).toEqual([])
    },
  }
})

describe('the pull request of a batch', () => {
  let git: GitRepository
  let github: FakeGitHub
  let repository: FakeRepository
  let delivery: Delivery & Proposals
  const both = [cargoOf('ledger'), cargoOf('payments')] as const
  const known = (parts: Partial<Known> = {}): Known => ({ branch: BRANCH, lastHead: null, open: null, ...parts })

  beforeEach(async () => {
    const files = ['ledger', 'payments'].map((name) => [
      `apps/${name}.yaml`,
      aManifest(`registry.example.com/acme/${name}:1`),
    ])
    git = createRepository(Object.fromEntries(files))
    github = await startFakeGitHub()
    repository = github.addRepository('acme/gitops', git)
    delivery = connect(github)
  })
  afterEach(async () => {
    await github.close()
    git.close()
    expect(github.violations).toEqual([])
  })
  const head = (): string => git.head(BRANCH) ?? ''

  it('names each image, old and new, with its digest, reason and promotion', async () => {
    await delivery.propose(both, known())
    expect(repository.pulls).toMatchObject([{ state: 'OPEN', title: 'Deliver 2 images to prod' }])
    const body = repository.pulls[0]?.body ?? ''
    for (const { promotion, reason, subscription: name } of both) {
      for (const word of [
        writtenOf(name),
        `registry.example.com/acme/${name}:1`,
        reason,
        promotion,
        `apps/${name}.yaml`,
      ]) {
        expect(body).toContain(`\`${word}\``)
      }
    }
  })

  it('is opened with as many requests as one of a single promotion', async () => {
    await delivery.propose(both, known())
    expect(github.requests).toHaveLength(7)
  })

  it('is rebuilt without one that was rejected, in place', async () => {
    await delivery.propose(both, known())
    await delivery.propose([both[0]], known({ lastHead: head(), open: 1 }))
    expect(git.changedFiles(BRANCH)).toEqual(['apps/ledger.yaml'])
    expect(git.count(`main..${BRANCH}`)).toBe(1)
    expect(repository.pulls).toMatchObject([{ state: 'OPEN', title: 'Deliver acme/ledger:2 to prod' }])
    expect(repository.pulls[0]?.body).not.toContain(imageOf('payments').digest)
  })

  it('is still ours where nobody remembers it, also after one of it has arrived otherwise', async () => {
    await delivery.propose(both, known())
    git.commit({ 'apps/payments.yaml': aManifest(writtenOf('payments')) })
    const answer = await delivery.propose(both, known({ lastHead: 'b'.repeat(40) }))
    expect(answer).toMatchObject({ ok: true, value: { number: 1 } })
    expect(git.changedFiles(BRANCH)).toEqual(['apps/ledger.yaml'])
  })

  it('is ours where an older candidate was left behind', async () => {
    await delivery.propose(both, known())
    const newer = cargoOf('payments', {
      promotion: 'payments/prod/newer#1',
      wish: { kind: 'pinned', image: imageOf('payments', '3') },
    })
    const answer = await delivery.propose([both[0], newer], known())
    expect(answer).toMatchObject({ ok: true, value: { number: 1 } })
    expect(git.file('apps/payments.yaml', BRANCH)).toBe(aManifest(writtenOf('payments', '3')))
  })

  it.each([
    { what: 'a commit upon it', act: () => void git.commit({ 'README.md': 'mine\n' }, BRANCH) },
    {
      what: 'its commit amended',
      act: () => {
        const message = git.git(['log', '-1', '--format=%B', BRANCH])
        git.git(['update-ref', `refs/heads/${BRANCH}`, 'main'])
        git.commit({ 'apps/payments.yaml': aManifest(writtenOf('payments')), 'README.md': 'mine\n' }, BRANCH, message)
      },
    },
  ])('with $what is somebody’s', async ({ act }) => {
    await delivery.propose(both, known())
    const ours = head()
    act()
    const answer = await delivery.propose([both[0]], known({ lastHead: ours, open: 1 }))
    expect(answer).toMatchObject({ ok: false, error: { reason: 'foreign-commits', found: head() } })
  })

  it.each([
    { what: 'closed', act: () => void Object.assign(repository.pulls[0] ?? {}, { state: 'CLOSED', closedBy: 'ann' }) },
    { what: 'merged', act: () => void Object.assign(repository.pulls[0] ?? {}, { state: 'MERGED', mergedBy: 'ann' }) },
  ])('that a person $what before we heard is left to them', async ({ act }) => {
    await delivery.propose(both, known())
    const before = head()
    act()
    const answer = await delivery.propose([both[0]], known({ lastHead: before, open: 1 }))
    expect(answer).toMatchObject({ ok: false, error: { reason: 'closed' } })
    expect(repository.pulls).toHaveLength(1)
    expect(head()).toBe(before)
  })

  it('of very many still fits into what GitHub takes', async () => {
    const names = Array.from({ length: 100 }, (_, index) => `app-${index}-${'x'.repeat(60)}`)
    git.commit(
      Object.fromEntries(names.map((name) => [`apps/${name}.yaml`, aManifest(`registry.example.com/acme/${name}:1`)])),
    )
    const [first = both[0], ...others] = names.map((name) => cargoOf(name, { reason: 'y'.repeat(300) }))
    expect(await delivery.propose([first, ...others], known())).toMatchObject({ ok: true })
    expect(repository.pulls[0]?.body.length).toBeLessThan(65_536)
    expect(repository.pulls[0]?.body).toMatch(/and \d+ more, which the commit names/u)
    expect(git.changedFiles(BRANCH)).toHaveLength(100)
  })
})
