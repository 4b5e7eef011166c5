/** The shapes in which a map holds an image (Helm's repository and tag, kustomize's entries), and scalars that are whole references. */

import { isAlias, isMap, isScalar, isSeq, type YAMLMap } from 'yaml'
import type { Path } from './field.ts'
import type { FieldEntry, Fields, PartsPlace, Slot, WholePlace } from './place.ts'
import { isReference, splitReference } from './reference.ts'
import { follow, textOf, type Source } from './source.ts'

/** `image`, `sidecarImage`, `init_image`: what manifests, charts and custom resources call it. */
const IMAGE_KEY = /^(?:image|.*(?:Image|[_-]image))$/u
/** Inside an `image` map: the name's own key, and of an OCI image volume the whole reference. */
const NAME_KEYS = ['repository', 'image', 'name'] as const
const NOT_AN_IMAGE = /^[a-z]+:\/\//u

export type Spot = { readonly source: Source; readonly document: number | null; readonly path: Path }

export function isImageKey(key: string | number | undefined): boolean {
  return typeof key === 'string' && IMAGE_KEY.test(key)
}

/** The map's fields, those of merge keys included; its own come first. */
export function fieldsOf(source: Source, map: YAMLMap.Parsed): Fields {
  const fields = new Map<string, FieldEntry>()
  for (const [index, pair] of map.items.entries()) {
    if (!isScalar(pair.key)) continue
    const alias = pair.value !== null && isAlias(pair.value) ? pair.value : null
    fields.set(textOf(pair.key), { node: pair.value && follow(source, pair.value), alias, pair, index })
  }
  const merged = fields.get('<<')?.node
  const sources = isSeq(merged) ? merged.items.map((item) => follow(source, item)) : [merged]
  for (const base of sources) {
    if (!isMap(base) || base === map) continue
    for (const pair of base.items) {
      if (!isScalar(pair.key) || fields.has(textOf(pair.key))) continue
      const alias = pair.value !== null && isAlias(pair.value) ? pair.value : null
      fields.set(textOf(pair.key), { node: pair.value && follow(source, pair.value), alias, pair, index: null })
    }
  }
  return fields
}

/** `{ name, newName?, newTag?, digest? }` in a list called `images`. `isBare` says that a name alone is enough here. */
export function kustomizeEntry(map: YAMLMap.Parsed, fields: Fields, spot: Spot, isBare: boolean): PartsPlace | null {
  if (spot.path.at(-2) !== 'images' || typeof spot.path.at(-1) !== 'number') return null
  const name = stringOf(fields.get('name'))
  if (name === null || fields.has('repository') || fields.has('tag')) return null
  if (!isBare && !fields.has('newTag') && !fields.has('newName') && !fields.has('digest')) return null
  const newName = stringOf(fields.get('newName'))
  const written = newName ?? name
  return partsOf(map, fields, spot, {
    name: written,
    nameKey: newName === null ? 'name' : 'newName',
    tagKey: 'newTag',
    digestKey: 'digest',
    otherName: newName === null ? null : name,
  })
}

/** `repository` (or `image`, `name`) with `tag`, `digest`, `registry` beside it. */
export function splitImage(map: YAMLMap.Parsed, fields: Fields, spot: Spot): PartsPlace | null {
  const isImage = isImageKey(spot.path.at(-1))
  const hasVersion = fields.has('tag') || fields.has('digest')
  const key = NAME_KEYS.find((candidate) => stringOf(fields.get(candidate)) !== null)
  if (key === undefined || (!hasVersion && !(isImage && key === 'repository'))) return null
  // `name` and `tag` stand together in many things that are no images.
  if (key === 'name' && !isImage && spot.path.at(-2) !== 'images') return null
  const repository = stringOf(fields.get(key)) ?? ''
  const { tag, digest } = splitReference(repository)
  if (NOT_AN_IMAGE.test(repository) || tag !== null || digest !== null) return null
  const registry = stringOf(fields.get('registry'))
  const name = registry === null || registry === '' ? repository : `${registry.replace(/\/$/u, '')}/${repository}`
  const own = key === 'repository' ? stringOf(fields.get('name')) : null
  const otherName = own === null ? null : `${name}/${own}`
  return partsOf(map, fields, spot, { name, nameKey: key, tagKey: 'tag', digestKey: 'digest', otherName })
}

/** `sidecarImage: a/b` with `sidecarImageTag: v1` beside it. */
export function flatImage(map: YAMLMap.Parsed, fields: Fields, spot: Spot, key: string): PartsPlace | null {
  const tagKey = [`${key}Tag`, `${key}_tag`].find((candidate) => fields.has(candidate))
  const name = stringOf(fields.get(key))
  if (tagKey === undefined || name === null) return null
  const { tag, digest } = splitReference(name)
  if (tag !== null || digest !== null) return null
  const digestKey = tagKey.replace(/(?<letter>[Tt])ag$/u, (_, letter) => (letter === 'T' ? 'Digest' : 'digest'))
  return partsOf(map, fields, spot, { name, nameKey: key, tagKey, digestKey, otherName: null })
}

/** A scalar that is a reference as a whole. */
export function wholeReference(slot: Slot, spot: Spot, prefix: string): WholePlace | null {
  const reference = textOf(slot.node).slice(prefix.length)
  if (slot.node.type?.startsWith('BLOCK_') !== false || !isReference(reference)) return null
  return { kind: 'whole', ...spot, name: splitReference(reference).name, slot, prefix }
}

/** `name=reference` of Argo CD's `kustomize.images`: how long the part before the reference is. */
export function argoPrefix(text: string): string {
  return /^[^=\s]{1,255}=/u.exec(text)?.[0] ?? ''
}

export function slotOf(entry: FieldEntry | undefined): Slot | null {
  return entry !== undefined && isScalar(entry.node) ? { node: entry.node, alias: entry.alias } : null
}

export function partsOf(
  map: YAMLMap.Parsed,
  fields: Fields,
  spot: Spot,
  keys: Pick<PartsPlace, 'name' | 'nameKey' | 'tagKey' | 'digestKey' | 'otherName'>,
): PartsPlace | null {
  const [tag, digest] = [fields.get(keys.tagKey), fields.get(keys.digestKey)]
  // A field that is there but no scalar (a list, a map) is a shape that we do not know.
  if ((tag !== undefined && slotOf(tag) === null) || (digest !== undefined && slotOf(digest) === null)) return null
  const index = fields.get(keys.nameKey)?.index ?? null
  return {
    kind: 'parts',
    ...spot,
    ...keys,
    tag: slotOf(tag),
    digest: slotOf(digest),
    anchor: index === null ? null : { map, index },
    map,
  }
}

function stringOf(entry: FieldEntry | undefined): string | null {
  return entry !== undefined && isScalar(entry.node) && typeof entry.node.value === 'string' ? entry.node.value : null
}
