/** What the parts of a configuration are read with: the tree, who hears of problems, and the files that it names. */

import type { Result } from '../domain/result.ts'
import type { NotationSigner } from '../domain/signer.ts'
import type { Include } from './include.ts'
import { quoted } from './expected.ts'
import { didYouMean, problemAt, type ConfigProblem, type Path } from './problem.ts'
import type { Report } from './shape.ts'
import { entriesOf, keyPlaceOf, textOf, treeAt, type Tree } from './tree.ts'

/** Why a regular expression cannot be used, in words that follow "expected"; null: it can. */
export type CheckPattern = (pattern: string) => string | null
/** What is wrong with a Notation trust policy, each with its place below `notation:`. */
export type CheckTrustPolicy = (signer: NotationSigner) => readonly { readonly path: Path; readonly what: string }[]
/** By the name that the configuration gives them. */
export type NamedFiles = ReadonlyMap<string, Result<string, string>>

/** What reading needs of other folders. Absent: nothing is found wrong there. */
export type Checks = {
  readonly checkPattern?: CheckPattern | undefined
  readonly checkTrustPolicy?: CheckTrustPolicy | undefined
}

export type Reading = {
  readonly root: Tree
  readonly report: Report
  readonly checkPattern: CheckPattern
  readonly checkTrustPolicy: CheckTrustPolicy
  readonly files: NamedFiles
  unknownName(path: Path, name: string, known: readonly string[], section: string): void
  warn(path: Path, reason: Extract<ConfigProblem['reason'], 'loose-pattern'>, what: string): void
}

export function createReading(
  root: Tree,
  report: Report,
  { checkPattern = () => null, checkTrustPolicy = () => [], files }: Checks & { readonly files: NamedFiles },
): Reading {
  return {
    root,
    report,
    checkPattern,
    checkTrustPolicy,
    files,
    unknownName(path, name, known, section) {
      const what = `${section} has no entry ${quoted(name)}`
      const hint = didYouMean(name, known) ?? `Describe it under ${section}`
      report(problemAt(keyPlaceOf(root, path), { reason: 'unknown-name', path, what, hint }), path)
    },
    warn(path, reason, what) {
      report(problemAt(keyPlaceOf(root, path), { severity: 'warning', reason, path, what }), path)
    },
  }
}

/** Told at the key, where a person has to write something else. */
export function refuse(
  { root, report }: Reading,
  path: Path,
  reason: 'malformed' | 'missing' | 'conflict' | 'unreadable',
  what: string,
): void {
  report(problemAt(keyPlaceOf(root, path), { reason, path, what }), path)
}

/** The keys and certificates that stand in files of their own become part of the configuration, and of its hash. */
export async function readNamedFiles(root: Tree, include: Include | undefined): Promise<NamedFiles> {
  const read = new Map<string, Result<string, string>>()
  for (const name of new Set(fileNamesIn(root))) {
    if (/[*?[{]/u.test(name)) {
      read.set(name, { ok: false, error: `expected the name of one file, found ${quoted(name)}` })
      continue
    }
    const found: Awaited<ReturnType<Include>> =
      include === undefined ? { ok: false, error: 'there are no other files here' } : await include(name)
    const [file] = found.ok ? found.value : []
    if (!found.ok) read.set(name, found)
    else read.set(name, file === undefined ? { ok: false, error: 'no such file' } : { ok: true, value: file.text })
  }
  return read
}

const FILES_MAX = 200

function fileNamesIn(root: Tree): readonly string[] {
  const trust = entriesOf(treeAt(root, ['trust'])).map(([, { tree }]) => treeAt(tree, ['file']))
  const signers = entriesOf(treeAt(root, ['signers'])).flatMap(([, { tree }]) => [
    treeAt(tree, ['key', 'file']),
    ...entriesOf(treeAt(tree, ['notation', 'trustStores'])).flatMap(([, { tree: store }]) =>
      store.kind === 'list' ? store.items : [],
    ),
  ])
  const names = [...trust, ...signers].flatMap((tree) => textOf(tree) ?? [])
  return names.filter((name) => !name.includes('-----BEGIN')).slice(0, FILES_MAX)
}

export function quotedName(name: string): string {
  return quoted(name)
}
