/** What every invocation begins with: the configuration that was compiled in, the log, secrets by binding, the state. */

import bundle from 'drayage-config'
import type { Allowance } from '../../src/allowance.ts'
import { createHttp, type Http } from '../../src/clients/http.ts'
import { createOtlpFromEnvironment, type Otlp } from '../../src/clients/otlp.ts'
import { deployedConfig } from '../../src/config/deployed.ts'
import { createSecrets } from '../../src/config/secrets.ts'
import type { LoadedConfig } from '../../src/domain/config.ts'
import type { Log } from '../../src/domain/log.ts'
import type { Measure } from '../../src/domain/measure.ts'
import type { Secret, SecretReference } from '../../src/domain/secret.ts'
import { createLog, isLevel } from '../../src/log.ts'
import { key } from '../../src/state/key.ts'
import { createDatabase, type Database } from '../../src/state/d1/database.ts'
import { withWakeUps } from '../../src/state/d1/wake-ups.ts'
import { createObjectState } from '../../src/state/durable-object.ts'
import type { State } from '../../src/state/state.ts'
import type { Env, ObjectOf } from './platform.ts'

export type Tools = {
  readonly env: Env
  readonly loaded: LoadedConfig
  readonly state: State
  readonly database: Database
  readonly http: Http
  readonly secretOf: (references: SecretReference | readonly SecretReference[]) => Secret
  readonly log: Log
  readonly measure: Measure
  readonly now: () => number
  /** Null where no collector is named. */
  readonly traces: Otlp | null
}

/** Throws where the bundle is not for this program: the deployment is wrong, and says so at its start. */
export const loaded = deployedConfig(bundle, 'cloudflare')

/** `inForce`: where it is not what was compiled in. */
export function createTools(env: Env, objectOf: ObjectOf = remoteObjects(env), inForce = loaded): Tools {
  const now = Date.now
  const log = createWorkerLog(env)
  const database = createDatabase(env.DB)
  const onDamage = ({ place, id, detail }: { place: string; id: string; detail: string }): void =>
    log.error('state damaged', { place, id, detail })
  const state = createObjectState({ objectOf, database, onDamage })
  const texts = textsOf(env)
  // A Worker reaches public addresses only: there is no private network around it to protect.
  const http = createHttp({
    fetch: (url, init) => fetch(url, init),
    now,
    random: Math.random,
    onCall: (call) => log.debug('request', call),
  })
  const secretOf = createSecrets({ env: texts, readFile: noFiles, now })
  return {
    env,
    loaded: inForce,
    database,
    state: { ...state, inbox: withWakeUps(state.inbox, env.INBOX, { log, now }) },
    http,
    secretOf,
    log,
    measure: createMeasure(env),
    now,
    traces: createOtlpFromEnvironment(texts, { http, log, secretOf }),
  }
}

export function remoteObjects({ DOCUMENTS }: Env): ObjectOf {
  return (id) => DOCUMENTS.getByName(key(id))
}

/** An object for each registry keeps its bucket in memory: one that rests so long that it is forgotten would be full again. */
export function allowanceOf({ DOCUMENTS }: Env): Allowance {
  return (source, events) => DOCUMENTS.getByName(key(`allowance/${source}`)).take(source, events)
}

/** JSON lines: Workers Logs reads their fields. */
export function createWorkerLog({ LOG_LEVEL = 'info' }: Env): Log {
  const level = isLevel(LOG_LEVEL) ? LOG_LEVEL : 'info'
  // oxlint-disable-next-line no-console -- the way to Workers Logs
  return createLog({ write: (line) => console.log(line.trimEnd()), now: Date.now, level, style: 'json' })
}

/** One data point for each measurement, where a dataset is bound. */
function createMeasure({ METRICS }: Env): Measure {
  return ({ kind, ...labels }) => {
    const texts = Object.values(labels).filter((value) => typeof value === 'string')
    const seconds = 'seconds' in labels ? labels.seconds : 0
    const value = 'remaining' in labels ? labels.remaining : 1
    METRICS?.writeDataPoint({ indexes: [kind], blobs: [kind, ...texts], doubles: [value, seconds] })
  }
}

export function textsOf(env: Env): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

export async function noFiles(): Promise<never> {
  throw new Error('a Worker has no files')
}
