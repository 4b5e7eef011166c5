/**
 * The keys of later versions. Each is refused by name, never accepted and ignored: a gate that is written down and does not hold
 * would be worse than none. Whoever builds a part deletes its lines.
 */

import { formatPath, problemAt, type ConfigProblem, type Path } from './problem.ts'
import { entriesOf, keyPlaceOf, textOf, type Tree } from './tree.ts'

type Line = {
  /** `*` stands for any name. */
  readonly path: readonly string[]
  /** Only these texts at the path. */
  readonly values?: readonly string[]
  /** Only maps and lists at the path. */
  readonly structured?: true
}

const NOT_AVAILABLE: readonly Line[] = [
  { path: ['subscriptions', '*', 'batch'] },
  { path: ['subscriptions', '*', 'stages', '*', 'batch'] },
]

const MESSAGE = 'not available in this version'

/** For the reference: `registries.*.pull: aws`. */
export function notAvailableKeys(): readonly string[] {
  return NOT_AVAILABLE.flatMap(({ path, values, structured }) => {
    if (values !== undefined) return values.map((value) => `${path.join('.')}: ${value}`)
    return structured === true ? `${path.join('.')}: { … }` : path.join('.')
  })
}

export type Refused = {
  readonly problems: readonly ConfigProblem[]
  /** Whether a problem at a path only repeats that something is not available. */
  covers(path: Path): boolean
}

/** What the configuration wants of later versions; `eventTypes` are those that this version has. */
export function refuseNotAvailable(root: Tree, eventTypes: readonly string[]): Refused {
  const keys = new Set<string>()
  const problems = NOT_AVAILABLE.flatMap((line) =>
    matches(line, root).flatMap(({ path, tree }) => {
      const value = line.values === undefined ? undefined : textOf(tree)
      if (path.at(-1) === 'type' && value !== undefined && eventTypes.includes(value)) return []
      const what = value === undefined ? MESSAGE : `${value} is ${MESSAGE}`
      keys.add(formatPath(path))
      return problemAt(keyPlaceOf(root, path), { reason: 'not-available', path, what })
    }),
  )
  const covers = (path: Path): boolean => path.some((_, index) => keys.has(formatPath(path.slice(0, index + 1))))
  return { problems, covers }
}

function matches(line: Line, root: Tree): { path: Path; tree: Tree }[] {
  let found: { path: Path; tree: Tree }[] = [{ path: [], tree: root }]
  for (const part of line.path) {
    found = found.flatMap(({ path, tree }) =>
      childrenOf(tree)
        .filter(([key]) => part === '*' || part === key)
        .map(([key, child]) => ({ path: [...path, key], tree: child })),
    )
  }
  return found.filter(({ tree }) => isMeant(line, tree))
}

function childrenOf(tree: Tree): readonly (readonly [string | number, Tree])[] {
  if (tree.kind === 'list') return tree.items.map((item, index) => [index, item] as const)
  return entriesOf(tree).map(([key, entry]) => [key, entry.tree] as const)
}

function isMeant(line: Line, tree: Tree): boolean {
  if (line.structured === true) return tree.kind !== 'scalar'
  if (line.values === undefined) return true
  const value = textOf(tree)
  return value !== undefined && line.values.includes(value)
}
