/** The shape of a part: zod's issues as problems with a place and a remedy, and of each union the branch that was meant. */

import type * as z from 'zod'
import { expectedOf, foundOf, quotesHint } from './expected.ts'
import { didYouMean, problemAt, type ConfigProblem, type Path } from './problem.ts'
import { isSecretReference, knownKeys, optionsOf, schemaAt } from './schema-keys.ts'
import { entriesOf, keyPlaceOf, placeOf, treeAt, type Tree } from './tree.ts'

type Issue = z.core.$ZodIssue
type Schema = z.core.$ZodType
export type Report = (problem: ConfigProblem, path: Path) => void

/** The part at `base` as its schema gives it; or undefined, and its problems went to `report`. */
export function shapeOf<T extends z.ZodType>(
  schema: T,
  root: Tree,
  base: Path,
  value: unknown,
  report: Report,
): z.output<T> | undefined {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  for (const issue of parsed.error.issues) translate({ root, report }, issue, { path: base, schema })
  return undefined
}

type Reader = { readonly root: Tree; readonly report: Report }
/** Where the schema that an issue speaks of begins; `rivals`: the keys of the other branches of its union. */
type Scope = { readonly path: Path; readonly schema: Schema; readonly rivals?: readonly string[] }

function translate(reader: Reader, issue: Issue, scope: Scope): void {
  const within = issue.path.filter((part) => typeof part !== 'symbol')
  const path = [...scope.path, ...within]
  const schemas = schemaAt(scope.schema, within)
  switch (issue.code) {
    case 'invalid_union':
      return translateUnion(reader, issue, path, schemas)
    case 'unrecognized_keys':
      return refuseKeys(reader, issue.keys, path, schemas.flatMap(knownKeys), within.length === 0 ? scope.rivals : [])
    case 'invalid_key':
      return refuseKey(reader, issue, path)
    default:
      return refuseValue(reader, issue, path, schemas.some(isSecretReference))
  }
}

function translateUnion(
  reader: Reader,
  issue: z.core.$ZodIssueInvalidUnion,
  path: Path,
  schemas: readonly Schema[],
): void {
  const tree = treeAt(reader.root, path)
  const options = schemas.flatMap(optionsOf)
  const keys = entriesOf(tree).map(([key]) => key)
  const isTelling = (key: string): boolean => options.some((o) => knownKeys(o).includes(key)) && !isCommon(key, options)
  const best = issue.errors
    .map((issues, index) => ({ issues, option: options[index], misfit: misfitOf(reader, issues, path) }))
    .toSorted((a, b) => a.misfit - b.misfit)[0]
  if (tree?.kind === 'map' && !keys.some(isTelling)) return refuseUnion(reader, issue, path, keys, options)
  if (best?.option === undefined || best.misfit >= NO_FIT) {
    return refuseValue(reader, issue, path, schemas.some(isSecretReference))
  }
  const rivals = options.filter((option) => option !== best.option).flatMap(knownKeys)
  for (const inner of best.issues) translate(reader, inner, { path, schema: best.option, rivals })
}

function isCommon(key: string, options: readonly Schema[]): boolean {
  return options.every((option) => knownKeys(option).includes(key))
}

/** How far a branch is from the value: another kind of value altogether, keys too many, keys missing. */
const NO_FIT = 1000
function misfitOf(reader: Reader, issues: readonly Issue[], path: Path): number {
  return issues.reduce((sum, issue) => {
    if (issue.code === 'unrecognized_keys') return sum + 10 * issue.keys.length
    if (issue.code === 'invalid_type' && issue.path.length === 0) return sum + NO_FIT
    const within = issue.path.filter((part) => typeof part !== 'symbol')
    return sum + (treeAt(reader.root, [...path, ...within]) === undefined ? 10 : 1)
  }, 0)
}

/** No key says which branch was meant. */
function refuseUnion(
  reader: Reader,
  issue: Issue,
  path: Path,
  keys: readonly string[],
  options: readonly Schema[],
): void {
  const known = [...new Set(options.flatMap(knownKeys))]
  const strangers = keys.filter((key) => !known.includes(key))
  if (strangers.length === 0) return refuseValue(reader, issue, path, false)
  refuseKeys(reader, strangers, path, known)
}

function refuseKeys(
  reader: Reader,
  keys: readonly string[],
  path: Path,
  known: readonly string[],
  rivals: readonly string[] = [],
): void {
  for (const key of keys) {
    const at = [...path, key]
    const beside = entriesOf(treeAt(reader.root, path))
      .map(([other]) => other)
      .filter((other) => known.includes(other) && !rivals.includes(other))
    const what = rivals.includes(key) && beside.length > 0 ? `cannot stand beside ${beside.join(', ')}` : 'unknown key'
    const hint = what === 'unknown key' ? didYouMean(key, known) : undefined
    reader.report(problemAt(keyPlaceOf(reader.root, at), { reason: 'unknown-key', path: at, what, hint }), at)
  }
}

function refuseKey(
  reader: Reader,
  issue: z.core.$ZodIssueInvalidElement | z.core.$ZodIssueInvalidKey,
  path: Path,
): void {
  const expected = (issue.issues[0]?.message ?? '').replace(/^expected /u, '')
  const place = keyPlaceOf(reader.root, path)
  reader.report(problemAt(place, { reason: 'malformed', path, expected }), path)
}

function refuseValue(reader: Reader, issue: Issue, path: Path, isSecret: boolean): void {
  const tree = treeAt(reader.root, path)
  const isMissing = tree === undefined
  const problem = problemAt(placeOf(reader.root, path), {
    reason: isMissing ? 'missing' : 'malformed',
    path,
    what: isMissing ? 'missing' : undefined,
    expected: expectedOf(issue),
    found: isMissing ? undefined : foundOf(tree, path, isSecret),
    hint: isMissing || isSecret ? undefined : quotesHint(issue, tree),
  })
  reader.report(problem, path)
}
