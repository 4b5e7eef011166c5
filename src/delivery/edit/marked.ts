/** Values that carry a Flux marker: as places of a file that is YAML, and as plain lines of one that is not. */

import { isAlias, isMap, isScalar, isSeq, type ParsedNode, type Scalar } from 'yaml'
import { ok, type Result } from '../../domain/result.ts'
import { findMarks, type Mark } from './marks.ts'
import { slotsOf, type MarkedPart, type MarkedPlace, type Place } from './place.ts'
import { problem, type EditProblem } from './problem.ts'
import { joinReference, splitReference } from './reference.ts'
import { encodeScalar } from './scalar.ts'
import { parseSource, textOf, type Source } from './source.ts'
import { applyEdits, spliceText, type Edit, type Splice } from './splice.ts'
import type { Value } from './wish.ts'
import { markedText, type EditChange } from './write.ts'

/** What a Flux policy has chosen, with the name as it shall be written. */
export type MarkerPolicy = {
  /** `namespace:name`. */
  readonly policy: string
  readonly image: string
  readonly tag: string
  readonly digest?: string
}

/** The groups of marked values, each named by its marked name or by the place that it stands in. */
export function markedPlaces(source: Source, places: readonly Place[]): readonly MarkedPlace[] {
  const marks = findMarks(source.text)
  if (marks.length === 0) return []
  const scalars = scalarsByStart(source)
  const groups = new Map<string, MarkedPart[]>()
  for (const { policy, part, start } of marks) {
    const node = scalars.get(start)
    if (node === undefined) continue
    const parts = groups.get(policy) ?? []
    groups.set(policy, parts)
    parts.push({ part, slot: { node, alias: null } })
  }
  const owners = new Map(places.flatMap((place) => slotsOf(place).map(({ node }) => [node, place.name] as const)))
  return [...groups].map(([policy, parts]) => {
    const name = markedName(parts) ?? touchedName(parts, owners)
    return { kind: 'marked', source, document: null, path: [], policy, parts, name }
  })
}

/** Of a group and the places that it touches only one stays: the one that knows all the values. */
export function withoutMarked(places: readonly Place[], groups: readonly MarkedPlace[]): readonly Place[] {
  const groupOf = new Map(groups.flatMap((group) => slotsOf(group).map(({ node }) => [node, group] as const)))
  const kept: Place[] = []
  const replaced = new Set<Place>()
  for (const place of places) {
    const owners = slotsOf(place).map(({ node }) => groupOf.get(node))
    const [first] = owners
    if (first !== undefined && owners.every((owner) => owner === first)) continue
    kept.push(place)
    for (const owner of owners) if (owner !== undefined) replaced.add(owner)
  }
  return [...kept, ...groups.filter((group) => !replaced.has(group))]
}

/** Sets every value that a policy marks, as Flux does, but for the rest of the file byte for byte. */
export function applyMarkers(
  text: string,
  policies: readonly MarkerPolicy[],
): Result<{ readonly text: string; readonly changes: readonly EditChange[] }, EditProblem> {
  const marks = findMarks(text)
  const wishes = marks.flatMap((mark) => {
    const policy = policies.find((candidate) => candidate.policy === mark.policy)
    const after = policy === undefined ? null : fluxText(mark, policy, marks)
    return after === null || after === mark.value ? [] : [{ mark, after }]
  })
  const changes = wishes.map(({ mark, after }) => changeOf(mark, after))
  const written = writeMarks(text, wishes, false)
  return written.ok ? ok({ text: written.value, changes }) : written
}

/** For a file that is no YAML (a Helm template): only what the markers say, and nothing around it is understood. */
export function editMarkedLines(
  text: string,
  policy: string,
  value: Value,
): Result<{ readonly text: string; readonly changes: readonly EditChange[] }, EditProblem> {
  const marks = findMarks(text).filter((mark) => mark.policy === policy)
  const hasDigest = marks.some(({ part }) => part === 'digest')
  const wishes = marks.flatMap((mark) => {
    const after = markedText(mark.part, mark.value, value, hasDigest)
    return after === null || after === mark.value ? [] : [{ mark, after }]
  })
  const changes = wishes.map(({ mark, after }) => changeOf(mark, after))
  const splices = splicesOf(wishes, value.verbatim)
  return splices.ok ? ok({ text: spliceText(text, splices.value), changes }) : splices
}

type MarkWish = { readonly mark: Mark; readonly after: string }

function writeMarks(text: string, wishes: readonly MarkWish[], verbatim: boolean): Result<string, EditProblem> {
  const source = parseSource(text, null)
  if (!source.ok) {
    const splices = splicesOf(wishes, verbatim)
    return splices.ok ? ok(spliceText(text, splices.value)) : splices
  }
  const scalars = scalarsByStart(source.value)
  const edits: Edit[] = []
  for (const { mark, after } of wishes) {
    const node = scalars.get(mark.start)
    if (node === undefined)
      return problem('unsafe-edit', 'the marker stands behind no value', { line: mark.line, column: 1 })
    edits.push({ kind: 'set', node, value: after, verbatim })
  }
  return applyEdits(source.value, edits)
}

function splicesOf(wishes: readonly MarkWish[], verbatim: boolean): Result<Splice[], EditProblem> {
  const splices: Splice[] = []
  for (const { mark, after } of wishes) {
    const style = mark.quote === '' ? 'PLAIN' : mark.quote === '"' ? 'QUOTE_DOUBLE' : 'QUOTE_SINGLE'
    const encoded = encodeScalar(after, style, verbatim)
    if (!encoded.ok) return encoded
    splices.push({ start: mark.start, end: mark.end, text: encoded.value })
  }
  return ok(splices)
}

/** A policy's digest is written behind the tag where no marker asks for it apart. */
function fluxText(mark: Mark, policy: MarkerPolicy, marks: readonly Mark[]): string | null {
  const digest = policy.digest ?? null
  const hasDigest = marks.some(({ policy: other, part }) => other === mark.policy && part === 'digest')
  if (mark.part === 'name') return policy.image
  if (mark.part === 'full') return joinReference(policy.image, policy.tag, digest)
  if (mark.part === 'digest' && digest === null) return null
  return markedText(mark.part, mark.value, { name: null, tag: policy.tag, digest }, hasDigest)
}

function markedName(parts: readonly MarkedPart[]): string | null {
  const names = parts.flatMap(({ part, slot }) => {
    if (part === 'full') return [splitReference(textOf(slot.node)).name]
    return part === 'name' ? [textOf(slot.node)] : []
  })
  const [first] = names
  return first !== undefined && names.every((name) => name === first) ? first : null
}

function touchedName(parts: readonly MarkedPart[], owners: ReadonlyMap<Scalar.Parsed, string | null>): string | null {
  const names = new Set(parts.flatMap(({ slot }) => owners.get(slot.node) ?? []))
  const [only] = names
  return names.size === 1 && only !== undefined ? only : null
}

function changeOf({ policy, line, value }: Mark, after: string): EditChange {
  return { path: `$imagepolicy ${policy}`, line, before: value, after }
}

function scalarsByStart(source: Source): ReadonlyMap<number, Scalar.Parsed> {
  const scalars = new Map<number, Scalar.Parsed>()
  const visit = (node: ParsedNode | null): void => {
    if (node === null || isAlias(node)) return
    if (isScalar(node)) scalars.set(node.range[0], node)
    else if (isSeq(node)) for (const item of node.items) visit(item)
    else if (isMap(node)) for (const { value } of node.items) visit(value)
  }
  for (const { contents } of source.documents) visit(contents)
  return scalars
}
