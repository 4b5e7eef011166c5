/** Where a command's answers come from: the running service, or an embedded store that is read offline. */

import { affected } from '../affected.ts'
import { loadConfigFile } from '../config/files.ts'
import type { StateConfig } from '../domain/config.ts'
import { explain } from '../explain.ts'
import { lineId } from '../domain/line.ts'
import { openSqliteReadOnly } from '../state/sqlite.ts'
import { statusOf } from '../status.ts'
import { createClient, isOurs, type Access, type Client } from './client.ts'
import type { Io } from './command.ts'
import { configOptions } from './config-options.ts'
import { DEFAULT_CONFIG } from './load.ts'
import { readLocalAccess } from './local-access.ts'

const DEFAULT_STATE = '.drayage/state.db'
const LIMIT = 100
const NOT_FOUND =
  'the state is in a database, and no service was found on this machine. Name one with DRAYAGE_URL and DRAYAGE_TOKEN'
const LOOPBACK = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])$/u

export const reachOptions = {
  config: { type: 'string' },
  state: { type: 'string' },
  json: { type: 'boolean' },
} as const
export type Reach = { readonly config?: string | undefined; readonly state?: string | undefined }

export const REACH_HELP = `  --config FILE   the service's configuration: says where its state is (default ${DEFAULT_CONFIG})
  --state FILE    the embedded store of a service on this machine; read offline where none runs
  --json          one line of JSON on standard output

DRAYAGE_URL and DRAYAGE_TOKEN name a service elsewhere. On this machine the service is
found by itself.`

export const ACT_HELP = `  --config FILE   the service's configuration: says where its state is (default ${DEFAULT_CONFIG})
  --state FILE    the embedded store of the service on this machine
  --json          one line of JSON on standard output

Only a running service acts. DRAYAGE_URL and DRAYAGE_TOKEN name one elsewhere; on this
machine it is found by itself.`

export type Reads = Omit<Client, 'act'>

/** For commands that ask. */
export async function reachToRead(reach: Reach, io: Io): Promise<Reads> {
  const access = await findService(reach, io)
  if (access.service !== null) return createClient(access.service)
  if (typeof access.state !== 'string') throw new Error(NOT_FOUND)
  io.stderr(`no service runs on ${access.state}; reading the file\n`)
  return readOffline(access.state)
}

/** For commands that act: only a running service may write. */
export async function reachToAct(reach: Reach, io: Io): Promise<Client> {
  const access = await findService(reach, io)
  if (access.service !== null) return createClient(access.service)
  if (typeof access.state !== 'string') throw new Error(NOT_FOUND)
  throw new Error(
    `no service runs on ${access.state}. Start it (drayage serve), or name one with DRAYAGE_URL and DRAYAGE_TOKEN`,
  )
}

type Found = { readonly service: Access } | { readonly service: null; readonly state: StateConfig }

/** What is named on the command line goes before what the environment says. */
async function findService(reach: Reach, io: Io): Promise<Found> {
  const remote = reach.state === undefined ? remoteOf(io) : null
  if (remote !== null) return { service: remote }
  const state = await stateOf(reach)
  const access = await readLocalAccess(state)
  // A service that was killed leaves its file behind, and its port may be another's by now.
  return access !== null && (await isOurs(access)) ? { service: access } : { service: null, state }
}

function remoteOf(io: Io): Access | null {
  const url = io.env['DRAYAGE_URL'] ?? ''
  if (url === '') return null
  const token = io.env['DRAYAGE_TOKEN'] ?? ''
  const parsed = URL.parse(url)
  if (parsed === null || !/^https?:$/u.test(parsed.protocol) || parsed.username !== '' || parsed.search !== '') {
    throw new Error('DRAYAGE_URL: expected a URL such as https://drayage.example.com, without a name or password in it')
  }
  if (token === '') throw new Error('DRAYAGE_URL is set, but DRAYAGE_TOKEN is not')
  if (!/^[\x21-\x7e]+$/u.test(token)) throw new Error('DRAYAGE_TOKEN holds a space or a character that no header takes')
  if (parsed.protocol === 'http:' && !LOOPBACK.test(parsed.hostname)) {
    io.stderr('warning: DRAYAGE_URL is plain HTTP: the token crosses the network unencrypted\n')
  }
  return { url, token }
}

/** Where the state is, by the command line or the configuration. */
export async function stateOf({ config, state }: Reach): Promise<StateConfig> {
  if (state !== undefined) return state
  const loaded = await loadConfigFile(config ?? DEFAULT_CONFIG, configOptions)
  if (loaded.ok) return loaded.value.loaded.config.server.state
  if (config !== undefined) throw new Error(`${config} has errors: drayage check ${config}`)
  return DEFAULT_STATE
}

async function readOffline(file: string): Promise<Reads> {
  const state = await openSqliteReadOnly(file)
  return {
    async status({ subscription }) {
      const subscriptions = await statusOf(state.documents, subscription ?? null)
      return { mode: 'offline', config: '', waiting: await state.inbox.depth(), problems: [], subscriptions }
    },
    async history({ subscription, promotion, image, before, limit }) {
      return state.journal.query({
        ...(subscription === undefined ? {} : { document: lineId(subscription) }),
        ...(promotion === undefined ? {} : { promotion }),
        ...(image === undefined ? {} : { image }),
        ...(before === undefined ? {} : { before }),
        limit: Number(limit ?? LIMIT),
      })
    },
    async events({ limit }) {
      return { events: await state.inbox.list({ limit: Number(limit ?? LIMIT) }) }
    },
    async affected(subject) {
      return affected(subject, state.documents)
    },
    async explain(subject) {
      return explain(subject, state)
    },
  }
}
