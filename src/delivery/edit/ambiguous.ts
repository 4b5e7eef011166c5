/** The answer where a file holds the image more than once: each place, and what would choose it. */

import type { ImageName } from '../../domain/image.ts'
import type { Result } from '../../domain/result.ts'
import { formatField } from './field.ts'
import { foundAt, offsetOf, type Place } from './place.ts'
import { problem, type EditProblem } from './problem.ts'
import { formatName } from './reference.ts'
import { positionOf } from './source.ts'

const PLACES_SHOWN_MAX = 8

export function ambiguous(places: readonly Place[], name: ImageName): Result<never, EditProblem> {
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
