/** The container image as far as it can be shown without an engine: its files, its user, its entry point, a read-only root. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startRegistry } from '../../src/cli/demo/registry.ts'
import {
  buildImage,
  type Container,
  type Image,
  noContainer,
  readContainerfile,
  startContainer,
} from '../helpers/container.ts'
import { startFakeGitHub } from '../helpers/fake-github.ts'
import { createRepository } from '../helpers/git-repository.ts'
import { postgresBinaries, startPostgres, withoutPostgres } from '../helpers/postgres.ts'
import { eventually, freePort } from '../helpers/service.ts'

const SECRET = 'Bearer sesame'
const TOKEN = 'CANARY-of-the-operator'
const EMBEDDED = '/var/lib/drayage/state.db'

const title = `the container${noContainer === null ? '' : ` (skipped: ${noContainer})`}`

describe.skipIf(noContainer !== null)(title, () => {
  let image: Image
  const cleanup: (() => Promise<void> | void)[] = []
  const kept: (() => Promise<void> | void)[] = []
  beforeAll(() => {
    const context = mkdtempSync(join(tmpdir(), 'drayage-context-'))
    execFileSync(process.execPath, ['scripts/build.ts', join(context, 'dist')])
    image = buildImage(context)
    rmSync(context, { recursive: true, force: true })
  })
  afterAll(() => image.remove())
  afterEach(async () => {
    for (const step of cleanup.splice(0).toReversed()) await step()
  })

  /** A registry that tells it, a repository on GitHub that it delivers to. */
  async function scene(state: unknown, env: Readonly<Record<string, string>> = {}) {
    const [hooks, api] = [await freePort(), await freePort()]
    const notify = { url: `http://127.0.0.1:${hooks}/hooks/local`, headers: { authorization: SECRET } }
    const registry = await startRegistry({ notify })
    const github = await startFakeGitHub()
    const app = `${registry.host}/acme/app`
    const git = createRepository({ 'app.yaml': `image: ${app}:1.0.0\n` })
    github.addRepository('acme/app', git)
    cleanup.push(async () => {
      await registry.close()
      await github.close()
      git.close()
    })
    const config = {
      version: 1,
      server: {
        listen: `127.0.0.1:${hooks}`,
        api: {
          listen: `127.0.0.1:${api}`,
          tokens: [{ person: 'ann', role: 'operator', token: 'file:/etc/drayage/token' }],
        },
        state,
      },
      registries: {
        local: { host: registry.host, insecure: true, events: { type: 'distribution', secret: 'env:HOOK' } },
      },
      git: { gitops: { github: 'acme/app', app: github.appId, key: 'file:/etc/drayage/github.pem', api: github.url } },
      subscriptions: {
        app: {
          image: app,
          tags: { semver: '>=1' },
          verify: 'none',
          stages: { prod: { git: 'gitops', file: 'app.yaml', merge: 'when-approved' } },
        },
      },
    }
    const files = { 'drayage.yaml': JSON.stringify(config), 'github.pem': github.key, token: TOKEN }
    const container = startContainer(image, { files, env: { HOOK: SECRET, ...env } })
    cleanup.push(() => container.remove())
    await ready(container, hooks)
    return { container, registry, git, app, api: `http://127.0.0.1:${api}`, hooks }
  }

  async function ready(container: Container, hooks: number): Promise<void> {
    await eventually('it is ready', async () => {
      if (container.process.exitCode !== null) throw new Error(`it ended: ${container.log()}`)
      return (await fetch(`http://127.0.0.1:${hooks}/readyz`).catch(() => null))?.ok === true
    })
  }

  async function delivers({ registry, git, app }: Awaited<ReturnType<typeof scene>>): Promise<void> {
    const digest = await registry.pushImage('acme/app', '1.1.0')
    await eventually('it is merged', async () => git.file('app.yaml') === `image: ${app}:1.1.0@${digest}\n`)
  }

  it('brings a push to a merged pull request with the embedded store, and ends in order', async () => {
    const running = await scene(EMBEDDED)
    await delivers(running)
    const metrics = await fetch(`${running.api}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } })
    expect(await metrics.text()).toMatch(/^drayage_/mu)
    expect(await running.container.stop()).toBe(0)
    expect(running.container.log()).not.toMatch(/"level":"error"|restricted|CANARY/u)
  })

  it.skipIf(postgresBinaries === null)(`does the same with PostgreSQL${withoutPostgres}`, async () => {
    const postgres = await startPostgres()
    cleanup.push(() => postgres.close())
    const running = await scene({ postgres: 'env:DATABASE_URL' }, { DATABASE_URL: await postgres.create('fleet') })
    await delivers(running)
    expect(await running.container.stop()).toBe(0)
    expect(running.container.log()).not.toMatch(/"level":"error"|restricted|CANARY/u)
  })

  describe('from the inside', () => {
    let running: Awaited<ReturnType<typeof scene>>
    const { command } = readContainerfile()
    const flags = command.slice(0, command.indexOf('/app/drayage.js'))
    beforeAll(async () => {
      running = await scene(EMBEDDED)
      kept.push(...cleanup.splice(0))
    })
    afterAll(async () => {
      for (const step of kept.splice(0).toReversed()) await step()
    })

    it('is found by the command line, as kubectl exec starts it', async () => {
      await delivers(running)
      const asked = running.container.exec([
        ...flags,
        '/app/drayage.js',
        'status',
        '--json',
        '--config',
        '/etc/drayage/drayage.yaml',
      ])
      expect(asked).toMatchObject({ status: 0, stderr: '' })
      expect(asked.stdout).toContain(':1.1.0@sha256:')
    })

    it.each([
      { what: 'start a program', code: `require('node:child_process').execFileSync('/bin/env')` },
      { what: 'start a worker', code: `new (require('node:worker_threads').Worker)('1', { eval: true })` },
      { what: 'read what is not its own', code: `require('node:fs').readFileSync('/etc/hosts')` },
      { what: 'write to its program', code: `require('node:fs').writeFileSync('/app/main.js', '')` },
      { what: 'write to its configuration', code: `require('node:fs').writeFileSync('/etc/drayage/drayage.yaml', '')` },
      { what: 'make code of text', code: `new Function('return 1')()` },
    ])('cannot $what', ({ code }) => {
      const tried = running.container.exec([...flags, '-e', code])
      expect(tried.status).not.toBe(0)
      expect(tried.stderr).toMatch(/ERR_ACCESS_DENIED|Code generation from strings disallowed/u)
    })

    it('is nobody, on a root that nobody can write', () => {
      const code = `const fs = require('node:fs')
        const tried = ['/app/x', '/etc/drayage/x', '/x', '/tmp/x'].map((path) => { try { fs.writeFileSync(path, ''); return 'written' } catch (error) { return error.code } })
        console.log(JSON.stringify({ uid: process.getuid(), gid: process.getgid(), tried }))`
      const { stdout } = running.container.exec([flags[0] ?? '', '-e', code])
      expect(JSON.parse(stdout)).toEqual({ uid: 65532, gid: 65532, tried: ['EROFS', 'EROFS', 'EROFS', 'ENOENT'] })
    })
  })
})

describe('the Containerfile', () => {
  it('names its base by an argument without a default, and its user by a number that is not root', () => {
    const { user, copies } = readContainerfile()
    expect(user).toBe('65532:65532')
    expect(copies.flatMap(({ from }) => from).every((path) => path.startsWith('dist/'))).toBe(true)
  })

  it('gives no flag that opens what it should not', () => {
    const { command } = readContainerfile()
    expect(command).toContain('--permission')
    expect(command.filter((word) => /^--allow-(?!fs-(?:read|write)=\/[a-z])/u.test(word))).toEqual([])
    expect(command.filter((word) => word.startsWith('--allow-fs-write'))).toEqual(['--allow-fs-write=/var/lib/drayage'])
  })
})
