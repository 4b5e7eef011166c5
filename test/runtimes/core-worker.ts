/** The core as a Worker of its own, with the memory store and nothing of a platform but `fetch`: what a new platform begins with. */

import { createSignedEcr } from '../../src/clients/aws/ecr.ts'
import { createApi } from '../../src/api.ts'
import { createApp } from '../../src/app.ts'
import { assemblePorts } from '../../src/assemble.ts'
import { configOptions } from '../../src/cli/config-options.ts'
import { createHttp } from '../../src/clients/http.ts'
import { createClusterOver } from '../../src/clients/kubernetes.ts'
import { createHttpTransport } from '../../src/clients/kubernetes-http.ts'
import { loadConfig } from '../../src/config/load.ts'
import { formatProblem } from '../../src/config/problem.ts'
import { createSecrets } from '../../src/config/secrets.ts'
import { createLog } from '../../src/log.ts'
import { work, type Ports } from '../../src/pipeline.ts'
import { createReceivers } from '../../src/receivers/configured.ts'
import { handleRow } from '../../src/settle.ts'
import { createMemoryState } from '../../src/state/memory.ts'

type Env = { readonly CONFIG: string; readonly HOOK_SECRET: string; readonly API_TOKEN: string }
type Context = { waitUntil(promise: Promise<unknown>): void }
type Core = {
  readonly hooks: (request: Request) => Response | Promise<Response>
  readonly api: (request: Request) => Response | Promise<Response>
  /** All that is due, until nothing is. */
  settle(): Promise<void>
}

let core: Promise<Core> | undefined

export default {
  async fetch(request: Request, env: Env, context: Context): Promise<Response> {
    core ??= createCore(env)
    const { hooks, api, settle } = await core
    const isApi = new URL(request.url).pathname.startsWith('/api/')
    const response = await (isApi ? api(request) : hooks(request))
    context.waitUntil(settle())
    return response
  },
}

async function createCore(env: Env): Promise<Core> {
  const read = await loadConfig(env.CONFIG, configOptions)
  if (!read.ok) throw new Error(read.error.map(formatProblem).join('\n'))
  const { loaded } = read.value
  const { config } = loaded
  const now = Date.now
  const state = createMemoryState()
  const log = createLog({ write: (line) => console.log(line), now, level: 'info', style: 'json' })
  const http = createHttp({ fetch: (url, init) => fetch(url, init), now, random: Math.random })
  const secrets: Readonly<Record<string, string>> = { HOOK_SECRET: env.HOOK_SECRET, GITHUB_TOKEN: env.API_TOKEN }
  const readFile = (): Promise<string> => Promise.reject(new Error('there are no files here'))
  const secretOf = createSecrets({ env: secrets, readFile, now })
  const clusterOf = (name: string) => {
    const cluster = config.clusters[name]
    if (cluster === undefined || !('server' in cluster)) throw new Error(`${name} needs a machine`)
    return createClusterOver(createHttpTransport(cluster, { http, secretOf }))
  }
  const measure = (): void => {}
  const assembled = assemblePorts({
    config,
    clusterOf,
    plainGit: null,
    http,
    secretOf,
    random: Math.random,
    now,
    measure,
    platform: { env: {}, readFile, createEcr: createSignedEcr },
  })
  const ports: Ports = {
    ...state,
    ...assembled,
    wake: async () => {},
    config: () => loaded,
    now,
    log,
    measure,
  }
  const receivers = createReceivers(config, secretOf, http)
  const app = createApp({
    receivers: () => receivers,
    inbox: state.inbox,
    onStored: () => {},
    unready: async () => [],
    now,
    log,
    measure,
  })
  const api = createApi({
    ports: () => ports,
    tokens: () => [{ person: 'otto', role: 'operator', secret: async () => [env.API_TOKEN] }],
    poke: () => {},
    metrics: async () => ({ contentType: 'text/plain', text: '' }),
    problems: async () => [],
    log,
  })
  return { hooks: (request) => app.fetch(request), api: (request) => api.fetch(request), settle: () => settle(ports) }
}

const ROWS_AT_ONCE = 10
const LEASE_MS = 60_000

async function settle(ports: Ports): Promise<void> {
  for (;;) {
    const rows = await ports.inbox.claim(ROWS_AT_ONCE, LEASE_MS, ports.now())
    for (const row of rows) await handleRow(row, ports)
    const due = await ports.documents.due(ports.now(), ROWS_AT_ONCE)
    for (const id of due) await work(id, ports)
    if (rows.length === 0 && due.length === 0) return
  }
}
