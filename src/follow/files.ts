/** The configuration's files in a snapshot: the first one, and those that it includes. Nothing outside of the first one's folder is read. */

import type { ConfigFile, Include } from '../config/include.ts'
import { CONFIG_BYTES_MAX } from '../config/limits.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { Entry, Snapshot } from './source.ts'

/** A tree that is wide and deep costs a call for each folder. */
const FOLDERS_MAX = 100
const FILES_MAX = 100
const SEGMENTS_MAX = 16
const SEGMENT_LENGTH_MAX = 128

export type Found = ConfigFile & { readonly include: Include }

/** `path` is checked by the configuration: no `..`, no pattern. */
export async function readFirst(snapshot: Snapshot, path: string): Promise<Result<Found, string>> {
  const segments = path.split('/')
  const name = segments.pop() ?? ''
  const look = createLook(snapshot)
  const folder = await look.down(snapshot.root, segments)
  if (folder === null) return err(`there is no folder ${JSON.stringify(segments.join('/'))}`)
  const text = await look.text(folder, name, path)
  if (!text.ok) return text
  const above = segments.length === 0 ? '' : `${segments.join('/')}/`
  const named = (inside: string): string => `${above}${inside}@${snapshot.commit.slice(0, 12)}`
  const include: Include = async (pattern) => {
    const parts = partsOf(pattern)
    if (!parts.ok) return parts
    const found = await look.matching(folder, parts.value)
    if (!found.ok) return found
    if (found.value.length === 0) return err(`no file matches ${JSON.stringify(pattern)}`)
    const files: ConfigFile[] = []
    for (const { way, entry } of found.value) {
      const read = await look.entry(entry, `${above}${way}`)
      if (!read.ok) return read
      files.push({ path: named(way), text: read.value })
    }
    return ok(files)
  }
  return ok({ path: named(name), text: text.value, include })
}

/** `*` and `?` within a name, and `**` for any folders: no more, so that matching takes no time of note. */
function partsOf(pattern: string): Result<readonly string[], string> {
  const parts = pattern.split('/')
  const quoted = JSON.stringify(pattern)
  if (parts.some((part) => part === '' || part === '.' || part === '..')) {
    return err(`expected a path below the folder of the first file, without .., found ${quoted}`)
  }
  if (/[[\]{}\\\u0000-\u001f]/u.test(pattern)) return err(`expected a pattern of *, ? and ** alone, found ${quoted}`)
  if (parts.length > SEGMENTS_MAX || parts.some((part) => part.length > SEGMENT_LENGTH_MAX)) {
    return err(`expected at most ${SEGMENTS_MAX} parts of ${SEGMENT_LENGTH_MAX} characters, found ${quoted}`)
  }
  return ok(parts)
}

type Match = { readonly way: string; readonly entry: Entry }

function createLook(snapshot: Snapshot) {
  const folders = new Map<string, readonly Entry[]>()
  const list = async (id: string): Promise<readonly Entry[]> => {
    const known = folders.get(id)
    if (known !== undefined) return known
    const entries = await snapshot.folder(id)
    folders.set(id, entries)
    return entries
  }
  const readEntry = async (entry: Entry, path: string): Promise<Result<string, string>> => {
    const quoted = JSON.stringify(path)
    if (entry.kind !== 'file') return err(`${quoted} is no file: links and other repositories are not followed`)
    const bytes = await snapshot.file(entry.id, CONFIG_BYTES_MAX)
    return bytes.ok ? decoded(quoted, bytes.value) : err(`${quoted} ${bytes.error}`)
  }
  return {
    entry: readEntry,
    async down(root: string, segments: readonly string[]): Promise<string | null> {
      let at = root
      for (const segment of segments) {
        const next = (await list(at)).find(({ name, kind }) => name === segment && kind === 'folder')
        if (next === undefined) return null
        at = next.id
      }
      return at
    },
    async text(folder: string, name: string, path: string): Promise<Result<string, string>> {
      const entry = (await list(folder)).find((one) => one.name === name)
      return entry === undefined ? err(`there is no file ${JSON.stringify(path)}`) : readEntry(entry, path)
    },
    /** In the order of their paths. */
    async matching(folder: string, parts: readonly string[]): Promise<Result<readonly Match[], string>> {
      const found = new Map<string, Match>()
      const waiting: { readonly id: string; readonly way: string; readonly parts: readonly string[] }[] = [
        { id: folder, way: '', parts },
      ]
      for (let looked = 0; waiting.length > 0; looked += 1) {
        const { id, way, parts: left } = waiting.pop() ?? { id: '', way: '', parts: [] }
        const [part = '', ...rest] = left
        if (looked >= FOLDERS_MAX || found.size > FILES_MAX) {
          return err(`expected at most ${FILES_MAX} files in ${FOLDERS_MAX} folders`)
        }
        if (part === '**' && rest.length > 0) waiting.push({ id, way, parts: rest })
        for (const entry of await list(id)) {
          const to = `${way}${entry.name}`
          if (part === '**') {
            if (entry.kind === 'folder') waiting.push({ id: entry.id, way: `${to}/`, parts: left })
            else if (rest.length === 0) found.set(to, { way: to, entry })
          } else if (isMatch(entry.name, part)) {
            if (rest.length === 0 && entry.kind !== 'folder') found.set(to, { way: to, entry })
            if (rest.length > 0 && entry.kind === 'folder') waiting.push({ id: entry.id, way: `${to}/`, parts: rest })
          }
        }
      }
      return ok([...found.values()].toSorted((a, b) => (a.way < b.way ? -1 : 1)))
    },
  }
}

/** Greedy, with one step back to the last `*`: at most name times pattern. A name that begins with a dot has to be asked for by it. */
function isMatch(name: string, pattern: string): boolean {
  if (name.startsWith('.') && !pattern.startsWith('.')) return false
  let [at, in_, star, kept] = [0, 0, -1, 0]
  while (at < name.length) {
    if (pattern[in_] === '*') {
      star = in_
      in_ += 1
      kept = at
    } else if (pattern[in_] === '?' || (in_ < pattern.length && pattern[in_] === name[at])) {
      at += 1
      in_ += 1
    } else if (star >= 0) {
      in_ = star + 1
      kept += 1
      at = kept
    } else return false
  }
  return /^\**$/u.test(pattern.slice(in_))
}

function decoded(path: string, bytes: Uint8Array): Result<string, string> {
  try {
    return ok(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes))
  } catch {
    return err(`${path} is not UTF-8 text`)
  }
}
