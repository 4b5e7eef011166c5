/** The configuration's files on this machine: the first one, those that it includes, and files that hold secrets. */

import { constants, globSync } from 'node:fs'
import { open, realpath } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path'
import { err, ok, type Result } from '../domain/result.ts'
import { loadFollowed } from './followed.ts'
import type { ConfigFile, Include } from './include.ts'
import { CONFIG_BYTES_MAX } from './limits.ts'
import { loadConfig, type Loaded, type LoadOptions } from './load.ts'
import type { Checks } from './reading.ts'
import { loadPolicy } from './policy-file.ts'
import { problemAt, type ConfigProblem } from './problem.ts'

const SECRET_BYTES_MAX = 64 * 1024

/** The file and all that it includes; places are named as `path` is written. */
export async function loadConfigFile(
  path: string,
  options: Omit<LoadOptions, 'path' | 'include'>,
): Promise<Result<Loaded, readonly ConfigProblem[]>> {
  const first = await readRegularFile(path, CONFIG_BYTES_MAX)
  if (!first.ok) {
    return err([problemAt({ file: path, line: 1, column: 1 }, { reason: 'unreadable', path: [], what: first.error })])
  }
  return loadConfig(first.value, { ...options, path, include: includeFrom(path) })
}

/** The first part of a configuration that follows a repository: its texts, as a service is started with them. */
export async function loadFirstPart(
  path: string,
  options: Omit<LoadOptions, 'path' | 'include'>,
): Promise<Result<readonly ConfigFile[], readonly ConfigProblem[]>> {
  const own = await loadConfigFile(path, options)
  if (!own.ok) return own
  const { files } = own.value.loaded
  if (files !== undefined) return ok(files)
  const what = 'missing: expected what is followed, for this is the first part of the configuration'
  const place = { file: path, line: 1, column: 1 }
  return err([problemAt(place, { reason: 'missing', path: ['server', 'config'], what })])
}

/** The second part on this machine, as the service would take it from the repository. */
export async function loadSecondPart(
  path: string,
  first: readonly ConfigFile[],
  options: Omit<LoadOptions, 'path' | 'include'>,
): Promise<Result<Loaded, readonly ConfigProblem[]>> {
  const text = await readRegularFile(path, CONFIG_BYTES_MAX)
  if (text.ok) return loadFollowed(first, { path, text: text.value, include: includeFrom(path) }, options)
  return err([problemAt({ file: path, line: 1, column: 1 }, { reason: 'unreadable', path: [], what: text.error })])
}

/** A file with `trust:`, `signers:` and `verify:` alone. */
export async function loadPolicyFile(path: string, options: Checks): ReturnType<typeof loadPolicy> {
  const first = await readRegularFile(path, CONFIG_BYTES_MAX)
  if (first.ok) return loadPolicy(first.value, { ...options, path, include: includeFrom(path) })
  return err([problemAt({ file: path, line: 1, column: 1 }, { reason: 'unreadable', path: [], what: first.error })])
}

/** For `createSecrets`: throws where the file cannot be read. */
export async function readSecretFile(path: string): Promise<string> {
  const text = await readRegularFile(path, SECRET_BYTES_MAX)
  if (!text.ok) throw Object.assign(new Error(text.error), { code: 'EUNREADABLE' })
  return text.value
}

/** Patterns are relative to the first file's folder, and nothing outside of it is read, by whatever name or link. */
function includeFrom(path: string): Include {
  const folder = dirname(path)
  return async (pattern) => {
    const parts = pattern.split('/')
    if (isAbsolute(pattern) || parts.includes('..') || pattern.includes('\\') || pattern.includes('\u0000')) {
      return err(`expected a path below the folder of ${basename(path)}, without .., found ${JSON.stringify(pattern)}`)
    }
    const names = /[*?[{]/u.test(pattern) ? globSync(pattern, { cwd: folder }).toSorted() : [join(...parts)]
    if (names.length === 0) return err(`no file matches ${JSON.stringify(pattern)}`)
    const files: ConfigFile[] = []
    for (const name of names) {
      const file = await readBelow(folder, name)
      if (!file.ok) return file
      files.push(file.value)
    }
    return ok(files)
  }
}

async function readBelow(folder: string, name: string): Promise<Result<ConfigFile, string>> {
  const path = join(folder, name)
  const real = await realpath(path).catch(() => null)
  if (real === null) return err(`there is no file ${JSON.stringify(path)}`)
  const way = relative(await realpath(folder), real)
  if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) {
    return err(`${JSON.stringify(path)} is a link to a place outside of ${JSON.stringify(folder)}`)
  }
  // By its real name: a link that is changed in between leads nowhere else.
  const text = await readRegularFile(real, CONFIG_BYTES_MAX)
  return text.ok ? ok({ path, text: text.value }) : text
}

/** No pipe that never ends, no device, no more bytes than the bound. */
async function readRegularFile(path: string, bytesMax: number): Promise<Result<string, string>> {
  let handle
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const status = await handle.stat()
    if (!status.isFile()) return err(`${JSON.stringify(path)} is not a file`)
    if (status.size > bytesMax) return err(`${JSON.stringify(path)} is larger than ${bytesMax / 1024} KiB`)
    const { buffer, bytesRead } = await handle.read({ buffer: new Uint8Array(bytesMax + 1) })
    if (bytesRead > bytesMax) return err(`${JSON.stringify(path)} is larger than ${bytesMax / 1024} KiB`)
    return decoded(path, buffer.subarray(0, bytesRead))
  } catch (error) {
    const code: unknown = error instanceof Error && 'code' in error ? error.code : 'unknown error'
    return err(
      code === 'ENOENT'
        ? `there is no file ${JSON.stringify(path)}`
        : `cannot read ${JSON.stringify(path)} (${String(code)})`,
    )
  } finally {
    await handle?.close()
  }
}

function decoded(path: string, bytes: Uint8Array): Result<string, string> {
  try {
    return ok(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes))
  } catch {
    return err(`${JSON.stringify(path)} is not UTF-8 text`)
  }
}
