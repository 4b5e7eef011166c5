/** Byte-exact edits of images in files: the image is found, its tag and digest are set, and nothing else changes. */

import { formatImage, type ImageName, type PinnedImage } from '../../domain/image.ts'
import { ok, type Result } from '../../domain/result.ts'
import { choosePlace, type EditOptions } from './choose.ts'
import { formatField, parseField } from './field.ts'
import { findMarks, type Mark } from './marks.ts'
import { editMarkedLines } from './marked.ts'
import { foundAt, slotsOf } from './place.ts'
import { problem, type EditProblem } from './problem.ts'
import { formatName, isName, joinReference, joinTag, needleOf, splitReference } from './reference.ts'
import { setField } from './set-field.ts'
import { isImageKey } from './shapes.ts'
import { parseSource, positionOf, textOf } from './source.ts'
import { applyEdits } from './splice.ts'
import { checkName, nameOf, valueOf, type EditWish } from './wish.ts'
import { planWrite, type EditChange } from './write.ts'

export { diffOf } from './diff.ts'
export { decodeFile, FILE_BYTES_MAX } from './file.ts'
export { applyMarkers } from './marked.ts'
export { isPlainSafe } from './scalar.ts'
export { setField } from './set-field.ts'
export type { EditOptions } from './choose.ts'
export type { EditProblem } from './problem.ts'
export type { EditWish } from './wish.ts'

export type EditOutcome = {
  readonly text: string
  /** Empty: the file holds the wish already. */
  readonly changes: readonly EditChange[]
  /** The reference that stood there, as written: `name:tag@digest`. Wished back with `restore`, it gives the same bytes. */
  readonly found: string
  readonly now: string
}

export type FoundImage = {
  readonly found: string
  readonly places: readonly { readonly path: string; readonly line: number; readonly text: string }[]
}

/** Brings the image of this name to the wish. */
export function editImage(text: string, wish: EditWish, options: EditOptions): Result<EditOutcome, EditProblem> {
  const name = nameOf(wish)
  const value = valueOf(wish)
  if (isElsewhere(text, name, options)) return elsewhere(name)
  const source = parseSource(text, null)
  if (!source.ok) {
    const group = markedLines(text, name, options)
    if (group === null) return withRemedy(source.error)
    const checked = checkName(value, group.name, name)
    if (!checked.ok) return checked
    const edited = editMarkedLines(text, group.policy, value)
    const now = joinReference(group.name, value.tag, value.digest)
    return edited.ok ? ok({ ...edited.value, found: group.found, now }) : edited
  }
  const place = choosePlace(source.value, name, options)
  if (!place.ok) return place
  const checked = checkName(value, place.value.name, name)
  if (!checked.ok) return checked
  const found = foundAt(place.value, formatName(name))
  const plan = planWrite(place.value, value, formatName(name))
  if (!plan.ok) return plan
  const { edits, changes, now } = plan.value
  if (edits.length === 0) return ok({ text, changes, found, now: found })
  const next = applyEdits(place.value.source, edits)
  return next.ok ? ok({ text: next.value, changes, found, now }) : next
}

/** Adds a field that is not there yet: what `editImage` never does by itself, as a typo would then add a field that nobody reads. */
export function addImage(text: string, image: PinnedImage, field: string): Result<EditOutcome, EditProblem> {
  const path = parseField(field)
  if (!path.ok) return path
  const isWhole = isImageKey(path.value.steps.at(-1)?.text)
  const now = isWhole ? formatImage(image) : joinTag(image.tag, image.digest)
  const next = setField(text, field, now, { create: true })
  if (!next.ok) return next
  // What stands beside it may be another image's.
  const written = findImage(next.value, image, { field })
  if (!written.ok) return written
  const line = written.value.places[0]?.line ?? 1
  return ok({ text: next.value, changes: [{ path: field, line, before: '', after: now }], found: '', now })
}

/** What the file holds now, as written. */
export function findImage(text: string, name: ImageName, options: EditOptions): Result<FoundImage, EditProblem> {
  if (isElsewhere(text, name, options)) return elsewhere(name)
  const source = parseSource(text, null)
  if (!source.ok) {
    const group = markedLines(text, name, options)
    if (group === null) return withRemedy(source.error)
    const places = group.marks.map(({ line, value }) => ({ path: `$imagepolicy ${group.policy}`, line, text: value }))
    return ok({ found: group.found, places })
  }
  const place = choosePlace(source.value, name, options)
  if (!place.ok) return place
  const path = formatField(place.value.path, place.value.document)
  const places = slotsOf(place.value).map(({ node }) => ({
    path,
    line: positionOf(place.value.source, node.range[0]).line,
    text: textOf(node),
  }))
  return ok({ found: foundAt(place.value, formatName(name)), places })
}

/** Most files of a repository do not hold the image: those are not even parsed. */
function isElsewhere(text: string, name: ImageName, { field, marker }: EditOptions): boolean {
  return field === undefined && marker === undefined && !text.includes(needleOf(name))
}

function elsewhere(name: ImageName): Result<never, EditProblem> {
  return problem('image-missing', `expected ${formatName(name)}, found nothing of that name: check the file`)
}

function withRemedy(error: EditProblem): Result<never, EditProblem> {
  if (error.reason !== 'unparsable') return { ok: false, error }
  const remedy = 'correct it, or mark the line of a template with # {"$imagepolicy": "namespace:name"}'
  return { ok: false, error: { ...error, detail: `${error.detail}: ${remedy}` } }
}

type MarkedLines = {
  readonly policy: string
  readonly marks: readonly Mark[]
  readonly name: string
  readonly found: string
}

/** The one marker whose values are this image's, in a file that is no YAML. */
function markedLines(text: string, name: ImageName, { field, marker }: EditOptions): MarkedLines | null {
  if (field !== undefined) return null
  const all = findMarks(text)
  const policies = [...new Set(all.map(({ policy }) => policy))].filter((policy) => (marker ?? policy) === policy)
  const groups = policies.map((policy) =>
    linesOf(
      policy,
      all.filter((mark) => mark.policy === policy),
      name,
    ),
  )
  const [first, ...more] = groups.filter((group) => group !== null)
  return first !== undefined && more.length === 0 ? first : null
}

function linesOf(policy: string, marks: readonly Mark[], name: ImageName): MarkedLines | null {
  const valueOfPart = (wanted: Mark['part']): string | null => marks.find(({ part }) => part === wanted)?.value ?? null
  const isOne = marks.every((mark) => mark.value === valueOfPart(mark.part))
  const full = valueOfPart('full')
  const written = full === null ? valueOfPart('name') : splitReference(full).name
  if (!isOne || written === null || !isName(written, name)) return null
  const tag = splitReference(`x:${valueOfPart('tag') ?? ''}`)
  const found = full ?? joinReference(written, tag.tag, tag.digest ?? valueOfPart('digest'))
  return { policy, marks, name: written, found }
}
