/** The four clouds, each as it sends and proves itself, to a delivery: the real receivers, edge and pipeline, a registry and a cluster behind ports. */

import { afterAll, beforeAll, expect, it } from 'vitest'
import { createHttp, type Http } from '../../src/clients/http.ts'
import { createGuardedFetch } from '../../src/clients/address-guard.ts'
import { Registry } from '../../src/domain/image.ts'
import { receiverTypes } from '../../src/receivers/index.ts'
import { aDigest, NOW } from '../helpers/build.ts'
import { aScene } from '../helpers/edge.ts'
import { aServer } from '../helpers/issuer.ts'
import type { Sent } from '../helpers/receiver-request.ts'
import { entryOf, proofOf, pushOf, startIssuer } from '../helpers/senders.ts'
import { anSnsSigner, signSns } from '../helpers/sns.ts'
import { createWorld, tagKey } from '../helpers/world.ts'

const SECRET = 'CANARY-of-the-clouds'
const TOPIC = 'arn:aws:sns:eu-west-1:012345678901:pushes'
const MINUTE_MS = 60_000

let issuer: Awaited<ReturnType<typeof startIssuer>>
beforeAll(async () => (issuer = await startIssuer(SECRET)))
afterAll(() => issuer.close())

type Cloud = {
  readonly name: string
  readonly repository: string
  readonly entry: () => { readonly host: string; readonly events: { readonly type: string } }
  readonly http: Http
  readonly prove: (secret: string) => Sent
}

const onLoopback = createHttp({ fetch: createGuardedFetch(), now: Date.now, random: Math.random })
const sender = (name: string, repository: string): Cloud => ({
  name,
  repository,
  entry: () => entryOf(name, 'SECRET', issuer.keys) as ReturnType<Cloud['entry']>,
  http: onLoopback,
  prove: (secret) => ({ body: pushOf(name), ...proofOf(name, secret, pushOf(name)) }),
})
const [signer, stranger] = [anSnsSigner('journey'), anSnsSigner('journey')] as const

const clouds: readonly Cloud[] = [
  sender('dockerhub', 'acme/payments'),
  sender('ecr', 'acme/payments'),
  sender('ecr-oauth', 'acme/payments'),
  {
    name: 'ecr by SNS',
    repository: 'acme/payments',
    entry: () => ({
      host: '012345678901.dkr.ecr.eu-west-1.amazonaws.com',
      events: { type: 'ecr', sns: { topicArn: TOPIC } } as { type: string },
    }),
    http: aServer(() => ({ body: signer.pem })),
    prove: (secret) => ({
      body: JSON.stringify(
        signSns(secret === SECRET ? signer : stranger, {
          Type: 'Notification',
          MessageId: 'm-1',
          TopicArn: TOPIC,
          Message: pushOf('ecr').toString(),
          Timestamp: new Date().toISOString(),
          SigningCertURL: `https://sns.eu-west-1.amazonaws.com/${signer.file}`,
        }),
      ),
    }),
  },
  sender('gcr', 'acme-prod/apps/payments'),
  sender('acr', 'team/payments'),
  sender('acr-event-grid', 'team/payments'),
]

it.each(clouds)(
  'a push that $name proves is delivered; one that it does not prove is nowhere',
  async ({ repository, entry, http, prove }) => {
    const { host, events } = entry()
    const world = createWorld({ registry: { host }, subscription: { images: [{ registry: host, repository }] } })
    const type = receiverTypes.get(events.type)
    if (type === undefined) throw new Error(`there is no receiver ${events.type}`)
    const receiver = type.create(type.Settings.parse(events), () => async () => [SECRET], http, Registry.parse(host))
    // The world has a clock of its own; tokens live in ours.
    const inbox = {
      put: (rows: Parameters<typeof world.state.inbox.put>[0]) =>
        world.state.inbox.put(rows.map((row) => ({ ...row, receivedAt: NOW }))),
    }
    const { post, lines } = aScene({ receiver, inbox, now: Date.now })
    const tell = async (secret: string): Promise<number> => {
      const { body = '', headers = {}, pathSecret = null } = prove(secret)
      const path = pathSecret === null ? '/hooks/hub' : `/hooks/hub/${pathSecret}`
      const own = headers as Record<string, string>
      const response = await post(path, { body: typeof body === 'string' ? body : new Uint8Array(body), headers: own })
      await world.pass(MINUTE_MS)
      return response.status
    }
    world.tags.set(tagKey(repository, '1.4.2'), aDigest(7))
    expect(await tell('another secret')).toBe(401)
    expect(world.requests.registry).toBe(0)
    expect([await tell(SECRET), await tell(SECRET)]).toEqual([202, 200])
    // The digest is the registry's, whatever the event said.
    expect(world.at('dev').writes).toEqual([`${host}/${repository}:1.4.2@${aDigest(7)}`])
    expect(lines.join('\n')).not.toContain('CANARY')
  },
)
