/** The embedded store: one SQLite file, one process that writes it. What resolves is on the disk. */

import { existsSync } from 'node:fs'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type Connection, createGroupCommit } from './group-commit.ts'
import { createSqlState, type Sql, type SqlOptions } from './sql.ts'
import { takeOver } from './take-over.ts'
import { SCHEMA_VERSION, schemaVersion } from './sql/schema.ts'
import { createFile, lock, open } from './sqlite-file.ts'
import type { State } from './state.ts'

/** The write-ahead log is cut back to this size after a burst. */
const LOG_BYTES_MAX = 64 * 1024 * 1024

type SqliteOptions = Pick<SqlOptions, 'onDamage'>

export type SqliteState = State & {
  /** Commits what waits, then frees the file. Later writes are refused. */
  close(): void
}

export type ReadOnlySqliteState = State & { close(): void }

/**
 * Opens the file for this process alone, creating it and its folder where they are missing; `:memory:` has neither.
 * Throws at once where another process has it.
 */
export async function openSqlite(path: string, options: SqliteOptions = {}): Promise<SqliteState> {
  const file = path === ':memory:' ? path : createFile(path)
  const release = file === ':memory:' ? () => {} : lock(file)
  try {
    const database = open(file, { readOnly: false })
    prepareFile(database, file)
    const group = createGroupCommit(connectionOf(database), setImmediate)
    let isClosed = false
    const state = createSqlState(sqlOf(database), {
      ...options,
      commit: (work) => (isClosed ? refuse(`The state file ${file} is closed`) : group.commit(work)),
    })
    // The writer before us is dead, whatever it had claimed: nobody waits for its leases to run out.
    database.exec(`UPDATE inbox SET due = received WHERE state = 'waiting'`)
    await takeOver(state.documents, Date.now())
    return {
      ...state,
      close() {
        if (isClosed) return
        isClosed = true
        group.flush()
        database.close()
        release()
      },
    }
  } catch (error) {
    release()
    throw error
  }
}

/** Opens a file to look at it, also while a service writes it; nothing can be written. */
export async function openSqliteReadOnly(path: string, options: SqliteOptions = {}): Promise<ReadOnlySqliteState> {
  if (!existsSync(path)) throw new Error(`There is no state file ${path}`)
  const database = open(path, { readOnly: true })
  try {
    const sql = sqlOf(database)
    if (schemaVersion(sql) < SCHEMA_VERSION) {
      throw new Error(
        `The state file ${path} was written by an older Drayage. Start the service once, which upgrades it.`,
      )
    }
    const state = createSqlState(sql, {
      ...options,
      commit: () => refuse(`The state file ${path} is open for reading only`),
    })
    return { ...state, close: () => database.close() }
  } catch (error) {
    database.close()
    throw error
  }
}

function prepareFile(database: DatabaseSync, file: string): void {
  const mode = database.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode']
  if (mode !== 'wal' && file !== ':memory:') {
    throw new Error(`The state file ${file} is on a file system without write-ahead logging. Use a local disk.`)
  }
  // FULL: the log is synced at each commit. fullfsync: macOS too waits for the disk itself.
  database.exec('PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA trusted_schema = OFF')
  database.exec(`PRAGMA journal_size_limit = ${LOG_BYTES_MAX}`)
}

export function sqlOf(database: DatabaseSync): Sql {
  const run = createRun(database)
  return {
    run,
    transaction(work) {
      run('BEGIN IMMEDIATE')
      try {
        const value = work()
        run('COMMIT')
        return value
      } catch (error) {
        if (database.isTransaction) run('ROLLBACK')
        throw error
      }
    },
  }
}

/** Every query is a constant, so the prepared statements are few. */
function createRun(database: DatabaseSync): Sql['run'] {
  const runs = new Map<string, Sql['run']>()
  return (query, ...values) => {
    const run = runs.get(query) ?? prepareRun(database.prepare(query))
    runs.set(query, run)
    return run(query, ...values)
  }
}

/** Asking for rows costs, also where there are none to come. */
function prepareRun(statement: StatementSync): Sql['run'] {
  if (statement.columns().length > 0) return (_query, ...values) => statement.all(...values)
  return (_query, ...values) => {
    statement.run(...values)
    return []
  }
}

function connectionOf(database: DatabaseSync): Connection {
  const run = createRun(database)
  return { execute: run, isInTransaction: () => database.isTransaction }
}

async function refuse(problem: string): Promise<never> {
  throw new Error(problem)
}
