/** Chooses the one place that is meant: by the image's name, by a field, or by a Flux marker. */

import type { ImageName } from '../../domain/image.ts'
import { ok, type Result } from '../../domain/result.ts'
import { ambiguous } from './ambiguous.ts'
import { chooseByField } from './choose-field.ts'
import { formatField } from './field.ts'
import { findPlaces, type Findings } from './find.ts'
import { markedPlaces, withoutMarked } from './marked.ts'
import { foundAt, isPlaceOf, named, offsetOf, slotsOf, type Place } from './place.ts'
import { problem, quoted, type EditProblem } from './problem.ts'
import { formatName, hasPlaceholder, isName, needleOf, splitReference } from './reference.ts'
import { sharedWith } from './shared.ts'
import { positionOf, textOf, type Source } from './source.ts'
import { markedText } from './write.ts'

/** `path` is the file's, for messages and to know a kustomization by its name. */
export type EditOptions = { readonly field?: string; readonly marker?: string; readonly path?: string }

const PLACES_SHOWN_MAX = 8
const MARKED_VALUES_MAX = 100
const KUSTOMIZATION_FILE = /(?:^|\/)kustomization\.ya?ml$|(?:^|\/)Kustomization$/u

export function choosePlace(source: Source, name: ImageName, options: EditOptions): Result<Place, EditProblem> {
  const findings = findPlaces(source, needleOf(name), KUSTOMIZATION_FILE.test(options.path ?? ''))
  const chosen =
    options.field === undefined
      ? chooseByName(source, findings, name, options)
      : chooseByField(source, findings, name, options.field)
  if (!chosen.ok) return chosen
  const shared = sharedWith(chosen.value, findings)
  return shared === null ? chosen : shared
}

function chooseByName(
  source: Source,
  findings: Findings,
  name: ImageName,
  options: EditOptions,
): Result<Place, EditProblem> {
  const groups = markedPlaces(source, findings.places)
  const all = withoutMarked(findings.places, groups).map((place) => named(place, name))
  const marked = options.marker
  const places =
    marked === undefined
      ? all.filter((place) => isPlaceOf(place, name))
      : all.filter((place) => isMarked(place, marked, groups) && (place.name === null || isPlaceOf(place, name)))
  const [first, ...more] = places
  if (first === undefined) return missing(findings, name, options)
  if (more.length > 0) return ambiguous(places, name)
  if (slotsOf(first).length > MARKED_VALUES_MAX) {
    return problem('unsafe-edit', `expected at most ${MARKED_VALUES_MAX} values with one marker: split the file`)
  }
  return isConsistent(first) ? ok(first) : inconsistent(first)
}

function isMarked(place: Place, policy: string, groups: readonly Place[]): boolean {
  if (place.kind === 'marked') return place.policy === policy
  const group = groups.find((candidate) => candidate.kind === 'marked' && candidate.policy === policy)
  const nodes = new Set(group === undefined ? [] : slotsOf(group).map(({ node }) => node))
  return slotsOf(place).some(({ node }) => nodes.has(node))
}

/** Two marked values of one image that say different things: whatever we write, one of them was somebody's intent. */
function isConsistent(place: Place): boolean {
  if (place.kind !== 'marked') return true
  const hasDigest = place.parts.some(({ part }) => part === 'digest')
  const found = splitReference(foundAt(place, ''))
  return place.parts.every(({ part, slot }) => {
    const text = textOf(slot.node)
    return (markedText(part, text, found, hasDigest) ?? text) === text
  })
}

function missing(findings: Findings, name: ImageName, options: EditOptions): Result<never, EditProblem> {
  const wanted = formatName(name)
  const renamed = findings.places.find(
    (place) => place.kind === 'parts' && place.otherName !== null && isName(place.otherName, name),
  )
  if (renamed !== undefined) {
    const field = formatField([...renamed.path, 'newTag'], renamed.document)
    return problem(
      'unsafe-edit',
      `the entry for ${wanted} renames it to ${renamed.name ?? ''}: follow that image, or choose the entry with field ${field}`,
      positionOf(renamed.source, offsetOf(renamed)),
    )
  }
  const [unreadable] = findings.unreadable
  if (unreadable !== undefined) {
    const { text } = unreadable
    const at = positionOf(unreadable.source, unreadable.offset)
    const why = hasPlaceholder(text) ? 'is filled in by another tool' : 'is no image reference on one line'
    return problem('unsafe-edit', `expected ${wanted}, found ${quoted(text)}, which ${why}: name the field to edit`, at)
  }
  const others = [...new Set(findings.places.map((place) => place.name ?? ''))].slice(0, PLACES_SHOWN_MAX)
  const found = others.length === 0 ? 'no image' : others.join(', ')
  const marker = options.marker === undefined ? '' : ` with the marker ${quoted(options.marker)}`
  return problem('image-missing', `expected ${wanted}${marker}, found ${found}: check the file, or name the field`)
}

function inconsistent(place: Place): Result<never, EditProblem> {
  const texts = slotsOf(place).map(({ node }) => `line ${positionOf(place.source, node.range[0]).line} ${textOf(node)}`)
  const shown = texts.slice(0, PLACES_SHOWN_MAX).join(', ')
  return problem('image-ambiguous', `the values of one marker say different things: ${shown}: make them agree once`)
}
