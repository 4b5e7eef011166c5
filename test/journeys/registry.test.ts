/** Real programs: Debian's registry and skopeo against our client, and skopeo against our own registry. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startRegistry } from '../../src/cli/demo/registry.ts'
import { createGuardedFetch } from '../../src/clients/address-guard.ts'
import { createHttp } from '../../src/clients/http.ts'
import { createRegistries } from '../../src/clients/registry/registries.ts'
import { Registry } from '../../src/domain/image.ts'
import type { Registries } from '../../src/domain/registry.ts'
import { startDockerRegistry, type DockerRegistry } from '../helpers/docker-registry.ts'
import { aServer, anImage, pinned } from '../helpers/hostile-registry.ts'
import { hasProgram, inspectWithSkopeo, pushWithSkopeo, type Credential } from '../helpers/skopeo.ts'

const hasSkopeo = hasProgram('skopeo')

function clientFor(host: string, credential?: Credential): Registries & { requests: string[] } {
  const requests: string[] = []
  const http = createHttp({
    fetch: createGuardedFetch(),
    now: Date.now,
    random: Math.random,
    onCall: ({ method }) => requests.push(method),
  })
  const pull = credential && { username: credential.username, password: 'env:PULL' }
  const registry = { host: Registry.parse(host), insecure: true, ...(pull ? { pull } : {}) }
  const secretOf = () => async (): Promise<[string]> => [credential?.password ?? '']
  return Object.assign(createRegistries({ http, registries: { main: registry }, secretOf, now: Date.now }), {
    requests,
  })
}

describe.skipIf(!hasSkopeo || !hasProgram('docker-registry'))('Debian’s docker-registry', () => {
  const events: string[] = []
  let registry: DockerRegistry
  let receiver: Awaited<ReturnType<typeof aServer>>
  beforeAll(async () => {
    receiver = await aServer((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        events.push(`${request.headers.authorization} ${body}`)
        response.end()
      })
    })
    registry = await startDockerRegistry({
      notify: { url: `http://${receiver.host}/hooks/main`, headers: { Authorization: 'Bearer hook' } },
    })
  })
  afterAll(async () => {
    await registry?.close()
    await receiver?.close()
  })

  it('resolves to what skopeo pushed and inspects', async () => {
    const pushed = await pushWithSkopeo(registry.host, 'acme/app', '1.0.0', 'one')
    const client = clientFor(registry.host)
    const found = await client.resolve(anImage(registry.host))
    expect(found).toMatchObject({ ok: true, value: { digest: pushed } })
    expect(await inspectWithSkopeo(registry.host, 'acme/app', '1.0.0')).toBe(pushed)
    expect(await client.inspect(pinned(registry.host, pushed))).toEqual({ ok: true, value: { kind: 'image' } })
    expect(client.requests).toEqual(['HEAD', 'GET'])
  })

  it('follows a tag that moved', async () => {
    const client = clientFor(registry.host)
    await pushWithSkopeo(registry.host, 'acme/moving', '1.0.0', 'before')
    const after = await pushWithSkopeo(registry.host, 'acme/moving', '1.0.0', 'after')
    const found = await client.resolve(anImage(registry.host, '1.0.0', 'acme/moving'))
    expect(found).toMatchObject({ ok: true, value: { digest: after } })
  })

  it('lists its tags and knows what it has not', async () => {
    for (const tag of ['b', 'a']) await pushWithSkopeo(registry.host, 'acme/tags', tag, tag)
    const client = clientFor(registry.host)
    const found = await client.listTags(anImage(registry.host, 'a', 'acme/tags'))
    expect(found.ok && found.value.toSorted()).toEqual(['a', 'b'])
    const missing = await client.resolve(anImage(registry.host, 'none', 'acme/tags'))
    expect(missing).toMatchObject({ ok: false, error: { reason: 'tag-not-found' } })
  })

  it('tells of the push with its own notification', async () => {
    const digest = await pushWithSkopeo(registry.host, 'acme/told', '1.0.0', 'told')
    const isTold = (): boolean => events.some((event) => event.startsWith('Bearer hook') && event.includes(digest))
    await expect.poll(isTold, { timeout: 5000 }).toBe(true)
  })
})

describe.skipIf(!hasSkopeo)('our own registry', () => {
  it.each([
    ['open', undefined],
    ['behind a password', { username: 'u', password: 'p' }],
  ])('%s: takes what skopeo pushes, gives what it inspects', async (_what, credential) => {
    const registry = await startRegistry(credential ? { auth: credential } : {})
    const pushed = await pushWithSkopeo(registry.host, 'acme/app', '1.0.0', 'one', credential)
    expect(await inspectWithSkopeo(registry.host, 'acme/app', '1.0.0', credential)).toBe(pushed)
    const client = clientFor(registry.host, credential)
    expect(await client.resolve(anImage(registry.host))).toMatchObject({ ok: true, value: { digest: pushed } })
    expect(await client.inspect(pinned(registry.host, pushed))).toEqual({ ok: true, value: { kind: 'image' } })
    const own = await registry.pushImage('acme/app', '2.0.0')
    expect(await inspectWithSkopeo(registry.host, 'acme/app', '2.0.0', credential)).toBe(own)
    expect(await client.listTags(anImage(registry.host))).toEqual({ ok: true, value: ['1.0.0', '2.0.0'] })
    await registry.close()
  })
})
