/** Connections to PostgreSQL: their limits, and a password that is read anew for each of them. The only place that knows the driver. */

import { Client, type ClientConfig, type CustomTypesConfig, Pool, types } from 'pg'
import { parseIntoClientConfig } from 'pg-connection-string'
import type { Secret } from '../../domain/secret.ts'

export type { Client, Pool } from 'pg'

/** Also how long a statement may wait for a free connection of the pool. */
const CONNECT_TIMEOUT_MS = 5_000
const STATEMENT_TIMEOUT_MS = 10_000
/** A row of ours is held for a statement's time, so whoever waits longer waits for something else. */
const LOCK_TIMEOUT_MS = 5_000
/** Longer than the server's own limit: what is left is a network that swallows packets. */
const ANSWER_TIMEOUT_MS = 15_000
const IDLE_TIMEOUT_MS = 30_000
/** So that a failover, or a changed password, is noticed by all. */
const LIFETIME_SECONDS = 30 * 60
const KEEP_ALIVE_MS = 10_000

/** Durable is not the server's choice but ours; a transaction that waits for nobody is ended. */
const SESSION = `SET synchronous_commit = on; SET statement_timeout = ${STATEMENT_TIMEOUT_MS};
  SET lock_timeout = ${LOCK_TIMEOUT_MS}; SET idle_in_transaction_session_timeout = ${ANSWER_TIMEOUT_MS}`

/** Instants and counts, which all fit. */
const numbers: CustomTypesConfig = {
  getTypeParser: (type, format) => (type === types.builtins.INT8 ? Number : types.getTypeParser(type, format)),
}

export type Place = { readonly url: Secret; readonly connections: number }

/** At most so many connections, made when they are needed. `onTrouble` hears of idle ones that break. */
export async function createPool(place: Place, onTrouble: (detail: string) => void): Promise<Pool> {
  const pool = new Pool({
    ...(await configOf(place.url)),
    max: place.connections,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    maxLifetimeSeconds: LIFETIME_SECONDS,
    // oxlint-disable-next-line typescript/no-misused-promises -- the pool waits for it, though its types do not say so
    onConnect: async (client) => void (await client.query(SESSION)),
  })
  pool.on('error', (error) => onTrouble(error.message))
  return pool
}

/** One of its own, for what takes long or stays open: not yet connected. */
export async function createClient(place: Place, { answerTimeoutMs = ANSWER_TIMEOUT_MS } = {}): Promise<Client> {
  return new Client({ ...(await configOf(place.url)), query_timeout: answerTimeoutMs })
}

async function configOf(url: Secret): Promise<ClientConfig> {
  const config = parse((await url())[0])
  return {
    ...config,
    ...(typeof config.password === 'string' ? { password: async () => passwordOf((await url())[0]) } : {}),
    application_name: config.application_name ?? 'drayage',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
    types: numbers,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  }
}

function passwordOf(url: string): string {
  const { password } = parse(url)
  return typeof password === 'string' ? password : ''
}

/** What is wrong with it is not repeated: it holds the password. */
function parse(url: string): ClientConfig {
  const problem = 'expected a URL of the database, such as postgres://drayage:<password>@db.example.com:5432/drayage'
  if (!/^postgres(?:ql)?:\/\//u.test(url)) throw new Error(problem)
  try {
    return parseIntoClientConfig(url)
  } catch {
    throw new Error(problem)
  }
}
