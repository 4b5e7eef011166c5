/**
 * One process that carries pushes to healthy rollouts: the real loop, pipeline and store, and a world around them that answers at
 * once. `sqlite FILE`, `postgres URL` or `dynamodb JSON`, then how many subscriptions there are. Told on stdin: `fill` puts an event for each, `go`
 * starts, `figures` asks how often documents were saved and how much memory it holds. Says on stdout `ready`, and a `d` for each delivery
 * and an `h` for each healthy rollout.
 */

import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { Config } from '../../src/domain/config.ts'
import { formatImage } from '../../src/domain/image.ts'
import type { Log } from '../../src/domain/log.ts'
import { ok } from '../../src/domain/result.ts'
import type { Delivery, Proposals } from '../../src/delivery/delivery.ts'
import { createLoop } from '../../src/loop.ts'
import type { Ports } from '../../src/pipeline.ts'
import { createDynamoState } from '../../src/state/dynamodb.ts'
import type { Tables } from '../../src/state/dynamodb/dynamo.ts'
import { createDynamo } from '../../src/state/dynamodb/sdk.ts'
import { openPostgres } from '../../src/state/postgres.ts'
import { openSqlite } from '../../src/state/sqlite.ts'
import type { State } from '../../src/state/state.ts'
import { aDigest, anAcceptedEvent } from '../helpers/build.ts'
import { aWorkloadStage } from '../helpers/world.ts'

const [kind = '', place = '', subscriptions = '1'] = process.argv.slice(2)
const COUNT = Number(subscriptions)
const silent = (): void => {}
const say = (line: string): void => void writeSync(1, `${line}\n`)

const config = Config.parse({
  version: 1,
  mode: 'act',
  registries: { hub: { host: 'docker.io', insecure: false } },
  clusters: { dev: { inCluster: true } },
  git: {},
  subscriptions: Array.from({ length: COUNT }, (_, n) => ({
    name: `app-${n}`,
    images: [{ registry: 'docker.io', repository: `acme/app-${n}` }],
    tags: { semver: '>=1' },
    stages: [aWorkloadStage('dev')],
  })),
  server: { listen: '127.0.0.1:0', apiListen: '127.0.0.1:0', state: ':memory:', tokens: [] },
})
const loaded = { config, hash: 'c0ffee' }

const delivery: Delivery = {
  observe: async () => ok({ image: 'acme/app:1.0.0', running: 'well' }),
  async deliver(order) {
    say('d')
    const now = order.wish.kind === 'pinned' ? formatImage(order.wish.image) : order.wish.image
    return ok({ status: 'changed', reference: 'generation 2', previous: 'acme/app:1.0.0', now })
  },
  preview: () => Promise.reject(new Error('nobody previews')),
}
const log: Log = {
  debug: silent,
  info: (event) => {
    if (event === 'healthy') say('h')
  },
  warn: silent,
  error: (event, fields) => void process.stderr.write(`${event} ${JSON.stringify(fields)}\n`),
}

const state = await openState()
async function openState(): Promise<State> {
  if (kind === 'sqlite') return openSqlite(place)
  if (kind === 'postgres')
    return openPostgres({ url: async () => [place], connections: 10, now: Date.now, onNews: () => loop.poke() })
  const { url, tables } = JSON.parse(place) as { url: string; tables: Tables }
  return createDynamoState({ dynamo: createDynamo({ endpoint: url }), tables })
}
let saves = 0
const documents: State['documents'] = {
  ...state.documents,
  save(...args) {
    saves += 1
    return state.documents.save(...args)
  },
}
const ports: Ports = {
  ...state,
  documents,
  delivery: () => delivery,
  proposals: (): Proposals => {
    throw new Error('nothing is proposed')
  },
  commits: () => {
    throw new Error('nothing is committed')
  },
  verifier: { verify: () => Promise.reject(new Error('nothing is verified')) },
  healthRule: { check: async () => ({ state: 'healthy', detail: 'as it should be' }) },
  notifier: () => null,
  conversation: null,
  probe: {
    ask: () => Promise.reject(new Error('nothing is asked')),
    authorsOf: () => Promise.reject(new Error('nobody is asked')),
  },
  teller: { tell: () => Promise.reject(new Error('nobody is told')) },
  health: () => ({ check: async () => ({ state: 'healthy', detail: 'all pods are ready' }) }),
  registries: {
    resolve: async () => ok({ digest: aDigest(), mediaType: 'application/vnd.oci.image.index.v1+json' }),
    inspect: async () => ok({ kind: 'image' }),
    listTags: async () => ok([]),
  },
  wake: (id, at) => loop.wake(id, at),
  config: () => loaded,
  now: Date.now,
  log,
  measure: silent,
}
const loop = createLoop(() => ports)

say('ready')
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'fill') {
    const events = Array.from({ length: COUNT }, (_, n) =>
      anAcceptedEvent({ id: `hub/${n}`, receivedAt: Date.now(), event: { id: `${n}`, repository: `acme/app-${n}` } }),
    )
    while (events.length > 0) await state.inbox.put(events.splice(0, 100))
    say('filled')
  }
  if (line === 'go') loop.poke()
  if (line === 'figures') say(`figures ${JSON.stringify({ saves, bytes: process.memoryUsage().rss })}`)
}
process.exit(0)
