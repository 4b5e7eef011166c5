/** The main job with a cluster at its end: a push to a real registry, the real service, a real API server. */

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startDockerRegistry, type DockerRegistry } from '../helpers/docker-registry.ts'
import { drayage } from '../helpers/drayage.ts'
import { openTestCluster, until, type TestCluster } from '../helpers/kubernetes.ts'
import { hasProgram, inspectWithSkopeo, pushWithSkopeo } from '../helpers/skopeo.ts'
import { aDeployment } from '../helpers/workload.ts'

const kubeconfig = process.env['KUBECONFIG'] ?? ''
const missing = [
  ...(kubeconfig === '' ? ['KUBECONFIG'] : []),
  ...['docker-registry', 'skopeo'].filter((name) => !hasProgram(name)),
]
const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname
const SECRET = 'Bearer of-the-journey'
/** A pull is called failed after twenty seconds. */
const FAILURE_MS_MAX = 60_000

const title = `a push to a cluster${missing.length === 0 ? '' : ` (skipped: no ${missing.join(', ')})`}`

describe.skipIf(missing.length > 0)(title, () => {
  let test: TestCluster
  let registry: DockerRegistry
  let service: ChildProcess
  let folder: string
  let config: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'drayage-journey-'))
    const [hooks, api] = [await freePort(), await freePort()]
    const notify = { url: `http://127.0.0.1:${hooks}/hooks/local`, headers: { Authorization: SECRET } }
    registry = await startDockerRegistry({ notify })
    test = await openTestCluster(kubeconfig)
    await push('1.0.0')
    await test.demand('POST', deployments(), aDeployment('web', image('1.0.0')))
    config = join(folder, 'drayage.yaml')
    writeFileSync(config, configuration(hooks, api))
    service = spawn(process.execPath, [MAIN, 'serve', '--config', config, '--log-json'], {
      env: { ...process.env, HOOK: SECRET },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    await serving(service)
  })
  afterAll(async () => {
    const ended = once(service, 'close')
    service.kill('SIGTERM')
    await ended
    await test.close()
    await registry.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('patches the workload with the digest that the registry holds', async () => {
    await push('1.1.0')
    const digest = await inspectWithSkopeo(registry.host, 'acme/app', '1.1.0')
    const wanted = `${image('1.1.0')}@${digest}`
    expect(await until(running, (found) => found === wanted)).toBe(wanted)
    expect(await until(history, (told) => told.includes('healthy'))).toContain('healthy')
  })

  it('puts the former image back where the new one does not run, and says why', { timeout: 120_000 }, async () => {
    const former = await running()
    await push('1.2.0-bad')
    expect(await until(running, (found) => found.includes('1.2.0-bad'))).toContain('1.2.0-bad@sha256:')
    expect(await until(running, (found) => found === former, FAILURE_MS_MAX)).toBe(former)
    const told = await until(history, (text) => text.includes('rolled-back'))
    expect(told).toMatch(/ImagePullBackOff.*Back-off pulling image/u)
  })

  it('goes on with the next one', async () => {
    await push('1.3.0')
    expect(await until(running, (found) => found.includes('1.3.0'))).toContain('1.3.0@sha256:')
  })

  function deployments(): string {
    return `/apis/apps/v1/namespaces/${test.namespace}/deployments`
  }
  function image(tag: string): string {
    return `${registry.host}/acme/app:${tag}`
  }
  function push(tag: string): Promise<string> {
    return pushWithSkopeo(registry.host, 'acme/app', tag, `kubernetes ${tag}`)
  }
  async function running(): Promise<string> {
    const object = JSON.stringify(await test.demand('GET', `${deployments()}/web`))
    // The wish itself: annotations and managed fields do not have this shape
    return /"name":"app","image":"(?<image>[^"]+)"/u.exec(object)?.groups?.['image'] ?? object
  }
  async function history(): Promise<string> {
    return (await drayage(['history', '--config', config])).stdout
  }
  function configuration(hooks: number, api: number): string {
    const target = { cluster: 'here', namespace: test.namespace, workload: 'deployment/web', container: 'app' }
    const events = { type: 'distribution', header: 'authorization', secret: 'env:HOOK' }
    const tags = { semver: '>=1.0', prerelease: true }
    return JSON.stringify({
      version: 1,
      server: { listen: `127.0.0.1:${hooks}`, api: { listen: `127.0.0.1:${api}` }, state: join(folder, 'state.db') },
      registries: { local: { host: registry.host, events } },
      clusters: { here: { kubeconfig: `file:${kubeconfig}` } },
      subscriptions: {
        shop: { image: `${registry.host}/acme/app`, tags, verify: 'none', stages: { prod: target } },
      },
    })
  }
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Its first lines say that it serves; what it says instead is the error. */
async function serving(service: ChildProcess): Promise<void> {
  let said = ''
  const keep = (chunk: Buffer): void => void (said += chunk.toString())
  service.stdout?.on('data', keep)
  service.stderr?.on('data', keep)
  const isUp = await until(
    () => Promise.resolve(said.includes('"serving"') || service.exitCode !== null),
    (each) => each,
  )
  if (!isUp || service.exitCode !== null) throw new Error(`the service does not start: ${said}`)
}
