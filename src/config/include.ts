/** A configuration in several files as one tree: maps of named things are merged, the same name twice is an error. */

import { err, ok, type Result } from '../domain/result.ts'
import { CONFIG_BYTES_MAX } from './limits.ts'
import { formatPlace, problemAt, type ConfigProblem, type Path } from './problem.ts'
import { SECTIONS } from './schema.ts'
import { isExtension, mapTree, textOf, type MapTree, type Tree, type TreeEntry } from './tree.ts'
import { readTree } from './yaml.ts'

export type ConfigFile = { readonly path: string; readonly text: string }
/** The files that a pattern names, seen from the first file; or why not. */
export type Include = (pattern: string) => Promise<Result<readonly ConfigFile[], string>>

const FILES_MAX = 100
const FILES_BYTES_MAX = 16 * CONFIG_BYTES_MAX

/** All files as one tree, and the files themselves, the first one first. */
export type Whole = { readonly root: Tree; readonly files: readonly ConfigFile[] }

export async function readWithIncludes(
  text: string,
  path: string,
  include: Include | undefined,
): Promise<Result<Whole, readonly ConfigProblem[]>> {
  const own = { path, text }
  const first = readTree(text, path)
  if (!first.ok) return first
  if (first.value.kind !== 'map') return ok({ root: first.value, files: [own] })
  const { files, problems } = await filesOf(first.value, path, include)
  const trees = files.map((file) => readTree(file.text, file.path))
  problems.push(...trees.flatMap((tree) => (tree.ok ? [] : tree.error)))
  const maps = trees.flatMap((tree) => (tree.ok ? asMap(tree.value, problems) : []))
  const whole = maps.reduce<MapTree>((all, more) => mergedTop(all, more, problems), first.value)
  return problems.length > 0 ? err(problems) : ok({ root: whole, files: [own, ...files] })
}

type Found = { readonly files: readonly ConfigFile[]; readonly problems: ConfigProblem[] }

async function filesOf(root: MapTree, own: string, include: Include | undefined): Promise<Found> {
  const problems: ConfigProblem[] = []
  const files = new Map<string, ConfigFile>()
  const listed = root.entries.get('include')?.tree
  const items = listed?.kind === 'list' ? listed.items : listed === undefined ? [] : [listed]
  for (const item of items.slice(0, FILES_MAX)) {
    const pattern = textOf(item)
    // Its shape is checked with all others.
    if (pattern === undefined) continue
    const found: Result<readonly ConfigFile[], string> =
      include === undefined ? err('there are no other files here') : await include(pattern)
    if (!found.ok) problems.push(problemAt(item.place, { reason: 'bad-include', path: ['include'], what: found.error }))
    for (const file of found.ok ? found.value : []) if (file.path !== own) files.set(file.path, file)
  }
  const bytes = [...files.values()].reduce((sum, { text }) => sum + text.length, 0)
  if (files.size > FILES_MAX || bytes > FILES_BYTES_MAX) {
    const expected = `at most ${FILES_MAX} files and ${FILES_BYTES_MAX / 1024} KiB`
    problems.push(problemAt(root.place, { reason: 'too-large', path: ['include'], expected }))
    return { files: [], problems }
  }
  return { files: [...files.values()], problems }
}

function asMap(tree: Tree, problems: ConfigProblem[]): readonly MapTree[] {
  if (tree.kind === 'map') return [tree]
  // An empty file adds nothing.
  if (tree.kind === 'scalar' && tree.value === null) return []
  problems.push(problemAt(tree.place, { reason: 'malformed', path: [], expected: 'a map, such as subscriptions:' }))
  return []
}

/** The same name twice, and whatever stands in `more` and may not, goes to `problems`. */
export function mergedTop(all: MapTree, more: MapTree, problems: ConfigProblem[]): MapTree {
  const entries = new Map(all.entries)
  for (const [key, entry] of more.entries) {
    const earlier = entries.get(key)
    if (key === 'include') {
      const what = 'stands in the first file only'
      problems.push(problemAt(entry.place, { reason: 'bad-include', path: [key], what }))
    } else if (earlier === undefined) entries.set(key, entry)
    else if (Object.hasOwn(SECTIONS, key)) entries.set(key, mergedSection(key, earlier, entry, problems))
    else if (!isExtension(key) && !isSameVersion(key, earlier, entry)) refuseTwice([key], earlier, entry, problems)
  }
  return mapTree(all.place, entries)
}

function mergedSection(section: string, earlier: TreeEntry, more: TreeEntry, problems: ConfigProblem[]): TreeEntry {
  if (more.tree.kind !== 'map') return earlier.tree.kind === 'map' ? more : earlier
  if (earlier.tree.kind !== 'map') return earlier.tree.kind === 'scalar' && earlier.tree.value === null ? more : earlier
  const entries = new Map(earlier.tree.entries)
  for (const [name, entry] of more.tree.entries) {
    const twin = entries.get(name)
    if (twin === undefined) entries.set(name, entry)
    else if (!isExtension(name)) refuseTwice([section, name], twin, entry, problems)
  }
  return { place: earlier.place, tree: mapTree(earlier.tree.place, entries) }
}

/** Each file may say which version it is written for. */
function isSameVersion(key: string, a: TreeEntry, b: TreeEntry): boolean {
  return key === 'version' && a.tree.kind === 'scalar' && b.tree.kind === 'scalar' && a.tree.value === b.tree.value
}

function refuseTwice(path: Path, earlier: TreeEntry, entry: TreeEntry, problems: ConfigProblem[]): void {
  const what = `stands at ${formatPlace(earlier.place)} already`
  problems.push(problemAt(entry.place, { reason: 'duplicate-key', path, what }))
}
