/** The embedded store: one SQLite file, one process that writes it. What resolves is on the disk. */

import { closeSync, existsSync, mkdirSync, openSync, realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import { backup, DatabaseSync, type StatementSync } from 'node:sqlite'
import { type Connection, createGroupCommit } from './group-commit.ts'
import { createSqlState, type Sql, type SqlOptions } from './sql.ts'
import { takeOver } from './take-over.ts'
import { SCHEMA_VERSION, schemaVersion } from './sql/schema.ts'
import type { State } from './state.ts'

/** Another program's write, such as a person's with the sqlite3 shell, is waited for so long; the event loop waits too. */
const BUSY_TIMEOUT_MS = 2000
/** The write-ahead log is cut back to this size after a burst. */
const LOG_BYTES_MAX = 64 * 1024 * 1024

/** What it holds is for the service's user alone. */
const FILE_MODE = 0o600
const FOLDER_MODE = 0o700
/** https://sqlite.org/rescode.html#busy */
const SQLITE_BUSY = 5

type SqliteOptions = Pick<SqlOptions, 'onDamage'>

export type SqliteState = State & {
  /** Commits what waits, then frees the file. Later writes are refused. */
  close(): void
  /** Copies the state to another file while the service works. */
  backup(destination: string): Promise<void>
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
      async backup(destination) {
        closeSync(openSync(destination, 'wx', FILE_MODE))
        await backup(database, destination)
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

/** Gives the file's one true path, so that its lock has one name too. */
function createFile(path: string): string {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE })
    // Never opens a file that is there: closing it again would end this process's locks on it (POSIX).
    if (!existsSync(path)) closeSync(openSync(path, 'wx', FILE_MODE))
    return realpathSync(path)
  } catch (cause) {
    throw new Error(`The state file ${path} cannot be created: ${messageOf(cause)}`, { cause })
  }
}

/** Kept from the garbage collector, which would end the lock with its holder. */
const holders = new Set<DatabaseSync>()

/**
 * Held on a file beside the state, so that others may still read that. The kernel frees it when its holder dies,
 * however it dies: nothing stale is ever left to clean up.
 */
function lock(file: string): () => void {
  const path = createFile(`${file}.lock`)
  const holder = new DatabaseSync(path, { open: false, timeout: 0 })
  try {
    holder.open()
    holder.exec('BEGIN EXCLUSIVE')
    holders.add(holder)
    return () => {
      holder.close()
      holders.delete(holder)
    }
  } catch (cause) {
    if (holder.isOpen) holder.close()
    if (!isBusy(cause)) throw new Error(`The lock ${path} cannot be taken: ${messageOf(cause)}`, { cause })
    throw new Error(
      `The state file ${file} is in use by another Drayage process, and only one may write it. ` +
        `Stop that one first; "fuser ${path}" or "lsof ${path}" tells which it is.`,
      { cause },
    )
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY
}

function open(file: string, { readOnly }: { readonly readOnly: boolean }): DatabaseSync {
  const database = new DatabaseSync(file, { open: false, readOnly, timeout: BUSY_TIMEOUT_MS })
  try {
    database.open()
    // Reads the file's head, and so finds out here what is no database.
    const ours = database
      .prepare("SELECT count(*) AS tables, sum(name = 'drayage_schema') AS ours FROM sqlite_schema")
      .get()
    if (ours?.['tables'] !== 0 && ours?.['ours'] !== 1) throw new Error('it holds the tables of another program')
    return database
  } catch (cause) {
    if (database.isOpen) database.close()
    const problem = `Expected a state file that Drayage wrote, or none, and found ${file}: ${messageOf(cause)}`
    throw new Error(problem, { cause })
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

function sqlOf(database: DatabaseSync): Sql {
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

async function refuse(problem: string): Promise<never> {
  throw new Error(problem)
}
