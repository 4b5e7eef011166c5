/** The file of the embedded store: made for its user alone, locked by one process, and no other program's. */

import { closeSync, existsSync, mkdirSync, openSync, realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Another program's write, such as a person's with the sqlite3 shell, is waited for so long; the event loop waits too. */
const BUSY_TIMEOUT_MS = 2000

/** What it holds is for the service's user alone. */
export const FILE_MODE = 0o600
const FOLDER_MODE = 0o700
/** https://sqlite.org/rescode.html#busy */
const SQLITE_BUSY = 5

/** Gives the file's one true path, so that its lock has one name too. */
export function createFile(path: string): string {
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
export function lock(file: string): () => void {
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

export function open(file: string, { readOnly }: { readonly readOnly: boolean }): DatabaseSync {
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
