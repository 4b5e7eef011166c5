/** A real registry whose notification is lost, and one that sends none: the push comes all the same, and the loss is said. */

import { createServer } from 'node:http'
import { afterEach, expect, it } from 'vitest'
import { startDockerRegistry } from '../helpers/docker-registry.ts'
import { createRepository } from '../helpers/git-repository.ts'
import { eventually, freePort, startService } from '../helpers/service.ts'
import { hasProgram, pushWithSkopeo } from '../helpers/skopeo.ts'

const SECRET = 'Bearer sesame'
const TIMEOUT_MS = 180_000
const cleanup: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const step of cleanup.splice(0).toReversed()) await step()
})

/** Between the registry and us: passes notifications on, until it says yes to them and throws them away. */
async function aRelay(to: string) {
  const relay = { isLossy: false, passed: 0, lost: 0 }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      relay[relay.isLossy ? 'lost' : 'passed'] += 1
      if (relay.isLossy) return void response.end()
      const headers = { authorization: SECRET, 'content-type': request.headers['content-type'] ?? '' }
      fetch(to, { method: 'POST', headers, body: Buffer.concat(chunks) }).then(
        ({ status }) => response.writeHead(status).end(),
        () => response.writeHead(502).end(),
      )
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanup.push(() => new Promise((resolve) => server.close(resolve)))
  const address = server.address()
  return Object.assign(relay, { port: typeof address === 'object' && address !== null ? address.port : 0 })
}

async function metric(api: string, token: string, name: string): Promise<number> {
  const answer = await fetch(`${api}/metrics`, { headers: { authorization: `Bearer ${token}` } })
  const line = (await answer.text()).split('\n').find((one) => one.startsWith(`${name}{`))
  return Number(line?.split(' ').at(-1) ?? 0)
}

it.skipIf(!hasProgram('docker-registry') || !hasProgram('skopeo'))(
  'a lost notification is found by a look at the registry, brought to the target, and told',
  { timeout: TIMEOUT_MS },
  async () => {
    const port = await freePort()
    const relay = await aRelay(`http://127.0.0.1:${port}/hooks/local`)
    const registry = await startDockerRegistry({
      notify: { url: `http://127.0.0.1:${relay.port}/`, headers: { Authorization: SECRET } },
    })
    cleanup.push(registry.close)
    const image = `${registry.host}/acme/app`
    const repository = createRepository({ 'app.yaml': `image: ${image}:old\n` })
    cleanup.push(() => repository.close())
    const yaml = `registries:
  local: { host: "${registry.host}", insecure: true, sweep: 10s, events: { type: distribution, secret: env:HOOK } }
git:
  gitops: { url: ${repository.path}, base: main }
subscriptions:
  app: { image: "${image}", tags: { digestOf: stable }, verify: none, stages: { prod: { git: gitops, file: app.yaml } } }
`
    const tokens = [{ person: 'ann', role: 'viewer', token: 'env:TOKEN' }]
    const service = await startService({ yaml, env: { HOOK: SECRET, TOKEN: 'CANARY-of-ann' }, port, tokens })
    cleanup.push(() => service.remove())
    const isThere = (digest: string) => async (): Promise<boolean> =>
      repository.file('app.yaml') === `image: ${image}:stable@${digest}\n`

    await eventually(
      'the first push is there',
      isThere(await pushWithSkopeo(registry.host, 'acme/app', 'stable', 'one')),
    )
    expect(relay.passed).toBeGreaterThan(0)
    const told = async () =>
      (await service.client.history({ subscription: 'app' })).entries.filter(({ reason }) => reason === 'webhook-lost')
    expect(await told()).toEqual([])

    relay.isLossy = true
    const second = await pushWithSkopeo(registry.host, 'acme/app', 'stable', 'two')
    await eventually('the push is there whose notification was lost', isThere(second), 90_000)
    expect(relay.lost).toBeGreaterThan(0)
    expect(await told()).toMatchObject([{ kind: 'noticed', image: `${image}:stable@${second}` }])
    expect(await metric(service.api, 'CANARY-of-ann', 'drayage_webhooks_lost_total')).toBe(1)
  },
)

it.skipIf(!hasProgram('docker-registry') || !hasProgram('skopeo'))(
  'a registry that sends nothing is polled',
  { timeout: TIMEOUT_MS },
  async () => {
    const registry = await startDockerRegistry()
    cleanup.push(registry.close)
    const image = `${registry.host}/acme/app`
    const repository = createRepository({ 'app.yaml': `image: ${image}:1.0.0\n` })
    cleanup.push(() => repository.close())
    const yaml = `registries:
  local: { host: "${registry.host}", insecure: true, events: { type: poll, every: 10s } }
git:
  gitops: { url: ${repository.path}, base: main }
subscriptions:
  app: { image: "${image}", tags: { semver: ">=1" }, verify: none, stages: { prod: { git: gitops, file: app.yaml } } }
`
    for (const tag of ['1.0.0', '1.1.0', 'nightly']) await pushWithSkopeo(registry.host, 'acme/app', tag, tag)
    const service = await startService({ yaml })
    cleanup.push(() => service.remove())
    const stands = (tag: string) => async (): Promise<boolean> =>
      repository.file('app.yaml').includes(`:${tag}@sha256:`)
    await eventually('the newest is there', stands('1.1.0'))
    await pushWithSkopeo(registry.host, 'acme/app', '1.2.0', 'newer')
    await eventually('the newer one is there', stands('1.2.0'), 90_000)
    const { entries } = await service.client.history({ subscription: 'app' })
    expect(entries.filter(({ kind }) => kind === 'noticed')).toEqual([])
    expect((await fetch(`${service.hooks}/hooks/local`, { method: 'POST', body: '{}' })).status).toBe(404)
  },
)
