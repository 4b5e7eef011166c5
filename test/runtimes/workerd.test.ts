/** The core in workerd: built without Node's modules, it takes a signed event, asks a registry, and proposes a commit. */

import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build, type BuildResult } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestHarness, type TestHarness } from 'wrangler'
import { workerModules } from '../../scripts/worker-modules.ts'
import { createClient } from '../../src/cli/client.ts'
import { startRegistry, type LocalRegistry } from '../../src/cli/demo/registry.ts'
import { startFakeGitHub, type FakeGitHub } from '../helpers/fake-github.ts'
import { createRepository, type GitRepository } from '../helpers/git-repository.ts'
import { eventually } from '../helpers/service.ts'

const KEY = Buffer.from('0123456789abcdef0123456789abcdef')
const TOKEN = 'CANARY-of-otto'

process.env['WRANGLER_SEND_METRICS'] = 'false'
process.env['CLOUDFLARE_CF_FETCH_ENABLED'] = 'false'

type Built = BuildResult<{ metafile: true; write: false }>

let folder: string
let built: Built
let registry: LocalRegistry
let github: FakeGitHub
let repository: GitRepository
let harness: TestHarness
let url: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'drayage-workerd-'))
  built = await bundle(new URL('core-worker.ts', import.meta.url))
  writeFileSync(join(folder, 'worker.js'), built.outputFiles[0]?.contents ?? '')
  registry = await startRegistry()
  repository = createRepository({ 'app.yaml': `image: ${registry.host}/acme/app:1.0.0\n` })
  github = await startFakeGitHub()
  github.addRepository('acme/gitops', repository)
  github.addToken(TOKEN)
  const config = `version: 1
registries:
  ci: { host: "${registry.host}", insecure: true, events: { type: webhook, secret: env:HOOK_SECRET } }
git:
  gitops: { github: acme/gitops, api: "${github.url}", token: env:GITHUB_TOKEN }
subscriptions:
  app: { image: "${registry.host}/acme/app", tags: { semver: ">=1" }, verify: none, stages: { prod: { git: gitops, file: app.yaml } } }
`
  const vars = { CONFIG: config, HOOK_SECRET: `whsec_${KEY.toString('base64')}`, API_TOKEN: TOKEN }
  harness = createTestHarness({
    workers: [
      {
        config: {
          name: 'core',
          main: join(folder, 'worker.js'),
          base_dir: folder,
          no_bundle: true,
          compatibility_date: '2026-10-01',
          vars,
        },
      },
    ],
  })
  url = (await harness.listen()).url.origin
}, 120_000)

afterAll(async () => {
  await harness.close()
  await Promise.all([registry.close(), github.close()])
  repository.close()
  rmSync(folder, { recursive: true, force: true })
})

/** As for a platform that has nothing of Node but what the libraries that verify need. */
function bundle(entry: URL): Promise<Built> {
  return build({
    entryPoints: [entry.pathname],
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['workerd', 'worker', 'import'],
    target: 'es2024',
    minify: true,
    metafile: true,
    plugins: [workerModules],
    logLevel: 'silent',
    write: false,
  })
}

const VERIFICATION_NEEDS = ['node:buffer', 'node:crypto', 'node:util']

function outsideOf({ outputs }: Built['metafile']): readonly string[] {
  const names = Object.values(outputs).flatMap(({ imports }) => imports.filter(({ external }) => external))
  return [...new Set(names.map(({ path }) => path))].toSorted()
}

/** Standard Webhooks takes no dot in it. */
function idOf(tag: string): string {
  return `message-${tag.replaceAll('.', '-')}`
}

function tell(tag: string, key = KEY): Promise<Response> {
  const id = idOf(tag)
  const body = JSON.stringify({ type: 'image.pushed', data: { image: `${registry.host}/acme/app:${tag}` } })
  const seconds = Math.floor(Date.now() / 1000)
  const signature = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': `v1,${signature}`,
  }
  return fetch(`${url}/hooks/ci`, { method: 'POST', headers, body })
}

describe('the build', () => {
  it('holds no module of Node, but for those that workerd has and verification asks for', () => {
    expect(outsideOf(built.metafile)).toEqual(VERIFICATION_NEEDS)
  })

  it('holds the receivers, the pipeline, GitHub and Kubernetes, and not the SDK that needs a machine', () => {
    const inputs = Object.keys(built.metafile.inputs)
    for (const part of [
      'src/receivers/webhook.ts',
      'src/pipeline.ts',
      'src/delivery/github.ts',
      'src/delivery/kubernetes.ts',
    ]) {
      expect(inputs).toContain(part)
    }
    expect(inputs.filter((input) => /@kubernetes|src\/state\/sqlite|src\/clients\/git\.ts/u.test(input))).toEqual([])
  })

  it('of the public surface holds no other either', async () => {
    const { metafile } = await bundle(new URL('../../src/index.ts', import.meta.url))
    expect(outsideOf(metafile)).toEqual(VERIFICATION_NEEDS)
  })

  it('fits where a platform bounds it', () => {
    const [worker] = built.outputFiles
    if (worker === undefined) throw new Error('nothing was built')
    const kib = (bytes: number): string => `${Math.round(bytes / 1024)} KiB`
    console.log(`the core for workerd: ${kib(worker.contents.length)}, ${kib(gzipSync(worker.contents).length)} gzip`)
    // The platform's own limit, for a free account.
    expect(gzipSync(worker.contents).length).toBeLessThan(3 * 1024 * 1024)
  })
})

describe('the core in workerd', () => {
  it('answers its first request, and says that it lives', async () => {
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
  })

  it('lets nobody in without the right signature', async () => {
    expect((await tell('9.9.9', Buffer.alloc(32))).status).toBe(401)
    expect((await fetch(`${url}/api/v1/status`)).status).toBe(401)
  })

  it('takes a signed event, decides by the registry, and proposes the commit', async () => {
    const digest = await registry.pushImage('acme/app', '1.1.0')
    const answer = await tell('1.1.0')
    expect([answer.status, await answer.json()]).toMatchObject([202, { outcome: 'stored' }])
    const client = createClient({ url, token: TOKEN })
    await eventually('it is proposed', async () => {
      const { subscriptions } = await client.status({})
      return subscriptions[0]?.stages[0]?.waits.some((wait) => wait.includes('waits for its merge')) === true
    })
    const { subscriptions } = await client.status({})
    const image = `${registry.host}/acme/app:1.1.0@${digest}`
    expect(subscriptions[0]?.stages[0]?.promotion?.image).toBe(image)
    expect(repository.git(['show', 'drayage/app/prod:app.yaml'])).toBe(`image: ${image}`)
    const explained = await client.explain(`ci/${idOf('1.1.0')}`)
    expect(explained.events[0]?.walk.map(({ step }) => step)).toEqual([
      'match',
      'filter',
      'resolve',
      'inspect',
      'offer',
    ])
    expect((await tell('1.1.0')).status).toBe(200)
    expect(github.violations).toEqual([])
  })

  it('matches paths as they are left by the platform, which normalises them', async () => {
    for (const path of ['/hooks/%63i', '//hooks/ci', '/hooks/ci/', '/hooks/nobody']) {
      expect([path, (await fetch(`${url}${path}`, { method: 'POST' })).status]).toEqual([path, 404])
    }
  })
})
