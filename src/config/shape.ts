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
/** Where the schema that an issue speaks of begins; `branches`: all of its union, where it is a branch of one. */
type Scope = { readonly path: Path; readonly schema: Schema; readonly branches?: readonly Schema[] }

function translate(reader: Reader, issue: Issue, scope: Scope): void {
  const within = issue.path.filter((part) => typeof part !== 'symbol')
  const path = [...scope.path, ...within]
  const schemas = schemaAt(scope.schema, within)
  switch (issue.code) {
    case 'invalid_union':
      return translateUnion(reader, issue, path, schemas)
    case 'unrecognized_keys':
      return refuseKeys(reader, issue.keys, path, (within.length === 0 && scope.branches) || branchesOf(schemas))
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
  const isTelling = (key: string): boolean => options.some((o) => knownKeys(o).includes(key)) && !isCommon(key, options)
  const best = issue.errors
    .map((issues, index) => ({ issues, option: options[index], misfit: misfitOf(reader, issues, path) }))
    .toSorted((a, b) => a.misfit - b.misfit)[0]
  if (tree?.kind === 'map' && !keysAt(reader, path).some(isTelling)) return refuseUnion(reader, issue, path, options)
  if (best?.option === undefined || best.misfit >= NO_FIT) {
    return refuseValue(reader, issue, path, schemas.some(isSecretReference))
  }
  for (const inner of best.issues) translate(reader, inner, { path, schema: best.option, branches: options })
}

function isCommon(key: string, options: readonly Schema[]): boolean {
  return options.every((option) => knownKeys(option).includes(key))
}

/** How far a branch is from the value: another kind of value altogether, keys too many, keys missing. */
const NO_FIT = 1000
function misfitOf(reader: Reader, issues: readonly Issue[], path: Path): number {
  return issues.reduce((sum, issue) => {
    if (issue.code === 'unrecognized_keys') return sum + 10 * issue.keys.length
    const isWhole = issue.path.length === 0
    if (issue.code === 'invalid_type' && isWhole) return sum + NO_FIT
    // A word was expected of a map.
    if (issue.code === 'invalid_value' && isWhole && treeAt(reader.root, path)?.kind !== 'scalar') return sum + NO_FIT
    const within = issue.path.filter((part) => typeof part !== 'symbol')
    // What is missing deeper down speaks for the key that is there.
    const isMissing = within.length <= 1 && treeAt(reader.root, [...path, ...within]) === undefined
    return sum + (isMissing ? 10 : 1)
  }, 0)
}

/** No key says which branch was meant. */
function refuseUnion(reader: Reader, issue: Issue, path: Path, options: readonly Schema[]): void {
  const known = options.flatMap(knownKeys)
  const strangers = keysAt(reader, path).filter((key) => !known.includes(key))
  if (strangers.length === 0) return refuseValue(reader, issue, path, false)
  refuseKeys(reader, strangers, path, options)
}

/** Of a file that is no configuration at all, this many keys say enough. */
const UNKNOWN_KEYS_MAX = 20

function refuseKeys(reader: Reader, keys: readonly string[], path: Path, branches: readonly Schema[]): void {
  const present = keysAt(reader, path)
  const known = branches.map(knownKeys)
  const words = [...new Set(known.flat())].filter((word) => !present.includes(word))
  for (const key of keys.slice(0, UNKNOWN_KEYS_MAX)) {
    const at = [...path, key]
    const rivals = rivalsOf(key, present, known)
    const parts =
      rivals.length > 0
        ? { what: `cannot stand beside ${rivals.join(', ')}` }
        : { what: 'unknown key', hint: didYouMean(key, words) }
    reader.report(problemAt(keyPlaceOf(reader.root, at), { reason: 'unknown-key', path: at, ...parts }), at)
  }
}

/** The keys beside a key that no branch knows together with it; none where no branch knows the key. */
function rivalsOf(
  key: string,
  present: readonly string[],
  branches: readonly (readonly string[])[],
): readonly string[] {
  const mates = branches.filter((branch) => branch.includes(key))
  return mates.length === 0 ? [] : present.filter((other) => !mates.some((mate) => mate.includes(other)))
}

function keysAt(reader: Reader, path: Path): readonly string[] {
  return entriesOf(treeAt(reader.root, path)).map(([key]) => key)
}

/** A union's branches count one by one. */
function branchesOf(schemas: readonly Schema[]): readonly Schema[] {
  return schemas.flatMap((schema) => (optionsOf(schema).length > 0 ? branchesOf(optionsOf(schema)) : [schema]))
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
    found: isMissing ? undefined : foundOf(issue, tree, path, isSecret),
    hint: isMissing || isSecret ? undefined : quotesHint(issue, tree),
  })
  reader.report(problem, path)
}
