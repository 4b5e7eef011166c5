/** From a place and a wish to the edits: tag and digest always both, in the fields that the file has for them. */

import { ok, type Result } from '../../domain/result.ts'
import { formatField, type Path } from './field.ts'
import type { MarkedPlace, PartsPlace, Place, Slot, WholePlace } from './place.ts'
import { problem, quoted, type EditProblem } from './problem.ts'
import { hasPlaceholder, joinReference, joinTag, splitReference } from './reference.ts'
import { isPlainSafe } from './scalar.ts'
import { positionOf, textOf } from './source.ts'
import { isRemovable, type Edit } from './splice.ts'
import type { Value } from './wish.ts'

export type EditChange = {
  readonly path: string
  readonly line: number
  readonly before: string
  readonly after: string
}

export type Plan = { readonly edits: readonly Edit[]; readonly changes: readonly EditChange[]; readonly now: string }

export function planWrite(place: Place, value: Value, fallback: string): Result<Plan, EditProblem> {
  switch (place.kind) {
    case 'whole':
      return planWhole(place, value)
    case 'parts':
      return planParts(place, value, place.name ?? fallback)
    case 'marked':
      return planMarked(place, value, place.name ?? fallback)
  }
}

function planWhole(place: WholePlace, value: Value): Result<Plan, EditProblem> {
  const { name } = splitReference(textOf(place.slot.node).slice(place.prefix.length))
  const now = joinReference(value.name ?? name, value.tag, value.digest)
  const writes = [{ slot: place.slot, path: place.path, text: place.prefix + now }]
  return planSlots(place, writes, value, now)
}

/**
 * The digest goes where the file has a field for it; otherwise behind the tag, as `v1@sha256:…`, which Helm charts and kustomize put
 * together to the same reference. A restoration finds the fields as we left them, so it goes the same way.
 */
function planParts(place: PartsPlace, value: Value, name: string): Result<Plan, EditProblem> {
  const now = joinReference(name, value.tag, value.digest)
  const isInTag = place.digest === null || (place.tag !== null && textOf(place.tag.node).includes('@'))
  if (isInTag && place.digest !== null && textOf(place.digest.node) !== '') {
    return problem(
      'unsafe-edit',
      `${fieldOf(place)} has a digest in two fields: leave it in one of them`,
      positionAt(place, place.digest),
    )
  }
  const tag = isInTag ? joinTag(value.tag, value.digest) : (value.tag ?? '')
  const writes: Write[] = []
  if (place.tag !== null) writes.push({ slot: place.tag, path: [...place.path, place.tagKey], text: tag })
  if (place.digest !== null && !isInTag) {
    writes.push({ slot: place.digest, path: [...place.path, place.digestKey], text: value.digest ?? '' })
  }
  if (place.tag === null && tag !== '') return planInsertion(place, tag, writes, value, now)
  const removal = tag === '' && value.verbatim ? removalOf(place) : null
  if (removal === null) return planSlots(place, writes, value, now)
  const rest = planSlots(place, writes.slice(1), value, now)
  return rest.ok ? ok({ ...rest.value, ...added(rest.value, removal, changeOf(place, writes[0], '')) }) : rest
}

function planInsertion(
  place: PartsPlace,
  tag: string,
  writes: readonly Write[],
  value: Value,
  now: string,
): Result<Plan, EditProblem> {
  if (place.anchor === null) {
    return problem(
      'unsafe-edit',
      `${fieldOf(place)} has no ${place.tagKey}: add it by hand, once`,
      positionAt(place, null),
    )
  }
  const rest = planSlots(place, writes, value, now)
  if (!rest.ok) return rest
  const { map, index } = place.anchor
  const edit: Edit = {
    kind: 'insert',
    into: map,
    after: index,
    keys: [place.tagKey],
    value: tag,
    style: 'QUOTE_SINGLE',
  }
  const path = fieldOf({ ...place, path: [...place.path, place.tagKey] })
  const line = positionOf(place.source, map.items[index]?.key.range[0] ?? 0).line + (map.flow === true ? 0 : 1)
  return ok({ ...rest.value, ...added(rest.value, edit, { path, line, before: '', after: tag }) })
}

/**
 * What we added to a place that had no tag goes again. We added it in single quotes: so it is told from `tag: ""` and `tag:`,
 * which were there before us and stay, empty.
 */
function removalOf({ source, tag, map }: PartsPlace): Edit | null {
  if (tag === null || map === null || tag.node.type !== 'QUOTE_SINGLE' || textOf(tag.node) === '') return null
  const index = map.items.findIndex((pair) => pair.value === tag.node)
  return isRemovable(source, map, index) ? { kind: 'remove', from: map, index } : null
}

function planMarked(place: MarkedPlace, value: Value, name: string): Result<Plan, EditProblem> {
  const hasDigest = place.parts.some(({ part }) => part === 'digest')
  const writes = place.parts.flatMap(({ part, slot }): Write[] => {
    const text = markedText(part, textOf(slot.node), value, hasDigest)
    return text === null ? [] : [{ slot, path: [], text }]
  })
  return planSlots(place, writes, value, joinReference(name, value.tag, value.digest))
}

/** What a marked value becomes; null: it stays. A name stays as it is written. */
export function markedText(
  part: 'full' | 'name' | 'tag' | 'digest',
  before: string,
  value: Omit<Value, 'verbatim'>,
  hasDigest: boolean,
): string | null {
  switch (part) {
    case 'full':
      return joinReference(value.name ?? splitReference(before).name, value.tag, value.digest)
    case 'name':
      return null
    case 'tag':
      return hasDigest ? (value.tag ?? '') : joinTag(value.tag, value.digest)
    case 'digest':
      return value.digest ?? ''
  }
}

type Write = { readonly slot: Slot; readonly path: Path; readonly text: string }

function planSlots(place: Place, writes: readonly Write[], value: Value, now: string): Result<Plan, EditProblem> {
  const edits: Edit[] = []
  const changes: EditChange[] = []
  for (const write of writes) {
    const { node } = write.slot
    const before = textOf(node)
    if (hasPlaceholder(before)) {
      const detail = `the value ${quoted(before)} is filled in by another tool: edit what it is filled from`
      return problem('unsafe-edit', detail, positionAt(place, write.slot))
    }
    if (isHeld(write, value.verbatim)) continue
    edits.push({ kind: 'set', node, value: write.text, verbatim: value.verbatim })
    changes.push(changeOf(place, write, write.text))
  }
  return ok({ edits, changes, now })
}

/** A number without quotes is not the tag that it looks like. */
function isHeld({ slot, text }: Write, verbatim: boolean): boolean {
  return textOf(slot.node) === text && (verbatim || slot.node.type !== 'PLAIN' || isPlainSafe(text))
}

function changeOf(place: Place, write: Write | undefined, after: string): EditChange {
  if (write === undefined) return { path: '', line: 0, before: '', after }
  const path = place.kind === 'marked' ? `$imagepolicy ${place.policy}` : fieldOf({ ...place, path: write.path })
  return { path, line: positionAt(place, write.slot).line, before: textOf(write.slot.node), after }
}

function added(plan: Plan, edit: Edit, change: EditChange): Pick<Plan, 'edits' | 'changes'> {
  return { edits: [...plan.edits, edit], changes: [change, ...plan.changes] }
}

function fieldOf(place: { readonly path: Path; readonly document: number | null }): string {
  return formatField(place.path, place.document)
}

function positionAt(place: Place, slot: Slot | null): { line: number; column: number } {
  const map = place.kind === 'parts' ? place.map : null
  return positionOf(place.source, slot?.node.range[0] ?? map?.range[0] ?? 0)
}
