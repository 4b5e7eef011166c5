/** Chooses the place that a field names, and checks that what stands there is the image that we mean. */

import { isMap, isScalar, type Scalar } from 'yaml'
import type { ImageName } from '../../domain/image.ts'
import { ok, type Result } from '../../domain/result.ts'
import { ambiguous } from './ambiguous.ts'
import { formatField, parseField } from './field.ts'
import type { Findings } from './find.ts'
import { foundAt, isPlaceOf, named, type PartsPlace, type Place, type Slot } from './place.ts'
import { problem, quoted, type EditProblem } from './problem.ts'
import { formatName, hasPlaceholder, isName, isReference, splitReference } from './reference.ts'
import { resolveField, type Hit } from './resolve.ts'
import { fieldsOf, isImageKey, partsOf, slotOf, wholeReference } from './shapes.ts'
import { positionOf, textOf, type Source } from './source.ts'

/** What a field of its own may hold: `v1`, `v1@sha256:…`, `@sha256:…` or nothing. */
const TAG_TEXT = /^(?:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(?:@sha(?:256|512):[0-9a-f]{64,128})?$/u
const DIGEST_TEXT = /^sha(?:256|512):[0-9a-f]{64,128}$/u
const COMMON_TAG_FIELDS = new Set(['tag', 'newTag'])
const NAME_FIELDS = new Set(['repository', 'image', 'name', 'newName', 'registry'])

/** `findings` are those of the whole file: a field in a shape that we know is edited as that shape. */
export function chooseByField(
  source: Source,
  findings: Findings,
  name: ImageName,
  text: string,
): Result<Place, EditProblem> {
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
  if (isFor(place, name)) return ok({ ...named(place, name), document: hit.document })
  const found = foundAt(place, '') || 'nothing'
  return problem('unsafe-edit', `expected ${formatName(name)} at ${where}, found ${quoted(found)}`, at)
}

/** A place of a shape that we know: the map itself, one of its fields, or one that it lacks. */
function knownPlace(hit: Hit, findings: Findings): Place | null {
  const { node, parent } = hit
  const last = String(node === null ? hit.rest[0]?.text : hit.path.at(-1))
  const inMap = findings.places.find((place) => {
    if (place.kind !== 'parts' || hit.rest.length > 1) return false
    return place.map === node || (place.map === parent && isFieldOf(place, last))
  })
  if (inMap !== undefined) return inMap
  if (!isScalar(node)) return null
  return findings.places.find((place) => place.kind === 'whole' && place.slot.node === node) ?? null
}

function isFieldOf({ nameKey, tagKey, digestKey }: PartsPlace, key: string): boolean {
  return [nameKey, tagKey, digestKey].includes(key) || (COMMON_TAG_FIELDS.has(tagKey) && NAME_FIELDS.has(key))
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
function placeOfTag(hit: Hit, slot: Slot, key: string): PartsPlace | null {
  const spot = { ...spotOf(hit), path: hit.path.slice(0, -1) }
  const isDigest = DIGEST_TEXT.test(textOf(slot.node))
  const keys = {
    nameKey: 'repository',
    tagKey: isDigest ? 'tag' : key,
    digestKey: isDigest ? key : 'digest',
    otherName: null,
  }
  if (!isMap(hit.parent)) {
    return { kind: 'parts', ...spot, ...keys, name: null, tag: slot, digest: null, anchor: null, map: null }
  }
  const fields = fieldsOf(hit.source, hit.parent)
  const repository = slotOf(fields.get('repository'))
  return partsOf(hit.parent, fields, spot, { ...keys, name: repository === null ? null : textOf(repository.node) })
}

function spotOf({ source, document, path }: Hit): Pick<Hit, 'source' | 'document' | 'path'> {
  return { source, document, path }
}

/** Whoever names a field may leave out of it what stands elsewhere: the registry, or the whole name. */
function isFor(place: Place, name: ImageName): boolean {
  if (place.name === null || isPlaceOf(place, name)) return true
  if (place.kind !== 'parts') return false
  if (place.otherName !== null && isName(place.otherName, name)) return true
  return hasPlaceholder(place.name) || formatName(name).endsWith(`/${place.name}`)
}
