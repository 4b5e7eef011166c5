/** The Node handler: one process, an embedded store, two listeners. Chooses adapters and hands over; decides nothing. */

import { tmpdir } from 'node:os'
import { createBuckets, perMinuteBy } from '../src/allowance.ts'
import { createApi } from '../src/api.ts'
import { createApp } from '../src/app.ts'
import { assembleOutbound } from '../src/assemble.ts'
import { createGuardedFetch } from '../src/clients/address-guard.ts'
import { createEcr } from '../src/clients/aws/ecr-lazy.ts'
import { createAccess, isManaged } from '../src/clients/cluster-credentials/index.ts'
import { createHttp } from '../src/clients/http.ts'
import { createCluster } from '../src/clients/kubernetes-configured.ts'
import { createHttpTransport } from '../src/clients/kubernetes-http.ts'
import { createClusterOver } from '../src/clients/kubernetes.ts'
import { createOtlpFromEnvironment } from '../src/clients/otlp.ts'
import { createPrometheus } from '../src/clients/prometheus.ts'
import { createRegistries } from '../src/clients/registry/registries.ts'
import { readSecretFile } from '../src/config/files.ts'
import { createSecrets } from '../src/config/secrets.ts'
import { createGitDelivery } from '../src/delivery/git.ts'
import type { ApiToken, LoadedConfig } from '../src/domain/config.ts'
import type { Log } from '../src/domain/log.ts'
import { createLoop } from '../src/loop.ts'
import type { Ports } from '../src/pipeline.ts'
import { createReadiness } from '../src/readiness.ts'
import { createReceivers } from '../src/receivers/configured.ts'
import type { Wake } from '../src/state/wake.ts'
import { isHmacByNode } from './hmac.ts'
import { listen, nodeEdge } from './listen.ts'
import { openStore } from './store.ts'

const TRACES_EVERY_MS = 5_000

export type NodeOptions = {
  readonly loaded: LoadedConfig
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: Log
  readonly now: () => number
  /** A token that this machine's own command line uses. */
  readonly local: Pick<ApiToken, 'person' | 'role'> & { readonly token: string }
}
export type NodeService = { readonly hooks: string; readonly api: string; stop(): Promise<void> }

/** Throws with everything closed again where something cannot be opened. */
export async function startNode(options: NodeOptions): Promise<NodeService> {
  const opened: (() => Promise<void> | void)[] = []
  const close = async (): Promise<void> => {
    for (const step of opened.splice(0).toReversed()) await step()
  }
  try {
    return { ...(await open(options, (step) => void opened.push(step))), stop: close }
  } catch (error) {
    await close()
    throw error
  }
}

type Opened = Omit<NodeService, 'stop'>

/** In the order of its parts; they close in the other one, so that what was accepted is in the store, and what is under way is finished. */
async function open(
  { loaded, env, log, now, local }: NodeOptions,
  onClose: (step: () => Promise<void> | void) => void,
): Promise<Opened> {
  const { config } = loaded
  const random = Math.random
  const secretOf = createSecrets({ env, readFile: readSecretFile, now })
  const state = await openStore(config.server.state, { secretOf, log, now, onNews: () => loop.poke() })
  onClose(() => state.close())
  const prometheus = createPrometheus()
  const { measure } = prometheus
  const http = createHttp({ fetch: createGuardedFetch(), now, random, onCall: (call) => log.debug('request', call) })
  const registries = createRegistries({
    http,
    registries: config.registries,
    secretOf,
    now,
    platform: { env, readFile: readSecretFile, createEcr },
    onQuota: (registry, quota) => measure({ kind: 'quota', registry, remaining: quota.remaining }),
  })
  const plainGit = createGitDelivery({ git: config.git, secretOf, tempDir: tmpdir(), now, environment: env })
  onClose(() => plainGit.close())
  const clusterOf = (name: string) => {
    const cluster = config.clusters[name] ?? { inCluster: true }
    if ('server' in cluster) return createClusterOver(createHttpTransport(cluster, { http, secretOf }))
    const tools = { http, env, readFile: readSecretFile, secretOf, now }
    const local = isManaged(cluster) ? { access: createAccess(cluster, tools) } : cluster
    return createCluster(local, { now, readFile: readSecretFile })
  }
  const outbound = assembleOutbound({ config, clusterOf, plainGit, http, secretOf, random, now })
  const wake: Wake = (id, at) => loop.wake(id, at)
  const traces = createOtlpFromEnvironment(env, { http, log })
  const trace = traces === null ? {} : { trace: traces.trace }
  const ports: Ports = { ...state, ...outbound, registries, wake, config: () => loaded, now, log, measure, ...trace }
  const flushing = setInterval(() => void traces?.flush(), TRACES_EVERY_MS)
  onClose(async () => {
    clearInterval(flushing)
    await traces?.flush()
  })
  const loop = createLoop(() => ports)
  onClose(() => loop.stop())
  const receivers = createReceivers(config, secretOf, http)
  const { inbox, unready, problems, stop } = createReadiness({ ...state, config, secretOf, now, log })
  const app = createApp({
    receivers: () => receivers,
    inbox,
    allowance: createBuckets({ perMinuteOf: perMinuteBy(config.registries), now }),
    onStored: loop.poke,
    unready,
    now,
    log,
    measure,
    edge: nodeEdge,
    isHmac: isHmacByNode,
  })
  const configured = config.server.tokens.map(({ person, role, token }) => ({ person, role, secret: secretOf(token) }))
  const tokens = [...configured, { ...local, secret: async () => [local.token] as const }]
  const metrics = async () => prometheus.render(await state.inbox.depth())
  const api = createApi({
    ports: () => ports,
    tokens: () => tokens,
    poke: loop.poke,
    metrics,
    problems,
    log,
    edge: nodeEdge,
  })
  const hooksListener = await listen(app, config.server.listen)
  onClose(() => hooksListener.close())
  const apiListener = await listen(api, config.server.apiListen)
  onClose(() => apiListener.close())
  onClose(stop)
  loop.poke()
  return { hooks: hooksListener.url, api: apiListener.url }
}
