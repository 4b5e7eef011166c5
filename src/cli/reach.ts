/** Where a command's answers come from: the running service, or an embedded store that is read offline. */

import { loadConfigFile } from '../config/files.ts'
import { explain } from '../explain.ts'
import { lineId } from '../domain/line.ts'
import { openSqliteReadOnly } from '../state/sqlite.ts'
import { statusOf } from '../status.ts'
import { createClient, type Client } from './client.ts'
import type { Io } from './command.ts'
import { configOptions } from './config-options.ts'
import { DEFAULT_CONFIG } from './load.ts'
import { readLocalAccess } from './local-access.ts'

const DEFAULT_STATE = '.drayage/state.db'
const LIMIT = 100

export const reachOptions = {
  config: { type: 'string' },
  state: { type: 'string' },
  json: { type: 'boolean' },
} as const
export type Reach = { readonly config?: string | undefined; readonly state?: string | undefined }

export const REACH_HELP = `  --config FILE   the service's configuration: says where its state is (default ${DEFAULT_CONFIG})
  --state FILE    the embedded store of a service on this machine; read offline where none runs

DRAYAGE_URL and DRAYAGE_TOKEN name a service elsewhere. On this machine the service is
found by itself.`

export type Reads = Omit<Client, 'act'>

/** For commands that ask. */
export async function reachToRead(reach: Reach, io: Io): Promise<Reads> {
  const remote = remoteOf(io)
  if (remote !== null) return remote
  const state = await stateFileOf(reach)
  const access = await readLocalAccess(state)
  if (access !== null && (await isAlive(access.url))) return createClient(access)
  io.stderr(`no service runs on ${state}; reading the file\n`)
  return readOffline(state)
}

/** For commands that act: only a running service may write. */
export async function reachToAct(reach: Reach, io: Io): Promise<Client> {
  const remote = remoteOf(io)
  if (remote !== null) return remote
  const state = await stateFileOf(reach)
  const access = await readLocalAccess(state)
  if (access !== null && (await isAlive(access.url))) return createClient(access)
  throw new Error(
    `no service runs on ${state}. Start it (drayage serve), or name one with DRAYAGE_URL and DRAYAGE_TOKEN`,
  )
}

function remoteOf(io: Io): Client | null {
  const url = io.env['DRAYAGE_URL']
  if (url === undefined || url === '') return null
  const token = io.env['DRAYAGE_TOKEN']
  if (token === undefined || token === '') throw new Error('DRAYAGE_URL is set, but DRAYAGE_TOKEN is not')
  return createClient({ url, token })
}

async function stateFileOf({ config, state }: Reach): Promise<string> {
  if (state !== undefined) return state
  const loaded = await loadConfigFile(config ?? DEFAULT_CONFIG, configOptions)
  if (loaded.ok) return loaded.value.loaded.config.server.state
  if (config !== undefined) throw new Error(`${config} has errors: drayage check ${config}`)
  return DEFAULT_STATE
}

/** A service that was killed leaves its file behind. */
async function isAlive(url: string): Promise<boolean> {
  return fetch(new URL('/healthz', url), { signal: AbortSignal.timeout(2_000) }).then(
    (response) => response.ok,
    () => false,
  )
}

async function readOffline(file: string): Promise<Reads> {
  const state = await openSqliteReadOnly(file)
  return {
    async status({ subscription }) {
      const subscriptions = await statusOf(state.documents, subscription ?? null)
      return { mode: 'offline', config: '', waiting: await state.inbox.depth(), subscriptions }
    },
    async history({ subscription, promotion, image, before, limit }) {
      const page = await state.journal.query({
        ...(subscription === undefined ? {} : { document: lineId(subscription) }),
        ...(promotion === undefined ? {} : { promotion }),
        ...(image === undefined ? {} : { image }),
        ...(before === undefined ? {} : { before }),
        limit: Number(limit ?? LIMIT),
      })
      return page
    },
    async events({ limit }) {
      return { events: await state.inbox.list({ limit: Number(limit ?? LIMIT) }) }
    },
    async explain(subject) {
      return explain(subject, state)
    },
  }
}
