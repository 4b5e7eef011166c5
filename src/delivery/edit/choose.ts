/** Chooses the one place that is meant: by the image's name, by a field, or by a Flux marker. */

import { isMap, isScalar, type Scalar } from 'yaml'
import type { ImageName } from '../../domain/image.ts'
import { ok, type Result } from '../../domain/result.ts'
import { parseField, formatField } from './field.ts'
import { findPlaces, type Findings } from './find.ts'
import { markedPlaces, withoutMarked } from './marked.ts'
import { markedText } from './write.ts'
import { foundAt, isPlaceOf, offsetOf, slotsOf, type PartsPlace, type Place } from './place.ts'
import { problem, quoted, type EditProblem } from './problem.ts'
import { formatName, hasPlaceholder, isName, isReference, needleOf, splitReference } from './reference.ts'
import { resolveField, type Hit } from './resolve.ts'
import { fieldsOf, isImageKey, partsOf, slotOf, wholeReference } from './shapes.ts'
import { positionOf, textOf, type Source } from './source.ts'

/** `path` is the file's, for messages and to know a kustomization by its name. */
export type EditOptions = { readonly field?: string; readonly marker?: string; readonly path?: string }

const PLACES_SHOWN_MAX = 8
const MARKED_VALUES_MAX = 100
const KUSTOMIZATION_FILE = /(?:^|\/)kustomization\.ya?ml$|(?:^|\/)Kustomization$/u
/** What a field of its own may hold: `v1`, `v1@sha256:…`, `@sha256:…` or nothing. */
const TAG_TEXT = /^(?:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(?:@sha(?:256|512):[0-9a-f]{64,128})?$/u
const DIGEST_TEXT = /^sha(?:256|512):[0-9a-f]{64,128}$/u
const NAME_FIELDS = new Set(['repository', 'image', 'name', 'newName', 'registry'])

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
  const all = withoutMarked(findings.places, groups)
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
    (place) => place.kind === 'parts' && place.replaces !== null && isName(place.replaces, name),
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

function ambiguous(places: readonly Place[], name: ImageName): Result<never, EditProblem> {
  const lines = places.slice(0, PLACES_SHOWN_MAX).map((place) => {
    const { line } = positionOf(place.source, offsetOf(place))
    const choice = place.kind === 'marked' ? `marker ${place.policy}` : `field ${choosingField(place)}`
    return `line ${line} ${foundAt(place, formatName(name))} (${choice})`
  })
  const more = places.length > PLACES_SHOWN_MAX ? ', and more' : ''
  return problem(
    'image-ambiguous',
    `expected ${formatName(name)} once, found it at ${lines.join(', ')}${more}: name the field to edit`,
  )
}

function choosingField(place: Exclude<Place, { kind: 'marked' }>): string {
  const path = place.kind === 'parts' ? [...place.path, place.tagKey] : place.path
  return formatField(path, place.document)
}

function chooseByField(source: Source, findings: Findings, name: ImageName, text: string): Result<Place, EditProblem> {
  const field = parseField(text)
  if (!field.ok) return field
  const hits = resolveField(source, field.value)
  if (!hits.ok) return hits
  const answers = hits.value.map((hit) => placeAt(hit, findings, name))
  const [first, ...more] = answers.filter((answer) => answer.ok).map((answer) => answer.value)
  if (first === undefined) return answers[0] ?? problem('image-missing', `there is no field ${quoted(text)}`)
  return more.length === 0 ? ok(first) : ambiguous([first, ...more], name)
}

function placeAt(hit: Hit, findings: Findings, name: ImageName): Result<Place, EditProblem> {
  const where = formatField(hit.path, hit.document)
  const at = positionOf(hit.source, hit.node?.range[0] ?? hit.parent?.range[0] ?? 0)
  const known = knownPlace(hit, findings)
  if (known === null && hit.node === null) {
    const rest = hit.rest.map((step) => step.text).join('.')
    return problem('image-missing', `${where || 'the document'} has no ${quoted(rest)}: add it by hand, once`, at)
  }
  const place = known ?? (isScalar(hit.node) ? placeOfScalar(hit, hit.node, name) : null)
  if (place === null) {
    return problem('image-missing', `${where} is no single value, and has no repository and tag`, at)
  }
  if (isFor(place, name)) return ok({ ...place, document: hit.document })
  const found = foundAt(place, '') || 'nothing'
  return problem('unsafe-edit', `expected ${formatName(name)} at ${where}, found ${quoted(found)}`, at)
}

/** A place of a shape that we know: the map itself, one of its fields, or one that it lacks. */
function knownPlace(hit: Hit, findings: Findings): Place | null {
  const { node, parent } = hit
  const inMap = findings.places.find((place) => place.kind === 'parts' && (place.map === node || place.map === parent))
  const last = node === null ? hit.rest[0]?.text : hit.path.at(-1)
  if (inMap?.kind === 'parts') {
    const isOwn = inMap.map === node || last === inMap.tagKey || last === 'digest' || NAME_FIELDS.has(String(last))
    if (isOwn && hit.rest.length <= 1) return inMap
  }
  if (!isScalar(node)) return null
  return findings.places.find((place) => place.kind === 'whole' && place.slot.node === node) ?? null
}

function placeOfScalar(hit: Hit, node: Scalar.Parsed, name: ImageName): Place | null {
  const text = textOf(node)
  const last = hit.path.at(-1)
  const slot = { node, alias: null }
  const whole = isReference(text) ? wholeReference(slot, hit, '') : null
  const isWhole = whole !== null && (isImageKey(last) || isPlaceOf(whole, name))
  if (isWhole || isImageKey(last) || !(TAG_TEXT.test(text) || DIGEST_TEXT.test(text))) {
    // Also where it is no reference: then the comparison of names says what stands there.
    return whole ?? { kind: 'whole', ...spotOf(hit), name: splitReference(text).name, slot, prefix: '' }
  }
  return placeOfTag(hit, slot, String(last))
}

/** A tag in a field of its own, whatever its name, with the digest's field beside it. */
function placeOfTag(hit: Hit, slot: PartsPlace['tag'], key: string): PartsPlace | null {
  const spot = { ...spotOf(hit), path: hit.path.slice(0, -1) }
  const bare = { kind: 'parts', ...spot, tagKey: key, tag: slot, anchor: null, map: null, replaces: null } as const
  if (!isMap(hit.parent)) return { ...bare, name: null, digest: null }
  const fields = fieldsOf(hit.source, hit.parent)
  const isDigest = slot !== null && DIGEST_TEXT.test(textOf(slot.node))
  const repository = slotOf(fields.get('repository'))
  const name = repository === null ? null : textOf(repository.node)
  return partsOf(hit.parent, fields, spot, { name, tagKey: isDigest ? 'tag' : key, after: '', replaces: null })
}

function spotOf({ source, document, path }: Hit): Pick<Hit, 'source' | 'document' | 'path'> {
  return { source, document, path }
}

/** Whoever names a field may leave out of it what stands elsewhere: the registry, or the whole name. */
function isFor(place: Place, name: ImageName): boolean {
  if (place.name === null || isPlaceOf(place, name)) return true
  if (place.kind !== 'parts') return false
  if (place.replaces !== null && isName(place.replaces, name)) return true
  return hasPlaceholder(place.name) || formatName(name).endsWith(`/${place.name}`)
}

/**
 * An anchored tag may be used for another image too, or for a label: our tag and digest would be wrong there.
 * A whole reference may be shared, as all who share it mean the same image.
 */
function sharedWith(place: Place, findings: Findings): Result<never, EditProblem> | null {
  const nodes = new Set(slotsOf(place).map(({ node }) => node))
  const refuse = (offset: number): Result<never, EditProblem> => {
    const { line } = positionOf(place.source, offset)
    const detail = `the value is used for something else too (line ${line}): give this image a value of its own`
    return problem('unsafe-edit', detail, positionOf(place.source, offsetOf(place)))
  }
  const other = findings.places.find(
    (candidate) => candidate.name !== place.name && slotsOf(candidate).some(({ node }) => nodes.has(node)),
  )
  if (other !== undefined && place.name !== null) return refuse(offsetOf(other))
  if (place.kind === 'whole') return null
  const isHome = (slot: Scalar.Parsed): boolean =>
    [place, ...findings.places].some((known) =>
      slotsOf(known).some(({ node, alias }) => node === slot && alias === null),
    )
  const stranger = [...nodes].find((node) => !isHome(node))
  if (stranger !== undefined) return refuse(stranger.range[0])
  const aliases = [...place.source.targets].filter(([, target]) => isScalar(target) && nodes.has(target))
  const unknown = aliases.find(([alias]) => findings.aliases.get(alias) !== place.name || place.name === null)
  return unknown === undefined ? null : refuse(unknown[0].range[0])
}
