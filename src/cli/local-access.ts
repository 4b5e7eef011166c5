/** How this machine's command line finds the running service: a file beside the state, readable by its user alone. */

import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { dirname } from 'node:path'
import process from 'node:process'
import * as z from 'zod'
import type { StateConfig } from '../domain/config.ts'
import { Json } from '../domain/json.ts'

const TOKEN_BYTES = 32
const FILE_MODE = 0o600
/** Nothing stands beside a state that is no file. */
const IN_MEMORY = ':memory:'
/** Nor beside a database. */
const OF_DATABASE = '.drayage/database'
const FOLDER_MODE = 0o700

const LocalAccess = z.object({ url: z.string(), token: z.string() })
export type LocalAccess = z.infer<typeof LocalAccess>

function localAccessPath(state: StateConfig): string {
  return `${typeof state === 'string' ? state : OF_DATABASE}.api`
}

/** The user that the service runs as: only that one can read the file. Containers often have a number and no name. */
export function localPerson(): string {
  try {
    return userInfo().username
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`
  }
}

export function newLocalToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url')
}

/** Only where this process has the state's lock: whatever file is there already is a dead service's. Of a database, the newest on this machine's. */
export async function writeLocalAccess(state: StateConfig, access: LocalAccess): Promise<void> {
  if (state === IN_MEMORY) return
  const path = localAccessPath(state)
  if (typeof state !== 'string') await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE })
  await rm(path, { force: true })
  await writeFile(path, JSON.stringify(access), { mode: FILE_MODE, flag: 'wx' })
}

/** Null where no service runs on that state, or another user's does. */
export async function readLocalAccess(state: StateConfig): Promise<LocalAccess | null> {
  const text = await readFile(localAccessPath(state), 'utf8').catch(() => '')
  const access = Json.pipe(LocalAccess).safeParse(text)
  return access.success ? access.data : null
}

/** While the lock is still held, or it may be the next service's file. */
export async function removeLocalAccess(state: StateConfig): Promise<void> {
  try {
    await rm(localAccessPath(state), { force: true })
  } catch (error) {
    // Of a database it was perhaps never written: a container may have no place for it.
    if (typeof state === 'string') throw error
  }
}
