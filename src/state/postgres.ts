/** The store for many processes on one PostgreSQL database. What resolves is on the server's disk, and on its synchronous standbys'. */

import type { Secret } from '../domain/secret.ts'
import { createDatabase, type Database } from './postgres/database.ts'
import { createPool } from './postgres/connection.ts'
import { createPostgresDocuments } from './postgres/documents.ts'
import { createPostgresInbox } from './postgres/inbox.ts'
import { createPostgresJournal } from './postgres/journal.ts'
import { createPostgresKeep } from './postgres/keep.ts'
import { createNotices } from './postgres/notices.ts'
import { createProcesses } from './postgres/processes.ts'
import { migrate, schemaProblem } from './postgres/schema.ts'
import type { Damage, State } from './state.ts'

/** A database that starts at the same time as we do. */
const START_PATIENCE_MS = 5_000

export type PostgresOptions = {
  /** `postgres://user:password@host:port/database`: read again for each connection, so that the password may change. */
  readonly url: Secret
  /** At most so many of this process, and one more that listens. */
  readonly connections: number
  readonly now: () => number
  readonly onDamage?: (damage: Damage) => void
  /** Another process wrote something that may be due. */
  readonly onNews?: () => void
  /** An idle connection broke; nothing is lost by it. */
  readonly onTrouble?: (detail: string) => void
}

export type PostgresState = State & {
  /** Null: the database answers, and has a schema that this program knows. Else what is wrong. */
  problem(): Promise<string | null>
  /** How many other processes work on it. */
  others(): Promise<number>
  /** Waits for what is under way, then ends the connections. */
  close(): Promise<void>
}

/** Brings the schema up to date. Throws where the database was upgraded past this program, or does not sync. */
export async function openPostgres(options: PostgresOptions): Promise<PostgresState> {
  const { onDamage = () => {}, onNews = () => {}, onTrouble = () => {}, now, ...place } = options
  const pool = await createPool(place, onTrouble)
  const database = createDatabase(pool)
  try {
    await refuseUnsynced(database)
    await migrate(place)
  } catch (error) {
    await database.close()
    throw error
  }
  const self = crypto.randomUUID()
  const notices = createNotices({ place, database, self, onNews })
  const { tell } = notices
  const documents = createPostgresDocuments({ database, self, onDamage, tell })
  const processes = createProcesses({ database, self, documents, now, onNews })
  return {
    documents,
    inbox: createPostgresInbox({ database, self, onDamage, tell }),
    journal: createPostgresJournal({ database, onDamage }),
    keep: createPostgresKeep(database),
    problem: () => schemaProblem(pool),
    others: () => processes.others(),
    async close() {
      await processes.close()
      await notices.close()
      await database.close()
    },
  }
}

/** Nothing that is acknowledged there outlives a power cut. */
async function refuseUnsynced(database: Database): Promise<void> {
  const [row] = await database.run('SHOW fsync', [], START_PATIENCE_MS)
  if (row?.['fsync'] === 'on') return
  throw new Error('The database has fsync off, so what it acknowledges may be lost. Turn it on (postgresql.conf).')
}
