/** A place that holds an image: one whole reference, or a name with its tag and digest in fields beside it. */

import type { Alias, Pair, ParsedNode, Scalar, YAMLMap } from 'yaml'
import type { ImageName } from '../../domain/image.ts'
import type { Path } from './field.ts'
import { isName, joinReference, needleOf, splitReference } from './reference.ts'
import { textOf, type Source } from './source.ts'

/** A value of a place, and the alias that led to it. */
export type Slot = { readonly node: Scalar.Parsed; readonly alias: Alias.Parsed | null }

type Common = {
  readonly source: Source
  readonly document: number | null
  /** What `--field` would have to say. */
  readonly path: Path
  /** As written, without tag and digest; null where only the field is known. */
  readonly name: string | null
}

/** `image: a/b:1`; with Argo CD's `images` also `name=a/b:1`, where `prefix` is `name=`. */
export type WholePlace = Common & { readonly kind: 'whole'; readonly slot: Slot; readonly prefix: string }

/** `repository` and `tag` (and `digest`, `registry`), or an entry of a kustomization's `images`. */
export type PartsPlace = Common & {
  readonly kind: 'parts'
  readonly nameKey: string
  readonly tagKey: string
  readonly digestKey: string
  readonly tag: Slot | null
  readonly digest: Slot | null
  /** The field after which a missing one is added; null where none can be. */
  readonly anchor: { readonly map: YAMLMap.Parsed; readonly index: number } | null
  readonly map: YAMLMap.Parsed | null
  /** A kustomization's `name` where `newName` says something else; or `repository/name` of charts that write both. */
  readonly otherName: string | null
}

/** All values that carry one Flux `$imagepolicy` marker; `parts` says which value is which. */
export type MarkedPlace = Common & {
  readonly kind: 'marked'
  readonly policy: string
  readonly parts: readonly MarkedPart[]
}
export type MarkedPart = { readonly part: 'full' | 'name' | 'tag' | 'digest'; readonly slot: Slot }

export type Place = WholePlace | PartsPlace | MarkedPlace

export type Fields = ReadonlyMap<string, FieldEntry>
export type FieldEntry = {
  readonly node: Exclude<ParsedNode, Alias.Parsed> | null
  readonly alias: Alias.Parsed | null
  readonly pair: Pair<ParsedNode, ParsedNode | null>
  /** Null: it comes through a merge key (`<<`). */
  readonly index: number | null
}

/** The reference that the place holds, as written: what a restoration is given back. */
export function foundAt(place: Place, fallback: string): string {
  switch (place.kind) {
    case 'whole':
      return textOf(place.slot.node).slice(place.prefix.length)
    case 'parts':
      return composed(place.name ?? fallback, place.tag, place.digest)
    case 'marked': {
      const full = place.parts.find(({ part }) => part === 'full')
      const slot = (wanted: string): Slot | null => place.parts.find(({ part }) => part === wanted)?.slot ?? null
      return full === undefined ? composed(place.name ?? fallback, slot('tag'), slot('digest')) : textOf(full.slot.node)
    }
  }
}

export function slotsOf(place: Place): readonly Slot[] {
  switch (place.kind) {
    case 'whole':
      return [place.slot]
    case 'parts':
      return [place.tag, place.digest].filter((slot) => slot !== null)
    case 'marked':
      return place.parts.map(({ slot }) => slot)
  }
}

export function isPlaceOf(place: Place, name: ImageName): boolean {
  // Most names differ at their end already, and reading one costs much more.
  return place.name !== null && place.name.endsWith(needleOf(name)) && isName(place.name, name)
}

/** The place under the name by which it is this image's, where it has two. A renamed kustomization entry keeps its new name. */
export function named(place: Place, name: ImageName): Place {
  if (place.kind !== 'parts' || place.tagKey === 'newTag' || place.otherName === null) return place
  return isName(place.otherName, name) ? { ...place, name: place.otherName, otherName: null } : place
}

/** Where a person looks for it. */
export function offsetOf(place: Place): number {
  const [slot] = slotsOf(place)
  if (slot !== undefined) return slot.node.range[0]
  return place.kind === 'parts' ? (place.map?.range[0] ?? 0) : 0
}

function composed(name: string, tag: Slot | null, digest: Slot | null): string {
  const inTag = splitReference(`x:${tag === null ? '' : textOf(tag.node)}`)
  const apart = digest === null ? '' : textOf(digest.node)
  const all = inTag.digest ?? (apart === '' ? null : apart)
  return joinReference(name, inTag.tag === '' ? null : inTag.tag, all)
}
