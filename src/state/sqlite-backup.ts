/** Backups of the embedded store: taken while a service writes it, and put back where none runs. */

import { closeSync, copyFileSync, constants, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { openSqlite, type SqliteState, sqlOf } from './sqlite.ts'
import { createFile, FILE_MODE, lock, open } from './sqlite-file.ts'
import { schemaVersion } from './sql/schema.ts'

/** What stands beside a database file and is part of it. */
const COMPANIONS = ['-wal', '-shm'] as const

/** One moment of the state as a file of its own, synced. Writers go on meanwhile; a file that is there is not overwritten. */
export function backUpSqlite(path: string, destination: string): void {
  if (!existsSync(path)) throw new Error(`There is no state file ${path}`)
  if (existsSync(destination)) throw new Error(`There is a file ${destination} already: choose another name`)
  const partial = `${destination}.partial`
  rmSync(partial, { force: true })
  const database = open(path, { readOnly: true })
  try {
    closeSync(openSync(partial, 'wx', FILE_MODE))
    database.prepare('VACUUM INTO ?').run(partial)
    checkBackup(partial)
    // SQLite does not sync what it vacuums into.
    sync(partial)
    renameSync(partial, destination)
    sync(dirname(destination))
  } finally {
    database.close()
    rmSync(partial, { force: true })
  }
}

/** Throws where the file is no whole state of this program, or of an older one. */
export function checkBackup(path: string): void {
  if (!existsSync(path)) throw new Error(`There is no backup ${path}`)
  const database = open(path, { readOnly: true })
  try {
    if (schemaVersion(sqlOf(database)) === 0)
      throw new Error(`Expected a backup of Drayage's state in ${path}: it is empty`)
    const problem = integrityProblem(database)
    if (problem !== null) throw new Error(`The backup ${path} is damaged: ${problem}`)
  } finally {
    database.close()
  }
}

export type Restored = {
  /** Where the state that was there is now; null where there was none. */
  readonly aside: string | null
}

/**
 * Puts a backup in a state file's place, after `prepare` has worked on it. What was there is kept aside.
 * Throws where a service runs on that file, with nothing changed.
 */
export async function restoreSqlite(
  backup: string,
  path: string,
  { now, prepare }: { readonly now: number; readonly prepare: (state: SqliteState) => Promise<void> },
): Promise<Restored> {
  const isThere = existsSync(path)
  const file = isThere ? createFile(path) : path
  if (!isThere) createFile(`${path}.lock`)
  const release = lock(file)
  const incoming = `${file}.incoming`
  try {
    forget(incoming)
    copyFileSync(backup, incoming, constants.COPYFILE_EXCL)
    const state = await openSqlite(incoming)
    await prepare(state).finally(() => state.close())
    sync(incoming)
    const aside = isThere ? moveAside(file, `${file}.before-${new Date(now).toISOString().replaceAll(':', '-')}`) : null
    renameSync(incoming, file)
    sync(dirname(file))
    return { aside }
  } finally {
    forget(incoming)
    release()
  }
}

/** The log goes first: left behind, it would be worked into the file that comes. */
function moveAside(file: string, aside: string): string {
  for (const companion of COMPANIONS) {
    if (existsSync(`${file}${companion}`)) renameSync(`${file}${companion}`, `${aside}${companion}`)
  }
  renameSync(file, aside)
  return aside
}

function forget(file: string): void {
  for (const end of ['', '.lock', ...COMPANIONS]) rmSync(`${file}${end}`, { force: true })
}

function integrityProblem(database: DatabaseSync): string | null {
  const [first] = database.prepare('PRAGMA quick_check(1)').all()
  const found = first?.['quick_check']
  return found === 'ok' ? null : String(found)
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r')
  fsyncSync(descriptor)
  closeSync(descriptor)
}
