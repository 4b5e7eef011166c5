/** The safety net's eye: two trees are the same but for what was meant to change. */

import { isAlias, isMap, isScalar, isSeq, type ParsedNode, type Scalar, type YAMLMap } from 'yaml'
import { textOf, type Collection, type Source } from './source.ts'

/** What is meant to change, by the nodes of the tree before. */
export type Expected = {
  /** `isString`: a parser must read it as a string, too. */
  readonly set: Map<ParsedNode, { readonly text: string; readonly isString: boolean }>
  readonly inserted: Map<
    Collection,
    { readonly after: number; readonly keys: readonly string[]; readonly value: string }
  >
  readonly removed: Map<Collection, number>
}

/** Null where they agree; else where the first difference is. Aliases are compared by name, so nothing is ever expanded. */
export function compareTrees(before: Source, after: Source, expected: Expected): string | null {
  if (before.documents.length !== after.documents.length) return 'another number of documents'
  for (const [index, document] of before.documents.entries()) {
    const next = after.documents[index]
    const difference = compareNodes(document.contents, next?.contents ?? null, expected)
    if (difference !== null) return difference
  }
  return null
}

function compareNodes(before: ParsedNode | null, after: ParsedNode | null, expected: Expected): string | null {
  if (before === null || after === null) return before === after ? null : 'a value is gone'
  if (isAlias(before)) return isAlias(after) && before.source === after.source ? null : `the alias *${before.source}`
  if (isAlias(after) || before.anchor !== after.anchor || before.tag !== after.tag) return 'an anchor, alias or tag'
  if (isScalar(before)) return isScalar(after) ? compareScalars(before, after, expected) : 'a value became a collection'
  if (isSeq(before) && isSeq(after)) return compareLists(before, after, before.items, after.items, expected)
  if (isMap(before) && isMap(after)) return compareLists(before, after, before.items, after.items, expected)
  return 'a collection of another kind'
}

function compareScalars(before: Scalar.Parsed, after: Scalar.Parsed, expected: Expected): string | null {
  const wish = expected.set.get(before)
  if (wish === undefined) {
    const isSame = before.type === after.type && before.source === after.source && sameValue(before, after)
    return isSame ? null : `the value ${textOf(before)}`
  }
  if (wish.isString && typeof after.value !== 'string') return `${wish.text} is not read as text`
  const isBlock = before.type === 'BLOCK_LITERAL'
  const isSame = isBlock ? textOf(after).trimEnd() === wish.text.trimEnd() : textOf(after) === wish.text
  return isSame && (isBlock || before.type === 'PLAIN' || before.type === after.type) ? null : `the value ${wish.text}`
}

function sameValue(before: Scalar.Parsed, after: Scalar.Parsed): boolean {
  return typeof before.value === 'symbol' || Object.is(before.value, after.value) || textOf(before) === textOf(after)
}

type Item = ParsedNode | YAMLMap.Parsed['items'][number]

function compareLists(
  before: Collection,
  after: Collection,
  old: readonly Item[],
  now: readonly Item[],
  expected: Expected,
): string | null {
  if (before.flow !== after.flow) return 'a collection of another style'
  const insertion = expected.inserted.get(before)
  const removed = expected.removed.get(before)
  const kept = removed === undefined ? old : old.toSpliced(removed, 1)
  const present = insertion === undefined ? now : now.toSpliced(insertion.after + 1, 1)
  if (insertion !== undefined) {
    const added = now[insertion.after + 1]
    if (added === undefined || !isAdded(added, insertion.keys, insertion.value)) return 'the new field'
  }
  if (kept.length !== present.length) return 'another number of items'
  for (const [index, item] of kept.entries()) {
    const difference = compareItems(item, present[index], expected)
    if (difference !== null) return difference
  }
  return null
}

function compareItems(before: Item, after: Item | undefined, expected: Expected): string | null {
  if (after === undefined) return 'an item is gone'
  if (!('key' in before)) return 'key' in after ? 'an item became a pair' : compareNodes(before, after, expected)
  if (!('key' in after)) return 'a pair became an item'
  return compareNodes(before.key, after.key, expected) ?? compareNodes(before.value, after.value, expected)
}

function isAdded(item: Item | null, keys: readonly string[], value: string): boolean {
  if (item === null) return false
  if ('key' in item) {
    const [key, ...rest] = keys
    return isScalar(item.key) && textOf(item.key) === key && isAdded(item.value, rest, value)
  }
  if (isScalar(item)) return keys.length === 0 && item.value === value
  const [only, more] = isMap(item) ? item.items : []
  return only !== undefined && more === undefined && isAdded(only, keys, value)
}
