/** The Worker as Cloudflare would have it: its configuration is taken, its API has its own hostname, a cluster is reached by binding. */

import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { experimental_readRawConfig } from 'wrangler'
import { createClient } from '../../src/cli/client.ts'
import { createMemoryCluster } from '../helpers/memory-cluster.ts'
import { startWorker, type Worker } from '../helpers/worker.ts'
import { aDeployment } from '../helpers/workload.ts'
import { OPERATOR_TOKEN, startWorld, type World } from '../journeys/platform/world.ts'

const ROOT = new URL('../..', import.meta.url).pathname
const TIMEOUT_MS = 120_000
const TOKENS = { api: { tokens: [{ person: 'ann', role: 'operator', token: 'env:TOKEN' }] } }

describe('wrangler.jsonc', () => {
  it('is taken by wrangler as it is, without a word of warning', { timeout: TIMEOUT_MS }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'drayage-wrangler-'))
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      [
        join(ROOT, 'node_modules/wrangler/bin/wrangler.js'),
        'deploy',
        '--dry-run',
        '--outdir',
        folder,
        '--config',
        'infra/cloudflare/wrangler.jsonc',
      ],
      {
        cwd: ROOT,
        env: {
          ...process.env,
          DRAYAGE_CONFIG: join(ROOT, 'infra/cloudflare/drayage.yaml'),
          WRANGLER_SEND_METRICS: 'false',
          WRANGLER_LOG: 'log',
          CI: 'true',
        },
      },
    )
    rmSync(folder, { recursive: true })
    expect(stderr).toBe('')
    expect(stdout).not.toContain('WARNING')
    for (const binding of ['DOCUMENTS', 'DB', 'INBOX', 'METRICS']) expect(stdout).toContain(`env.${binding}`)
  })
})

describe('what the platform writes down by itself', () => {
  it('is nothing that holds a URL: Docker Hub has its secret in the path', () => {
    const { rawConfig } = experimental_readRawConfig({ config: join(ROOT, 'infra/cloudflare/wrangler.jsonc') })
    expect(rawConfig.observability).toMatchObject({ logs: { invocation_logs: false }, traces: { enabled: false } })
  })
})

describe('an API with a hostname of its own', () => {
  let worker: Worker
  beforeAll(async () => {
    const config = {
      version: 1,
      registries: { ci: { events: { type: 'webhook', secret: 'env:HOOK' } } },
      server: TOKENS,
    }
    const secrets = { TOKEN: 'a-token', HOOK: `whsec_${Buffer.alloc(32).toString('base64')}` }
    worker = await startWorker({ config, secrets, vars: { API_HOST: 'drayage.example.com' } })
  }, TIMEOUT_MS)
  afterAll(() => worker.stop())

  it.each([
    ['GET', 'https://drayage.example.com/api/v1/status', 200],
    ['GET', 'https://drayage.example.com/metrics', 200],
    ['POST', 'https://drayage.example.com/hooks/ci', 404],
    ['GET', 'https://hooks.example.com/api/v1/status', 404],
    ['GET', 'https://hooks.example.com/metrics', 404],
    ['POST', 'https://hooks.example.com/hooks/ci', 401],
    ['GET', 'https://hooks.example.com/readyz', 200],
  ])('%s %s is answered with %i', async (method, url, status) => {
    const headers = { authorization: 'Bearer a-token' }
    expect((await worker.server.fetch(url, { method, headers })).status).toBe(status)
  })
})

describe('the dead letters of the queue', () => {
  let worker: Worker
  beforeAll(async () => {
    const entry = new URL('../helpers/faulty-worker.ts', import.meta.url).pathname
    worker = await startWorker({ config: { version: 1, server: TOKENS }, secrets: { TOKEN: 'a-token' }, entry })
  }, TIMEOUT_MS)
  afterAll(() => worker.stop())

  it('are an error in the log, which is what an alert is for', async () => {
    await fetch(`${worker.url}/dead`)
    expect(worker.logs().map((line) => JSON.parse(line) as object)).toContainEqual(
      expect.objectContaining({ level: 'error', event: 'wake-ups were given up', messages: 2 }),
    )
  })
})

describe('a workload behind a Workers VPC service', () => {
  const PATH = '/apis/apps/v1/namespaces/shop/deployments/web'
  let server: Server | undefined
  let world: World | undefined
  afterEach(async () => {
    await world?.stop()
    server?.close()
  })

  it('is patched, watched, and well', { timeout: TIMEOUT_MS }, async () => {
    const tokens = new Set<string | undefined>()
    const memory = createMemoryCluster({ after: () => rollOut(memory.objects.get(PATH)) })
    server = createServer((request, response) => {
      tokens.add(request.headers.authorization)
      void text(request).then(async (body) => {
        const answer = await memory.send({ method: request.method as 'GET' | 'PATCH', path: request.url ?? '', body })
        return response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body)
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    // What cloudflared does in the cluster: it takes requests for the service's name only.
    const tunnel = `export default { fetch(request) {
      const url = new URL(request.url)
      if (url.host !== 'kubernetes.default.svc') return new Response('no such service', { status: 404 })
      return fetch(new Request('http://127.0.0.1:${port}' + url.pathname + url.search, request))
    } }`
    let image = ''
    world = await startWorld(
      async ({ config, secrets }) => {
        const worker = await startWorker({
          config,
          secrets: { ...secrets, K8S: 'token-of-the-cluster' },
          services: { CLUSTER_PROD: tunnel },
        })
        return {
          hooks: worker.url,
          api: worker.url,
          restart: worker.restart,
          stop: worker.stop,
          log: () => worker.logs().join('\n'),
        }
      },
      { web: {} },
      ({ host }) => {
        image = `${host}/acme/web`
        return {
          clusters: { prod: { server: 'https://kubernetes.default.svc', token: 'env:K8S', vpc: 'CLUSTER_PROD' } },
          subscriptions: {
            web: {
              image,
              tags: { semver: '>=1' },
              verify: 'none',
              stages: { prod: { cluster: 'prod', namespace: 'shop', workload: 'deployment/web', container: 'app' } },
            },
          },
        }
      },
    )
    const metadata = { uid: 'u', resourceVersion: '1', generation: 1 }
    memory.objects.set(PATH, aDeployment('web', `${image}:1.0.0`, {}, metadata) as never)
    rollOut(memory.objects.get(PATH))
    const scene = world.scene('web')
    const digest = await scene.push('1.1.0')
    await scene.tell('1.1.0')
    await scene.recorded('the rollout is well', ({ kind, reason }) => kind === 'healthy' && reason === 'observed')
    expect(JSON.stringify(memory.objects.get(PATH))).toContain(`"${image}:1.1.0@${digest}"`)
    expect([...tokens]).toEqual(['Bearer token-of-the-cluster'])
    const client = createClient({ url: world.platform.api, token: OPERATOR_TOKEN })
    expect(JSON.stringify(await client.status({}))).not.toContain('token-of-the-cluster')
  })
})

/** What the controllers do: all replicas run the new template. */
function rollOut(object: Record<string, unknown> | undefined): void {
  if (object === undefined) return
  const { generation } = object['metadata'] as { generation: number }
  const replicas = { replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 }
  object['status'] = { observedGeneration: generation, ...replicas }
}
