/** How this machine's command line finds the running service: a file beside the state, readable by its user alone. */

import { randomBytes } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import * as z from 'zod'
import { Json } from '../domain/json.ts'

const TOKEN_BYTES = 32
const FILE_MODE = 0o600

const LocalAccess = z.object({ url: z.string(), token: z.string() })
export type LocalAccess = z.infer<typeof LocalAccess>

export function localAccessPath(state: string): string {
  return `${state}.api`
}

export function newLocalToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url')
}

export async function writeLocalAccess(state: string, access: LocalAccess): Promise<void> {
  const path = localAccessPath(state)
  await rm(path, { force: true })
  await writeFile(path, JSON.stringify(access), { mode: FILE_MODE, flag: 'wx' })
}

/** Null where no service runs on that state, or another user's does. */
export async function readLocalAccess(state: string): Promise<LocalAccess | null> {
  const text = await readFile(localAccessPath(state), 'utf8').catch(() => '')
  const access = Json.pipe(LocalAccess).safeParse(text)
  return access.success ? access.data : null
}

export async function removeLocalAccess(state: string): Promise<void> {
  await rm(localAccessPath(state), { force: true })
}
