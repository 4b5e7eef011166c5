/** YAML text → tree, within limits that hold before the parser runs: what nests, repeats or errs without end is never composed. */

import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
} from 'yaml'
import { err, ok, type Result } from '../domain/result.ts'
import { DEPTH_MAX, excessOf, VALUES_MAX } from './limits.ts'
import { formatPlace, problemAt, type ConfigProblem, type Path, type Place } from './problem.ts'
import { listTree, mapTree, scalarTree, type Tree, type TreeEntry } from './tree.ts'

const PROBLEMS_MAX = 100

/** Every mistake of the text at once, or its tree. `file` is only for places. */
export function readTree(text: string, file: string): Result<Tree, readonly ConfigProblem[]> {
  const lines = new LineCounter()
  const reading = createReading(file, lines)
  const excess = excessOf(text)
  if (excess !== null) {
    const upTo = text.slice(0, excess.offset).split('\n')
    const place = { file, line: upTo.length, column: (upTo.at(-1)?.length ?? 0) + 1 }
    return err([problemAt(place, { reason: excess.reason, path: [], expected: excess.expected })])
  }
  const document = documentOf(text, lines)
  if (document === null) return err([problemAt(reading.place(0), { reason: 'too-deep', path: [], ...TOO_DEEP })])
  for (const { message, pos } of [...document.errors, ...document.warnings].slice(0, PROBLEMS_MAX)) {
    reading.refuse(pos[0], 'not-yaml', [], message)
  }
  if (reading.problems.length > 0) return err(reading.problems)
  const tree = treeOf(reading, document.contents, [])
  if (tree.depth > DEPTH_MAX) reading.refuse(0, 'too-deep', [], TOO_DEEP.what)
  if (tree.size > VALUES_MAX) reading.refuse(0, 'too-large', [], `more than ${VALUES_MAX} values, aliases expanded`)
  return reading.problems.length > 0 ? err(reading.problems) : ok(tree)
}

const TOO_DEEP = { what: `nested deeper than ${DEPTH_MAX} levels` }

/** Null where the parser's own recursion gives up: broken text can nest where no bracket shows it. */
function documentOf(text: string, lineCounter: LineCounter): Document.Parsed | null {
  const stackTraceLimit = Error.stackTraceLimit
  // To the parser each mistake is an error with a stack: for 40,000 of them the stacks are most of the time.
  Error.stackTraceLimit = 0
  try {
    return parseDocument(text, {
      lineCounter,
      prettyErrors: false,
      // Quadratic there; we look for double keys ourselves.
      uniqueKeys: false,
      merge: false,
      keepSourceTokens: false,
      // With 'silent' a second document would be passed over.
      logLevel: 'error',
    })
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

type Reading = {
  readonly problems: ConfigProblem[]
  /** What anchors stand for so far; null while we are inside of one. */
  readonly anchors: Map<string, Tree | null>
  place(offset: number | undefined): Place
  refuse(offset: number | undefined, reason: ConfigProblem['reason'], path: Path, what: string, hint?: string): void
}

function createReading(file: string, lines: LineCounter): Reading {
  const problems: ConfigProblem[] = []
  const place = (offset = 0): Place => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  return {
    problems,
    anchors: new Map(),
    place,
    refuse: (offset, reason, path, what, hint) => {
      problems.push(problemAt(place(offset), { reason, path, what, hint }))
    },
  }
}

function treeOf(reading: Reading, node: Node | null, path: Path): Tree {
  const offset = node?.range?.[0]
  if (node === null) return scalarTree(reading.place(offset), null, '')
  if (isAlias(node)) return treeOfAlias(reading, node.source, offset, path)
  const anchor = 'anchor' in node && typeof node.anchor === 'string' ? node.anchor : undefined
  if (anchor !== undefined) reading.anchors.set(anchor, null)
  const tree = treeOfContent(reading, node, path)
  if (anchor !== undefined) reading.anchors.set(anchor, tree)
  return tree
}

/** The same tree each time: an alias costs nothing here, and counts in full in `size` and `depth`. */
function treeOfAlias(reading: Reading, name: string, offset: number | undefined, path: Path): Tree {
  const tree = reading.anchors.get(name)
  if (tree === undefined)
    reading.refuse(offset, 'not-yaml', path, `no anchor &${name} stands before the alias *${name}`)
  if (tree === null) reading.refuse(offset, 'not-yaml', path, `the alias *${name} stands inside of its own anchor`)
  return tree ?? scalarTree(reading.place(offset), null, '')
}

function treeOfContent(reading: Reading, node: Node, path: Path): Tree {
  const place = reading.place(node.range?.[0])
  if (isMap<Node, Node | null>(node)) return treeOfMap(reading, node, path, place)
  if (isSeq<Node | null>(node)) {
    return listTree(
      place,
      node.items.map((item, index) => treeOf(reading, item, [...path, index])),
    )
  }
  return treeOfScalar(isScalar(node) ? node : undefined, place)
}

function treeOfScalar(node: Scalar | undefined, place: Place): Tree {
  const value = node?.value
  const source = node?.source ?? ''
  if (value === null || value === undefined) return scalarTree(place, null, source)
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return scalarTree(place, value, source)
  }
  return scalarTree(place, source, source)
}

function treeOfMap(reading: Reading, node: YAMLMap<Node, Node | null>, path: Path, place: Place): Tree {
  const entries = new Map<string, TreeEntry>()
  for (const pair of node.items) addPair(reading, entries, pair, path)
  return mapTree(place, entries)
}

function addPair(
  reading: Reading,
  entries: Map<string, TreeEntry>,
  { key, value }: Pair<Node, Node | null>,
  path: Path,
): void {
  const offset = key?.range?.[0]
  if (!isScalar(key)) return reading.refuse(offset, 'malformed', path, 'expected a plain key, such as name')
  const name = typeof key.value === 'string' ? key.value : (key.source ?? '')
  const earlier = entries.get(name)
  const at = [...path, name]
  if (earlier !== undefined) {
    const what = `the same key stands at ${formatPlace(earlier.place)} already`
    return reading.refuse(offset, 'duplicate-key', at, what)
  }
  const hint = 'YAML 1.2 has no merge keys: write the keys out, or put an alias where a whole value stands'
  if (name === '<<') return reading.refuse(offset, 'unknown-key', at, 'unknown key', hint)
  if (name === '__proto__') return reading.refuse(offset, 'unknown-key', at, 'unknown key')
  entries.set(name, { place: reading.place(offset), tree: treeOf(reading, value, at) })
}
