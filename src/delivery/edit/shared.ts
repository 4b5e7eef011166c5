/** Values that stand for something else too, through an anchor or a merged map: those are not ours to edit. */

import { isScalar, type Scalar } from 'yaml'
import type { Result } from '../../domain/result.ts'
import type { Findings } from './find.ts'
import { offsetOf, slotsOf, type Place } from './place.ts'
import { problem, type EditProblem } from './problem.ts'
import { positionOf } from './source.ts'

/**
 * An anchored tag may be used for another image too, or for a label: our tag and digest would be wrong there.
 * A whole reference may be shared, as all who share it mean the same image.
 */
export function sharedWith(place: Place, findings: Findings): Result<never, EditProblem> | null {
  const nodes = new Set(slotsOf(place).map(({ node }) => node))
  const refuse = (offset: number): Result<never, EditProblem> => {
    const { line } = positionOf(place.source, offset)
    const detail = `the value is used for something else too (line ${line}): give this image a value of its own`
    return problem('unsafe-edit', detail, positionOf(place.source, offsetOf(place)))
  }
  const other = findings.places.find(
    (candidate) =>
      !isSameMap(candidate, place) &&
      candidate.name !== place.name &&
      slotsOf(candidate).some(({ node }) => nodes.has(node)),
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

/** One place may go by two names. */
function isSameMap(a: Place, b: Place): boolean {
  return a.kind === 'parts' && b.kind === 'parts' && a.map !== null && a.map === b.map
}
