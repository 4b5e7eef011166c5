/** Walks a file and finds every place that holds an image, whichever it is. */

import { isMap, isScalar, isSeq, type Alias, type ParsedNode, type Scalar, type YAMLMap } from 'yaml'
import { openBlock } from './block.ts'
import type { Path } from './field.ts'
import { slotsOf, type Fields, type Place, type Slot } from './place.ts'
import { textOf, type Source } from './source.ts'
import {
  argoPrefix,
  fieldsOf,
  flatImage,
  isImageKey,
  kustomizeEntry,
  slotOf,
  splitImage,
  wholeReference,
  type Spot,
} from './shapes.ts'

export type Findings = {
  readonly places: readonly Place[]
  /** Aliases that stand in a place, and the name of its image. */
  readonly aliases: ReadonlyMap<Alias.Parsed, string | null>
  /** Image fields that mention what we look for, but that nobody can read as an image. */
  readonly unreadable: readonly Unreadable[]
}

type Unreadable = { readonly text: string; readonly source: Source; readonly offset: number }

type Walk = {
  readonly source: Source
  readonly document: number | null
  readonly needle: string
  readonly isKustomization: boolean
  readonly places: Place[]
  /** Which place a value belongs to: two that share one are the same place, if their image is. */
  readonly owners: Map<Scalar.Parsed, Place>
  readonly aliases: Map<Alias.Parsed, string | null>
  readonly unreadable: Unreadable[]
}

/** `needle`: blocks and unreadable values that do not contain it are of no interest. */
export function findPlaces(source: Source, needle: string, isKustomizationFile: boolean): Findings {
  const places: Place[] = []
  const aliases: Walk['aliases'] = new Map()
  const unreadable: Walk['unreadable'] = []
  const owners: Walk['owners'] = new Map()
  const isOne = source.documents.length === 1
  for (const [index, { contents }] of source.documents.entries()) {
    if (contents === null) continue
    const isKustomization = isKustomizationFile || (isMap(contents) && hasKustomizeKind(fieldsOf(source, contents)))
    const document = isOne ? null : index + 1
    walk(contents, [], { source, document, needle, isKustomization, places, owners, aliases, unreadable })
  }
  return { places, aliases, unreadable }
}

/** Aliases are not walked: what they stand for is found where it stands. */
function walk(node: ParsedNode | null, path: Path, context: Walk): void {
  if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) walk(item, [...path, index], context)
  } else if (isMap(node)) {
    walkMap(node, path, context)
  } else if (isScalar(node) && node.type === 'BLOCK_LITERAL' && textOf(node).includes(context.needle)) {
    const inner = openBlock(context.source, node)
    const contents = inner.ok ? inner.value.documents.find((document) => document.contents !== null)?.contents : null
    // A block that is no YAML (a script, a certificate) is no place for us.
    if (inner.ok && contents) walk(contents, path, { ...context, source: inner.value })
  }
}

function walkMap(map: YAMLMap.Parsed, path: Path, context: Walk): void {
  const fields = fieldsOf(context.source, map)
  const spot: Spot = { source: context.source, document: context.document, path }
  const isBare = context.isKustomization || path.includes('kustomize')
  const parts = kustomizeEntry(map, fields, spot, isBare) ?? splitImage(map, fields, spot)
  const isOwn = map.items.some(({ key }) => isScalar(key) && key.source !== '<<')
  if (parts !== null && isOwn) add(parts, context)
  for (const [key, { node, index }] of fields) {
    if (index === null || key === '<<') continue
    const inner = { ...spot, path: [...path, key] }
    const flat = isImageKey(key) && parts === null ? flatImage(map, fields, spot, key) : null
    if (flat !== null) {
      add(flat, context)
      continue
    }
    const slot = slotOf(fields.get(key))
    const isWhole = isImageKey(key) || (key === 'reference' && isImageKey(path.at(-1)))
    if (slot !== null && isWhole && !(parts !== null && key === 'image')) addWhole(slot, inner, '', context)
    if (key === 'images' && isSeq(node)) addImages(node.items, inner, context)
    walk(map.items[index]?.value ?? null, inner.path, context)
  }
}

function addImages(items: readonly ParsedNode[], spot: Spot, context: Walk): void {
  for (const [index, item] of items.entries()) {
    if (!isScalar(item)) continue
    const inner = { ...spot, path: [...spot.path, index] }
    addWhole({ node: item, alias: null }, inner, argoPrefix(textOf(item)), context)
  }
}

function addWhole(slot: Slot, spot: Spot, prefix: string, context: Walk): void {
  const place = wholeReference(slot, spot, prefix)
  if (place !== null) return add(place, context)
  const text = textOf(slot.node)
  if (!text.includes(context.needle)) return
  context.unreadable.push({ text, source: context.source, offset: slot.node.range[0] })
}

function add(place: Place, context: Walk): void {
  for (const { alias } of slotsOf(place)) if (alias !== null) context.aliases.set(alias, place.name)
  const nodes = slotsOf(place).map(({ node }) => node)
  if (nodes.length > 0 && nodes.every((node) => context.owners.get(node)?.name === place.name)) return
  for (const node of nodes) context.owners.set(node, place)
  context.places.push(place)
}

function hasKustomizeKind(fields: Fields): boolean {
  const kind = fields.get('kind')?.node
  const version = fields.get('apiVersion')?.node
  return (
    (isScalar(kind) && (kind.value === 'Kustomization' || kind.value === 'Component')) ||
    (isScalar(version) && String(version.value).startsWith('kustomize.'))
  )
}
