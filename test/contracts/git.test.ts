/** The delivery contract, run by plain Git: on a path of this machine, and over HTTP with a password. */

import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createGitDelivery, type GitDelivery } from '../../src/delivery/git.ts'
import type { PlainRepository } from '../../src/domain/config.ts'
import { RetryLater } from '../../src/domain/retry.ts'
import { serveGit } from '../helpers/git-http.ts'
import { createRepository } from '../helpers/git-repository.ts'
import { aGitTarget, aManifest, anOrder, NAME } from '../helpers/order.ts'
import { describeFileDelivery } from './delivery.contract.ts'

const CANARY = `CANARY-${crypto.randomUUID()}`
const FILE = 'apps/payments.yaml'

function deliveryTo(entry: PlainRepository, tempDir: string, password = CANARY): GitDelivery {
  return createGitDelivery({
    git: { gitops: entry },
    secretOf: () => () => Promise.resolve([password]),
    tempDir,
    now: () => Date.UTC(2026, 0, 2, 3, 4, 5),
    environment: { PATH: process.env['PATH'] },
    pause: () => Promise.resolve(),
  })
}

describeFileDelivery('plain Git on this machine', async (repository, base) => {
  const tempDir = mkdtempSync(join(tmpdir(), 'drayage-test-'))
  const delivery = deliveryTo({ url: repository.path, base }, tempDir)
  return {
    delivery,
    close: async () => {
      await delivery.close()
      rmSync(tempDir, { recursive: true })
    },
  }
})

describeFileDelivery('plain Git over HTTP', async (repository, base) => {
  const tempDir = mkdtempSync(join(tmpdir(), 'drayage-test-'))
  const server = await serveGit(repository.path, { username: 'robot', password: CANARY })
  const entry = { url: server.url, base, username: 'robot', password: 'env:GIT_PASSWORD' } as const
  const delivery = deliveryTo(entry, tempDir)
  return {
    delivery,
    close: async () => {
      await delivery.close()
      await server.close()
      rmSync(tempDir, { recursive: true })
    },
  }
})

describe('plain Git', () => {
  const closers: (() => Promise<void> | void)[] = []
  afterEach(async () => {
    for (const close of closers.splice(0).toReversed()) await close()
  })

  const temporary = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'drayage-test-'))
    closers.push(() => rmSync(folder, { recursive: true, force: true }))
    return folder
  }
  const repositoryWith = (files: Parameters<typeof createRepository>[0]) => {
    const repository = createRepository(files)
    closers.push(repository.close)
    return repository
  }
  const open = (entry: PlainRepository, password?: string): GitDelivery => {
    const delivery = deliveryTo(entry, temporary(), password)
    closers.push(() => delivery.close())
    return delivery
  }

  it('reads only the one file of a repository that can leave content out', async () => {
    const repository = repositoryWith({ [FILE]: aManifest(), 'large.bin': 'x'.repeat(500_000) })
    repository.git(['config', 'uploadpack.allowFilter', 'true'])
    const tempDir = temporary()
    const delivery = deliveryTo({ url: repository.path, base: 'main' }, tempDir)
    closers.push(() => delivery.close())
    expect(await delivery.deliver(anOrder())).toMatchObject({ ok: true })
    const cache = readdirSync(tempDir, { recursive: true, encoding: 'utf8' }).find((path) => /\/r-[^/]*$/u.test(path))
    const kept = execFileSync(
      'git',
      ['--git-dir', join(tempDir, cache ?? ''), 'cat-file', '--batch-all-objects', '--batch-check=%(objectname)'],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    )
    expect(kept).toContain(repository.git(['rev-parse', `main^:${FILE}`]))
    expect(kept).not.toContain(repository.git(['rev-parse', 'main:large.bin']))
    expect(repository.file('large.bin')).toHaveLength(500_000)
  })

  it('lets a hook of the repository refuse, and says what it said', async () => {
    const repository = repositoryWith({ [FILE]: aManifest() })
    mkdirSync(join(repository.path, 'hooks'), { recursive: true })
    writeFileSync(join(repository.path, 'hooks/pre-receive'), '#!/bin/sh\necho "main is frozen" >&2\nexit 1\n')
    chmodSync(join(repository.path, 'hooks/pre-receive'), 0o755)
    const answer = await open({ url: repository.path, base: 'main' }).deliver(anOrder())
    expect(answer).toMatchObject({ ok: false, error: { reason: 'refused-by-target' } })
    expect(answer.ok ? '' : answer.error.detail).toContain('main is frozen')
  })

  it('takes up what another process delivered between two of its own', async () => {
    const repository = repositoryWith({ [FILE]: aManifest() })
    const entry = { url: repository.path, base: 'main' }
    const answers = await Promise.all([open(entry), open(entry), open(entry)].map((one) => one.deliver(anOrder())))
    const references = answers.map((answer) => (answer.ok ? answer.value.reference : answer.error.reason))
    expect(new Set(references)).toEqual(new Set([repository.head()]))
    expect(repository.count()).toBe(2)
  })

  it.each([
    ['a wrong password', 'wrong', 'forbidden'],
    ['the right one', CANARY, 'ok'],
  ])('answers for %s', async (_title, password, reason) => {
    const repository = repositoryWith({ [FILE]: aManifest() })
    const server = await serveGit(repository.path, { username: 'robot', password: CANARY })
    closers.push(() => server.close())
    const entry = { url: server.url, base: 'main', username: 'robot', password: 'env:P' } as const
    const answer = await open(entry, password).observe(aGitTarget(), NAME)
    expect(answer.ok ? 'ok' : answer.error.reason).toBe(reason)
  })

  it('is left for later while the host is down', async () => {
    const repository = repositoryWith({})
    const server = await serveGit(repository.path)
    await server.close()
    await expect(open({ url: server.url, base: 'main' }).observe(aGitTarget(), NAME)).rejects.toThrow(RetryLater)
  })

  it('answers for a repository that is not there', async () => {
    const answer = await open({ url: '/nowhere/at-all.git', base: 'main' }).observe(aGitTarget(), NAME)
    expect(answer).toMatchObject({ ok: false, error: { reason: 'target-missing' } })
  })

  it.each([
    ['CVE-2017-1000117: a transport that runs programs', 'ext::sh -c touch% /tmp/pwned'],
    ['CVE-2017-1000117: ssh with an option for a host', 'ssh://-oProxyCommand=x/y'],
    ['CVE-2026-40938, CVE-2019-13139: an option for a url', '--upload-pack=touch /tmp/pwned'],
    ['a password in the url', 'https://robot:hunter2@git.example.com/a.git'],
    ['plain http to another machine', 'http://git.example.com/a.git'],
    ['a relative path', 'repositories/a.git'],
  ])('refuses %s', async (_title, url) => {
    const answer = await open({ url, base: 'main' }).observe(aGitTarget(), NAME)
    expect(answer).toMatchObject({ ok: false, error: { reason: 'target-missing' } })
    expect(JSON.stringify(answer)).not.toContain('hunter2')
  })

  it('CVE-2026-40161: sends its password to no other host, not even when it is sent there', async () => {
    const repository = repositoryWith({ [FILE]: aManifest() })
    const seen: string[] = []
    const thief = createServer((request, response) => {
      seen.push(`${request.headers.authorization}`)
      response.writeHead(404).end()
    })
    const honest = createServer((request, response) => {
      const { port } = thief.address() as AddressInfo
      response.writeHead(302, { location: `http://127.0.0.1:${port}${request.url}` }).end()
    })
    for (const server of [thief, honest]) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      closers.push(() => server.close() && server.closeAllConnections())
    }
    const { port } = honest.address() as AddressInfo
    const entry = { url: `http://127.0.0.1:${port}/a.git`, base: 'main', password: 'env:P' } as const
    const outcome = await open(entry)
      .observe(aGitTarget(), NAME)
      .then((answer) => JSON.stringify(answer), String)
    expect(seen).toEqual([])
    expect(outcome).not.toContain(CANARY)
    expect(repository.count()).toBe(1)
  })

  it('never shows its password, in no error and no answer', async () => {
    const repository = repositoryWith({ [FILE]: aManifest() })
    const encoded = Buffer.from(`robot:${CANARY}`).toString('base64')
    const server = await serveGit(repository.path, { username: 'robot', password: 'another' })
    closers.push(() => server.close())
    const urls = [server.url, server.url.replace('repository', 'none'), 'http://127.0.0.1:1/a.git', repository.path]
    for (const url of urls) {
      const delivery = open({ url, base: 'main', username: 'robot', password: 'env:P' })
      const outcome = await delivery
        .deliver(anOrder())
        .then(JSON.stringify, (error: unknown) => `${String(error)} ${(error as Error).stack}`)
      expect(outcome).not.toContain(CANARY)
      expect(outcome).not.toContain(encoded)
    }
  })

  it('never shows its password, not even when the host shows what it was sent', async () => {
    const echo = createServer((request, response) => {
      const header = request.headers.authorization ?? ''
      const decoded = Buffer.from(header.replace('Basic ', ''), 'base64').toString()
      response.writeHead(403, { 'content-type': 'text/plain' }).end(`you sent ${header}, which is ${decoded}`)
    })
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
    closers.push(() => echo.close() && echo.closeAllConnections())
    const url = `http://127.0.0.1:${(echo.address() as AddressInfo).port}/a.git`
    const delivery = open({ url, base: 'main', username: 'robot', password: 'env:P' })
    const answer = await delivery.observe(aGitTarget(), NAME)
    expect(answer).toMatchObject({ ok: false, error: { reason: 'forbidden' } })
    expect(JSON.stringify(answer)).toContain('you sent')
    expect(JSON.stringify(answer)).not.toContain(CANARY)
    expect(JSON.stringify(answer)).not.toContain(Buffer.from(`robot:${CANARY}`).toString('base64'))
  })

  it('leaves nothing behind when it is closed', async () => {
    const repository = repositoryWith({ [FILE]: aManifest() })
    const tempDir = temporary()
    const delivery = deliveryTo({ url: repository.path, base: 'main' }, tempDir)
    await delivery.deliver(anOrder())
    await delivery.close()
    expect(readdirSync(tempDir)).toEqual([])
  })
})
