/** Google's registries by the real emulator of Pub/Sub, which pushes as Pub/Sub does; what it does not do, the token, a proxy adds. */

import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pubsubEmulator, startPubsubEmulator, withoutPubsub } from '../helpers/pubsub-emulator.ts'
import { entryOf, proofOf, startIssuer } from '../helpers/senders.ts'
import { eventually, startService, type Service } from '../helpers/service.ts'

const SECRET = 'CANARY-of-google'
const PROJECT = 'projects/acme-prod'
const TOPIC = `${PROJECT}/topics/gcr`
const START_TIMEOUT_MS = 90_000
const CASE_TIMEOUT_MS = 90_000
const IMAGE = 'europe-docker.pkg.dev/acme-prod/apps/payments'
const DIGEST = `sha256:${'17'.repeat(32)}`

type Pushed = { readonly subscription: string; readonly status: number; readonly answer: string }

describe.skipIf(pubsubEmulator === null)(`Pub/Sub's emulator${withoutPubsub}`, () => {
  let emulator: Awaited<ReturnType<typeof startPubsubEmulator>>
  let issuer: Awaited<ReturnType<typeof startIssuer>>
  let service: Service
  let proxy: Awaited<ReturnType<typeof startProxy>>

  beforeAll(async () => {
    issuer = await startIssuer(SECRET)
    const gar = entryOf('gcr', 'UNUSED', issuer.keys)
    const yaml = {
      registries: { gar, local: { host: '127.0.0.1:9', insecure: true } },
      git: { gitops: { url: 'http://127.0.0.1:9/gitops', insecure: true } },
      subscriptions: {
        // Nobody follows what is told here: the registry is never asked.
        payments: {
          image: '127.0.0.1:9/acme/payments',
          tags: { semver: '*' },
          verify: 'none',
          stages: { prod: { git: 'gitops', file: 'a.yaml' } },
        },
      },
    }
    service = await startService({
      yaml: Object.entries(yaml)
        .map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`)
        .join(''),
    })
    proxy = await startProxy(() => service.hooks)
    emulator = await startPubsubEmulator()
    await emulator.createTopic(TOPIC)
    const push = (name: string, pushConfig: object = {}) =>
      emulator.createSubscription(`${PROJECT}/subscriptions/${name}`, TOPIC, {
        pushEndpoint: `${proxy.url}/${name}`,
        ...pushConfig,
      })
    await push('wrapped')
    await push('unwrapped', { noWrapper: { writeMetadata: true } })
    await push('forged')
  }, START_TIMEOUT_MS)
  afterAll(async () => {
    await emulator?.close()
    await proxy?.close()
    await service?.remove()
    await issuer?.close()
  })

  const kept = async (pushed: Pushed): Promise<unknown> => {
    const { events } = JSON.parse(pushed.answer) as { events: { id: string }[] }
    const explained = await service.client.explain(events[0]?.id ?? '')
    return explained.events[0]?.accepted
  }
  const answered = async (subscription: string, status: number): Promise<Pushed> => {
    const found = (): Pushed | undefined =>
      proxy.pushed.find((one) => one.subscription === subscription && one.status === status)
    await eventually(
      `a push of ${subscription} is answered ${status}`,
      async () => found() !== undefined,
      CASE_TIMEOUT_MS,
    )
    return found() as Pushed
  }

  it(
    'is heard in both of its forms, once each; a push without the right token is not',
    { timeout: CASE_TIMEOUT_MS },
    async () => {
      await emulator.publish(TOPIC, { action: 'INSERT', tag: `${IMAGE}:1.4.2`, digest: `${IMAGE}@${DIGEST}` })
      for (const subscription of ['wrapped', 'unwrapped']) {
        const accepted = await kept(await answered(subscription, 202))
        const event = {
          kind: 'push',
          registry: 'europe-docker.pkg.dev',
          repository: 'acme-prod/apps/payments',
          tag: '1.4.2',
          digest: DIGEST,
        }
        expect(accepted).toMatchObject({ source: 'gar', assurance: 'authenticated-sender', event })
        expect(accepted).toMatchObject({
          event: { id: expect.stringMatching(`^${PROJECT}/subscriptions/${subscription}/\\d+$`) },
        })
        // The proxy lost the first answer, so Pub/Sub came again.
        expect(JSON.parse((await answered(subscription, 200)).answer)).toMatchObject({ outcome: 'duplicate' })
      }
      expect((await answered('forged', 401)).answer).toBe('{"outcome":"refused"}')
      expect(proxy.pushed.filter(({ subscription, status }) => subscription === 'forged' && status < 300)).toEqual([])
    },
  )

  it('need not send again what nobody could read', { timeout: CASE_TIMEOUT_MS }, async () => {
    proxy.pushed.length = 0
    await emulator.publish(TOPIC, { action: 'INSERT', tag: 'nothing:1' })
    expect(JSON.parse((await answered('wrapped', 202)).answer)).toEqual({ outcome: 'unknown-schema' })
  })

  it('asked for the keys of the issuer once, and left no token in the log', () => {
    expect(issuer.asked).toHaveLength(1)
    expect(service.log()).toContain('request accepted')
    expect(service.log()).not.toContain('eyJ')
  })
})

/** As Pub/Sub itself: a token of the issuer with each push. The first answer to each subscription is lost on its way back. */
async function startProxy(hooks: () => string) {
  const pushed: Pushed[] = []
  const lost = new Set<string>()
  const forward = async (request: IncomingMessage): Promise<number> => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const subscription = (request.url ?? '').slice(1)
    const { headers = {} } = proofOf('gcr', subscription === 'forged' ? 'another secret' : SECRET, body)
    const own = Object.entries(request.headers).filter(([name]) => /^(?:content-type|x-goog-)/u.test(name))
    const sent = { ...Object.fromEntries(own), ...headers } as Record<string, string>
    const response = await fetch(`${hooks()}/hooks/gar`, { method: 'POST', headers: sent, body })
    pushed.push({ subscription, status: response.status, answer: await response.text() })
    if (lost.has(subscription)) return response.status
    lost.add(subscription)
    return 503
  }
  const server = createServer((request, response) => {
    forward(request).then(
      (status) => response.writeHead(status).end(),
      () => response.writeHead(502).end(),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    pushed,
    async close(): Promise<void> {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
