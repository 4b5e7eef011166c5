/** One YAML text with its nodes and their places in it: parsed strictly, never expanded. */

import { Composer, isAlias, isMap, isPair, isScalar, isSeq, Parser, type CST } from 'yaml'
import type { Alias, Document, ParsedNode, Scalar, YAMLMap, YAMLSeq } from 'yaml'
import { Json } from '../../domain/json.ts'
import { ok, type Result } from '../../domain/result.ts'
import { FILE_BYTES_MAX, tooLarge } from './file.ts'
import { problem, type EditProblem, type Position } from './problem.ts'

/** Deeper than any manifest; a recursion of ours and of the parser stays far from the end of its stack. */
const DEPTH_MAX = 100
/** Aliases are followed, never expanded; this bounds the following. */
const ALIASES_MAX = 100

export type Collection = YAMLMap.Parsed | YAMLSeq.Parsed
export type Resolved = Collection | Scalar.Parsed

export type Source = {
  readonly text: string
  readonly documents: readonly Document.Parsed[]
  /** What each `*alias` stands for. */
  readonly targets: ReadonlyMap<Alias.Parsed, ParsedNode>
  /** Where this text is the body of a literal block of another one. */
  readonly outer: Outer | null
  /** JSON is YAML too, but takes no value without quotes. */
  readonly isJson: boolean
}

export type Outer = {
  readonly source: Source
  readonly node: Scalar.Parsed
  readonly indent: string
  /** From an offset of the inner text to the outer one's. */
  readonly toOuter: (offset: number) => number
}

export function parseSource(text: string, outer: Outer | null): Result<Source, EditProblem> {
  if (text.length > FILE_BYTES_MAX) return tooLarge(text.length)
  const at = (offset: number): Position => positionIn(text, outer, offset)
  const tokens = [...new Parser().parse(text)]
  if (isDeep(tokens)) return problem('unparsable', `expected at most ${DEPTH_MAX} levels of nesting`)
  // Our own check of duplicate keys is linear; the library's is quadratic.
  const composer = new Composer({ version: '1.2', strict: true, uniqueKeys: false })
  const documents = [...composer.compose(tokens, true, text.length)]
  const error = documents.flatMap((document) => document.errors)[0]
  if (error !== undefined) return problem('unparsable', `not YAML: ${firstLine(error.message)}`, at(error.pos[0]))
  const targets = new Map<Alias.Parsed, ParsedNode>()
  for (const document of documents) {
    const fault = document.contents === null ? null : indexNodes(document.contents, new Map(), targets)
    if (fault !== null) return problem('unparsable', `not YAML: ${fault.detail}`, at(fault.offset))
  }
  if (targets.size > ALIASES_MAX) return problem('unparsable', `expected at most ${ALIASES_MAX} aliases`)
  return ok({ text, documents, targets, outer, isJson: /^\s*[[{]/u.test(text) && Json.safeParse(text).success })
}

/** Line and column in the file, also for a text within a block. */
export function positionOf(source: Source, offset: number): Position {
  return positionIn(source.text, source.outer, offset)
}

/** The node itself, or what the alias stands for. */
export function follow(source: Source, node: ParsedNode): Resolved | null {
  if (!isAlias(node)) return node
  const target = source.targets.get(node)
  return target === undefined || isAlias(target) ? null : target
}

/** What stands there, without quotes: `1.10`, never the number that a parser makes of it. */
export function textOf(node: Scalar.Parsed): string {
  if (node.type !== 'PLAIN') return String(node.value)
  return node.value === null ? '' : node.source
}

function positionIn(text: string, outer: Outer | null, offset: number): Position {
  if (outer !== null) return positionOf(outer.source, outer.toOuter(offset))
  const before = text.slice(0, offset)
  const lineStart = before.lastIndexOf('\n') + 1
  return { line: before.split('\n').length, column: offset - lineStart + 1 }
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? ''
}

type Fault = { readonly detail: string; readonly offset: number }

/** In document order, as an anchor may be set anew and an alias means the last one before it. */
function indexNodes(
  node: ParsedNode,
  anchors: Map<string, ParsedNode>,
  targets: Map<Alias.Parsed, ParsedNode>,
): Fault | null {
  if (isAlias(node)) {
    const target = anchors.get(node.source)
    if (target === undefined) return { detail: `there is no anchor &${node.source}`, offset: node.range[0] }
    targets.set(node, target)
    return null
  }
  if (node.anchor !== undefined) anchors.set(node.anchor, node)
  if (isScalar(node)) return null
  const fault = isMap(node) ? duplicateKey(node) : null
  if (fault !== null) return fault
  for (const child of childrenOf(node)) {
    const inner = indexNodes(child, anchors, targets)
    if (inner !== null) return inner
  }
  return null
}

function childrenOf(node: Collection): ParsedNode[] {
  // A `!!pairs` list holds pairs, whatever the library's types say.
  const items: readonly unknown[] = node.items
  return items
    .flatMap((item) => (isPair<ParsedNode, ParsedNode | null>(item) ? [item.key, item.value] : [item]))
    .filter((item): item is ParsedNode => isScalar(item) || isMap(item) || isSeq(item) || isAlias(item))
}

function duplicateKey(map: YAMLMap.Parsed): Fault | null {
  const seen = new Set<unknown>()
  for (const { key } of map.items) {
    if (!isScalar(key) || key.source === '<<') continue
    if (seen.has(key.value)) return { detail: `the key ${String(key.value)} stands there twice`, offset: key.range[0] }
    seen.add(key.value)
  }
  return null
}

/** Without recursion: the parser takes a million levels, the composer does not. */
function isDeep(tokens: readonly CST.Token[]): boolean {
  let level: readonly CST.Token[] = tokens
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > DEPTH_MAX) return true
    level = level.flatMap(tokensWithin)
  }
  return false
}

function tokensWithin(token: CST.Token): CST.Token[] {
  if (token.type === 'document') return token.value === undefined ? [] : [token.value]
  if (!('items' in token)) return []
  const items: readonly CST.CollectionItem[] = token.items
  return items
    .flatMap(({ key, value }) => [key, value])
    .filter((inner): inner is CST.Token => inner !== null && inner !== undefined)
}
