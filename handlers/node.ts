/** The Node handler: one process, an embedded store, two listeners. Chooses adapters and hands over; decides nothing. */

import { tmpdir } from 'node:os'
import { createApi } from '../src/api.ts'
import { createApp } from '../src/app.ts'
import { assembleOutbound, assembleReceivers } from '../src/assemble.ts'
import { createGuardedFetch } from '../src/clients/address-guard.ts'
import { createHttp } from '../src/clients/http.ts'
import { createHttpTransport } from '../src/clients/kubernetes-http.ts'
import { createCluster, createClusterOver } from '../src/clients/kubernetes.ts'
import { createPrometheus } from '../src/clients/prometheus.ts'
import { createRegistries } from '../src/clients/registry/registries.ts'
import { readSecretFile } from '../src/config/files.ts'
import { createSecrets } from '../src/config/secrets.ts'
import { createGitDelivery } from '../src/delivery/git.ts'
import type { ApiToken, LoadedConfig } from '../src/domain/config.ts'
import type { Log } from '../src/domain/log.ts'
import { createLoop } from '../src/loop.ts'
import type { Ports } from '../src/pipeline.ts'
import { openSqlite } from '../src/state/sqlite.ts'
import { isHmacByNode } from './hmac.ts'
import { listen, rawBodyOf, rawHeadersOf } from './listen.ts'

export type NodeOptions = {
  readonly loaded: LoadedConfig
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: Log
  readonly now: () => number
  /** A token that this machine's own command line uses. */
  readonly local: Pick<ApiToken, 'person' | 'role'> & { readonly token: string }
}
export type NodeService = { readonly hooks: string; readonly api: string; stop(): Promise<void> }

export async function startNode({ loaded, env, log, now, local }: NodeOptions): Promise<NodeService> {
  const { config } = loaded
  const random = Math.random
  const secretOf = createSecrets({ env, readFile: readSecretFile, now })
  const onDamage = ({ place, id, detail }: { place: string; id: string; detail: string }): void =>
    log.error('state damaged', { place, id, detail })
  const state = await openSqlite(config.server.state, { onDamage })
  const prometheus = createPrometheus()
  const http = createHttp({ fetch: createGuardedFetch(), now, random, onCall: (call) => log.debug('request', call) })
  const registries = createRegistries({ http, registries: config.registries, secretOf, now })
  const plainGit = createGitDelivery({ git: config.git, secretOf, tempDir: tmpdir(), now, environment: env })
  const clusterOf = (name: string) => {
    const cluster = config.clusters[name] ?? { inCluster: true }
    return 'server' in cluster
      ? createClusterOver(createHttpTransport(cluster, { http, secretOf }))
      : createCluster(cluster, { now, readFile: readSecretFile })
  }
  const outbound = assembleOutbound({ config, clusterOf, plainGit, http, secretOf, random, now })
  const ports: Ports = {
    ...state,
    ...outbound,
    registries,
    wake: (id, at) => loop.wake(id, at),
    config: () => loaded,
    now,
    log,
    measure: prometheus.measure,
  }
  const loop = createLoop(() => ports)
  const receivers = assembleReceivers(config, secretOf, http)
  let isStopping = false
  const unready = async (): Promise<string | null> => (isStopping ? 'stopping' : null)
  const app = createApp({
    receivers: () => receivers,
    inbox: state.inbox,
    onStored: loop.poke,
    unready,
    now,
    log,
    measure: prometheus.measure,
    headersOf: rawHeadersOf,
    bodyOf: rawBodyOf,
    isHmac: isHmacByNode,
  })
  const configured = config.server.tokens.map(({ person, role, token }) => ({ person, role, secret: secretOf(token) }))
  const tokens = [...configured, { ...local, secret: async () => [local.token] as const }]
  const metrics = async () => prometheus.render(await state.inbox.depth())
  const api = createApi({ ports: () => ports, tokens: () => tokens, poke: loop.poke, metrics, log })
  const listeners = await Promise.all([listen(app, config.server.listen), listen(api, config.server.apiListen)])
  loop.poke()
  return {
    hooks: listeners[0].url,
    api: listeners[1].url,
    /** Nothing is lost: what was accepted is in the store, what is under way is finished or taken up again. */
    async stop() {
      isStopping = true
      await Promise.all(listeners.map((listener) => listener.close()))
      await loop.stop()
      await plainGit.close()
      state.close()
    },
  }
}
