/** Edits as splices of text: all other bytes stay by construction, and the trees are compared afterwards. */

import { isMap, isScalar, isSeq, type Scalar, type YAMLMap } from 'yaml'
import { ok, type Result } from '../../domain/result.ts'
import { withoutReturns } from './block.ts'
import { compareTrees, type Expected } from './compare.ts'
import { problem, type EditProblem } from './problem.ts'
import { encodeScalar, isPlainSafe } from './scalar.ts'
import { parseSource, positionOf, type Collection, type Source } from './source.ts'

/** One change of a tree. `verbatim`: the value is put back as it once stood there. */
export type Edit =
  | { readonly kind: 'set'; readonly node: Scalar.Parsed; readonly value: string; readonly verbatim: boolean }
  /** A new last item, or a new key right after the item `after`; `keys` lead to the value. */
  | {
      readonly kind: 'insert'
      readonly into: Collection
      readonly after: number
      readonly keys: readonly string[]
      readonly value: string
      readonly style: 'PLAIN' | 'QUOTE_SINGLE'
    }
  | { readonly kind: 'remove'; readonly from: YAMLMap.Parsed; readonly index: number }

export type Splice = { readonly start: number; readonly end: number; readonly text: string }

const INDENT = '  '

/** The whole file's text after the edits of one of its sources (which may be a block within it). */
export function applyEdits(source: Source, edits: readonly Edit[]): Result<string, EditProblem> {
  const splices: Splice[] = []
  const expected: Expected = { set: new Map(), inserted: new Map(), removed: new Map() }
  for (const edit of edits) {
    const splice = spliceOf(source, edit)
    if (!splice.ok) return splice
    splices.push(splice.value)
    if (edit.kind === 'set') expected.set.set(edit.node, { text: edit.value, isString: !edit.verbatim })
    else if (edit.kind === 'insert') expected.inserted.set(edit.into, edit)
    else expected.removed.set(edit.from, edit.index)
  }
  return commit(source, splices, expected)
}

export function spliceText(text: string, splices: readonly Splice[]): string {
  const pieces: string[] = []
  let at = 0
  for (const { start, end, text: insert } of splices.toSorted((a, b) => a.start - b.start)) {
    pieces.push(text.slice(at, start), insert)
    at = end
  }
  return pieces.join('') + text.slice(at)
}

/** The safety net: nothing is returned that does not read back as the same file with only these changes. */
function commit(source: Source, splices: readonly Splice[], expected: Expected): Result<string, EditProblem> {
  const next = spliceText(source.text, splices)
  const first = splices[0]?.start ?? 0
  const refuse = (detail: string): Result<never, EditProblem> =>
    problem('unsafe-edit', `the edit would change more than the image (${detail}): edit this place by hand`, {
      ...positionOf(source, first),
    })
  const parsed = parseSource(next, null)
  if (!parsed.ok) return refuse(parsed.error.detail)
  const difference = compareTrees(source, parsed.value, expected)
  if (difference !== null) return refuse(difference)
  if (source.outer === null) return ok(next)
  const { source: outer, node, toOuter, indent } = source.outer
  const outside = splices.map(({ start, end, text }) => ({
    start: toOuter(start),
    end: toOuter(end),
    text: text.replaceAll('\n', `\n${indent}`),
  }))
  const body = { text: withoutReturns(next), isString: true }
  return commit(outer, outside, { set: new Map([[node, body]]), inserted: new Map(), removed: new Map() })
}

function spliceOf(source: Source, edit: Edit): Result<Splice, EditProblem> {
  switch (edit.kind) {
    case 'set':
      return setSplice(source, edit.node, edit.value, edit.verbatim)
    case 'insert':
      return insertSplice(source, edit)
    case 'remove':
      return removeSplice(source, edit.from, edit.index)
  }
}

function setSplice(source: Source, node: Scalar.Parsed, value: string, verbatim: boolean): Result<Splice, EditProblem> {
  const [start, end] = node.range
  const style = source.isJson && node.type === 'PLAIN' ? 'QUOTE_DOUBLE' : (node.type ?? '')
  const encoded = encodeScalar(value, style, verbatim)
  if (!encoded.ok) return problem(encoded.error.reason, encoded.error.detail, positionOf(source, start))
  if (start < end && encoded.value !== '') return ok({ start, end, text: encoded.value })
  // `tag:` has no width and may stand before a comment; and so shall it again when the value goes.
  const after = source.text.slice(0, start).trimEnd().length
  return ok({ start: after, end: start < end ? end : after, text: encoded.value === '' ? '' : ` ${encoded.value}` })
}

function insertSplice(source: Source, edit: Extract<Edit, { kind: 'insert' }>): Result<Splice, EditProblem> {
  const at = edit.into.range[0]
  const refuse = (): Result<never, EditProblem> =>
    problem('unsafe-edit', 'there is no safe place for a new line here: add the field by hand', positionOf(source, at))
  const encoded = encodeScalar(edit.value, source.isJson ? 'QUOTE_DOUBLE' : edit.style, false)
  if (!encoded.ok) return encoded
  const neighbour = boundsOf(edit.into, edit.after)
  if (neighbour === null || !edit.keys.every(isPlainKey)) return refuse()
  if (edit.into.flow === true) {
    if (edit.keys.length !== (isMap(edit.into) ? 1 : 0)) return refuse()
    const keys = source.isJson ? edit.keys.map((key) => `"${key}"`) : edit.keys
    const text = [...keys, encoded.value].join(': ')
    return ok({ start: neighbour.end, end: neighbour.end, text: `, ${text}` })
  }
  const lineStart = source.text.lastIndexOf('\n', neighbour.start - 1) + 1
  const lead = source.text.slice(lineStart, neighbour.start).replace(/^\ufeff/u, '')
  if (!/^[ -]*$/u.test(lead)) return refuse()
  const indent = isSeq(edit.into) ? lead.slice(0, lead.lastIndexOf('-')) : lead.replaceAll('-', ' ')
  const lines = linesOf(edit.keys, encoded.value, isSeq(edit.into)).map((line) => indent + line)
  return ok(lineSplice(source.text, neighbour.end, lines))
}

/** A key that needs no quotes anywhere. */
export function isPlainKey(key: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_.-]*$/u.test(key) && isPlainSafe(key)
}

/** Where the item stands that the new one follows. */
function boundsOf(into: Collection, after: number): { start: number; end: number } | null {
  const item: unknown = into.items[after]
  if (isSeq(into)) {
    const node = into.items[after]
    return node === undefined ? null : { start: node.range[0], end: node.range[1] }
  }
  const pair = into.items[after]
  if (item === undefined || pair === undefined) return null
  return { start: pair.key.range[0], end: pair.value?.range[1] ?? pair.key.range[1] }
}

/** New lines for a value and the keys that lead to it; as an item of a list with its dash. */
export function linesOf(keys: readonly string[], value: string, isItem: boolean): string[] {
  const last = keys.length - 1
  const nested = keys.map((key, index) => `${INDENT.repeat(index)}${key}:${index === last ? ` ${value}` : ''}`)
  const lines = keys.length === 0 ? [value] : nested
  return isItem ? lines.map((line, index) => (index === 0 ? `- ${line}` : `${INDENT}${line}`)) : lines
}

/** New lines after the line in which the neighbour ends, with that file's line ends, and without a final one where there was none. */
function lineSplice(text: string, neighbourEnd: number, lines: readonly string[]): Splice {
  const isAtLineStart = text[neighbourEnd - 1] === '\n'
  const newline = isAtLineStart ? neighbourEnd - 1 : text.indexOf('\n', neighbourEnd)
  const end = newline < 0 ? text.length : newline - (text[newline - 1] === '\r' ? 1 : 0)
  const lineEnd = text[end] === '\r' || (newline < 0 && text.includes('\r\n')) ? '\r\n' : '\n'
  return { start: end, end, text: lines.map((line) => `${lineEnd}${line}`).join('') }
}

/** Whether `remove` can be done here. */
export function isRemovable(source: Source, from: YAMLMap.Parsed, index: number): boolean {
  return removeSplice(source, from, index).ok
}

/** Only a pair that has its line for itself, without a comment that somebody wrote there. */
function removeSplice(source: Source, from: YAMLMap.Parsed, index: number): Result<Splice, EditProblem> {
  const pair = from.items[index]
  const refuse = (): Result<never, EditProblem> =>
    problem('unsafe-edit', 'the line holds more than the field that has to go: remove it by hand', {
      ...positionOf(source, from.range[0]),
    })
  const previous = from.items[index - 1]
  if (pair === undefined || !isScalar(pair.value) || previous === undefined) return refuse()
  if (from.flow === true) {
    const start = previous.value?.range[1] ?? previous.key.range[1]
    return ok({ start, end: pair.value.range[1], text: '' })
  }
  const { text } = source
  const lineStart = text.lastIndexOf('\n', pair.key.range[0] - 1) + 1
  const newline = text.indexOf('\n', pair.value.range[1])
  const lineEnd = newline < 0 ? text.length : newline
  const around = text.slice(lineStart, pair.key.range[0]) + text.slice(pair.value.range[1], lineEnd)
  if (around.trim() !== '' || lineStart === 0) return refuse()
  // The line end before it goes too, so that a last line without one stays so.
  const previousEnd = lineStart - (text[lineStart - 2] === '\r' ? 2 : 1)
  return ok({ start: previousEnd, end: newline >= 0 && text[newline - 1] === '\r' ? newline - 1 : lineEnd, text: '' })
}
