/**
 * A configuration of two parts: the one that was given at the start, and the one that a repository adds while we run. They are
 * merged as included files are, so what the first part says the second can't say otherwise, and it may not say everything.
 */

import { err, ok, type Result } from '../domain/result.ts'
import { mergedTop, readWithIncludes, type ConfigFile, type Include } from './include.ts'
import { loadTree, type Loaded, type LoadOptions } from './load.ts'
import { problemAt, type ConfigProblem, type Path } from './problem.ts'
import type { Report } from './shape.ts'
import { entriesOf, keyPlaceOf, mapTree, textOf, treeAt, type MapTree, type Tree } from './tree.ts'

export type FollowedFile = ConfigFile & { readonly include: Include }
export type Followed = Loaded & {
  /** What the repository held, in the order in which it was read. */
  readonly sources: readonly ConfigFile[]
}

/** `first`: the texts that the program was started or deployed with. */
export async function loadFollowed(
  first: readonly ConfigFile[],
  followed: FollowedFile,
  options: Omit<LoadOptions, 'path' | 'include'>,
): Promise<Result<Followed, readonly ConfigProblem[]>> {
  const own = await readAgain(first)
  if (!own.ok) return own
  const theirs = await readWithIncludes(followed.text, followed.path, followed.include)
  if (!theirs.ok) return theirs
  const { root, files: sources } = theirs.value
  const problems: ConfigProblem[] = []
  const added = root.kind === 'map' ? addable(root, problems) : null
  if (added === null) problems.push(problemAt(root.place, { reason: 'malformed', path: [], expected: 'a map' }))
  const whole = added === null ? own.value : mergedTop(own.value, added, problems)
  if (problems.length > 0) return err(problems)
  const check = (report: Report): void => checkSecrets(own.value, root, report)
  const loaded = await loadTree({ root: whole, files: first }, options, check)
  return loaded.ok ? ok({ ...loaded.value, sources }) : loaded
}

/** The first part as it was: its own includes were resolved then. */
async function readAgain(first: readonly ConfigFile[]): Promise<Result<MapTree, readonly ConfigProblem[]>> {
  const [main, ...others] = first
  const place = { file: main?.path ?? '', line: 1, column: 1 }
  const read = await readWithIncludes(main?.text ?? '', place.file, async () => ok([]))
  if (!read.ok) return read
  const problems: ConfigProblem[] = []
  let whole: MapTree = read.value.root.kind === 'map' ? read.value.root : mapTree(place, new Map())
  for (const { path, text } of others) {
    const more = await readWithIncludes(text, path, undefined)
    if (!more.ok) return more
    if (more.value.root.kind === 'map') whole = mergedTop(whole, more.value.root, problems)
  }
  return problems.length > 0 ? err(problems) : ok(whole)
}

/** Without `include`, which was followed; and never with `server`. */
function addable(root: MapTree, problems: ConfigProblem[]): MapTree {
  const server = root.entries.get('server')
  if (server !== undefined) {
    const what = 'where we listen, keep state, whom we believe and what we follow is not for the repository to say'
    const hint = 'Write it into the configuration that the service is started or deployed with'
    problems.push(problemAt(server.place, { reason: 'conflict', path: ['server'], what, hint }))
  }
  return mapTree(root.place, new Map([...root.entries].filter(([key]) => key !== 'include')))
}

/**
 * Whoever may push to the repository could else send our own secrets to a host of theirs: what the first part names stays
 * with it (tokens, the repository's own credential, whatever proves a person), and no file of this machine is named but
 * those that were set aside.
 */
function checkSecrets(own: MapTree, theirs: Tree, report: Report): void {
  const reserved = new Set(referencesIn(own))
  const folder = textOf(treeAt(own, ['server', 'config', 'files']))
  visit(theirs, [], (text, path) => {
    const refuse = (what: string, hint: string): void =>
      report(problemAt(keyPlaceOf(theirs, path), { reason: 'conflict', path, what, hint }), path)
    if (reserved.has(text)) {
      const what = `${text} belongs to the configuration that the service was started with`
      refuse(what, 'Write this entry there too, or give it a secret of its own')
    } else if (text.startsWith('file:') && !isBelow(text, folder)) {
      const what =
        folder === undefined ? 'no file of this machine may be named here' : `expected a file below ${folder}`
      refuse(what, 'Write env:NAME, or let server.config.files name the folder')
    }
  })
}

function isBelow(reference: string, folder: string | undefined): boolean {
  if (folder === undefined || reference.split('/').includes('..')) return false
  return reference.startsWith(folder.endsWith('/') ? folder : `${folder}/`)
}

function referencesIn(tree: Tree): readonly string[] {
  const found: string[] = []
  visit(tree, [], (text) => void found.push(text))
  return found
}

/** Every text that is a reference, by where it stands. */
function visit(tree: Tree, path: Path, see: (text: string, path: Path) => void): void {
  const text = textOf(tree)
  if (text !== undefined && /^(?:env|file):/u.test(text)) see(text, path)
  if (tree.kind === 'list') tree.items.forEach((item, index) => visit(item, [...path, index], see))
  for (const [key, entry] of entriesOf(tree)) visit(entry.tree, [...path, key], see)
}
