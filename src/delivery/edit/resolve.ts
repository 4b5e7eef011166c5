/** From a field path to the node that it means, through aliases and literal blocks. */

import { isMap, isScalar, isSeq, type ParsedNode, type YAMLMap } from 'yaml'
import { err, ok, type Result } from '../../domain/result.ts'
import { openBlock } from './block.ts'
import { formatField, type Field, type Path, type Step } from './field.ts'
import { problem, quoted, type EditProblem } from './problem.ts'
import { follow, textOf, type Collection, type Resolved, type Source } from './source.ts'

/** Where the path leads: to a node, or to the collection that lacks the rest of it. */
export type Hit = {
  readonly source: Source
  readonly document: number | null
  readonly path: Path
  readonly parent: Collection | null
  /** Null: not there; then `rest` is what is missing. */
  readonly node: Resolved | null
  readonly rest: readonly Step[]
}

type Place = { readonly source: Source; readonly path: Path; readonly parent: Collection | null }
type Search = {
  readonly steps: readonly Step[]
  readonly document: number | null
  readonly tried: Map<ParsedNode, Set<number>>
}

/** One hit per document in which the path leads somewhere. The problem says how far the best one came. */
export function resolveField(source: Source, field: Field): Result<readonly Hit[], EditProblem> {
  const documents = source.documents.map((document, index) => ({ document, number: index + 1 }))
  const isOne = documents.length === 1
  const found: Hit[] = []
  const missing: Hit[] = []
  const faults: string[] = []
  for (const { document, number } of documents) {
    if (document.contents === null || (field.document ?? number) !== number) continue
    const search = { steps: field.steps, document: isOne ? null : number, tried: new Map() }
    const hit = descend(document.contents, 0, { source, path: [], parent: null }, search)
    if (!hit.ok) faults.push(hit.error)
    else (hit.value.node === null ? missing : found).push(hit.value)
  }
  if (found.length > 0) return ok(found)
  if (missing.length > 0) return ok(missing)
  return problem('image-missing', faults[0] ?? 'the field leads nowhere: the file or the document is empty')
}

function descend(node: ParsedNode, at: number, place: Place, search: Search): Result<Hit, string> {
  const target = follow(place.source, node)
  if (target === null) return err(`${formatField(place.path, search.document)} is an alias of an alias`)
  const step = search.steps[at]
  if (step === undefined) return ok(hitOf(place, target, [], search))
  if (isSeq(target)) return inList(target.items, target, at, place, search)
  if (isMap(target)) return inMap(target, at, place, search)
  return inBlock(target, at, place, search)
}

function inList(
  items: readonly ParsedNode[],
  list: Collection,
  at: number,
  place: Place,
  search: Search,
): Result<Hit, string> {
  const step = search.steps[at]
  const where = formatField(place.path, search.document)
  if (step === undefined || step.kind === 'key' || !/^-?[0-9]{1,9}$/u.test(step.text)) {
    return err(`${where} is a list: expected a number such as ${where}[0], found ${quoted(step?.text ?? '')}`)
  }
  const index = Number(step.text)
  const isAppend = step.kind === 'word' && (step.text === '-1' || index === items.length)
  const item = items[index]
  const inside = { ...place, parent: list }
  if (item !== undefined) return descend(item, at + 1, { ...inside, path: [...place.path, index] }, search)
  if (isAppend) return ok(hitOf(inside, null, search.steps.slice(at), search))
  return err(`${where} has ${items.length} items, counted from 0: there is no number ${step.text}`)
}

function inMap(map: YAMLMap.Parsed, at: number, place: Place, search: Search): Result<Hit, string> {
  const step = search.steps[at]
  const where = formatField(place.path, search.document)
  if (step === undefined || step.kind === 'index') {
    return err(`${where || 'the document'} is no list: found the number [${step?.text ?? ''}]`)
  }
  const inside = { ...place, parent: map }
  const missing = ok(hitOf(inside, null, search.steps.slice(at), search))
  // With aliases a file can have very many ways to the same node: each is tried once.
  const tried = search.tried.get(map) ?? new Set()
  if (tried.has(at)) return missing
  search.tried.set(map, tried.add(at))
  let best: Result<Hit, string> | null = null
  for (const { key, length } of keysFrom(search.steps.slice(at))) {
    const pair = map.items.find((item) => isScalar(item.key) && textOf(item.key) === key)
    if (pair === undefined || pair.value === null) continue
    const hit = descend(pair.value, at + length, { ...inside, path: [...place.path, key] }, search)
    if (hit.ok && hit.value.node !== null) return hit
    best ??= hit
  }
  return best ?? missing
}

/** The step itself, `:0` as the key 0, and then keys that contain the dots: `image.tag: v1`. */
function keysFrom(steps: readonly Step[]): { key: string; length: number }[] {
  const [first] = steps
  if (first === undefined) return []
  const plain = [{ key: first.text, length: 1 }]
  if (first.kind === 'word' && /^:[0-9]+$/u.test(first.text)) plain.push({ key: first.text.slice(1), length: 1 })
  const words = steps.findIndex((step) => step.kind !== 'word')
  const dotted = steps.slice(0, words < 0 ? steps.length : words).map((step) => step.text)
  const joined = dotted.map((_, index) => ({ key: dotted.slice(0, index + 1).join('.'), length: index + 1 }))
  return [...plain, ...joined.slice(1)]
}

/** `spec.source.helm.values.image.tag`: the text of a literal block is YAML again. */
function inBlock(node: ParsedNode, at: number, place: Place, search: Search): Result<Hit, string> {
  const where = formatField(place.path, search.document)
  if (!isScalar(node) || node.type !== 'BLOCK_LITERAL') {
    return err(`${where} is a single value: there is no ${quoted(search.steps[at]?.text ?? '')} below it`)
  }
  const inner = openBlock(place.source, node)
  if (!inner.ok) return err(`${where}: ${inner.error.detail}`)
  const contents = inner.value.documents.find((document) => document.contents !== null)?.contents
  if (contents === undefined || contents === null) return err(`${where} is an empty block`)
  return descend(contents, at, { ...place, source: inner.value }, search)
}

function hitOf(place: Place, node: Hit['node'], rest: readonly Step[], search: Search): Hit {
  return { ...place, document: search.document, node, rest }
}
