/**
 * All stages of a subscription are one document, which every store holds whole: what its targets may make of it at worst is
 * refused here, before a promotion is stuck by it.
 */

import type { Subscription } from '../domain/subscription.ts'
import { targetId } from '../domain/target.ts'
import { problemAt } from './problem.ts'
import type { Report } from './shape.ts'
import { keyPlaceOf, type Tree } from './tree.ts'

/** Of what a store takes (1 MiB), less what a line has beside its targets: refusals, messages, votes. */
const TARGETS_BYTES_MAX = (1024 - 128) * 1024
/**
 * Measured where it is most, when all of them are put back at once: what it was, is and will be, a wish for it, and an
 * entry of the history.
 */
const TARGET_BYTES = 2_200
/** So many times stands its name in it. */
const NAMES_PER_TARGET = 8

type Reader = { readonly root: Tree; readonly report: Report }

/** Refuses a subscription whose line could grow beyond what a store takes. */
export function checkDocumentSize({ root, report }: Reader, { name, stages }: Subscription): void {
  const targets = stages.flatMap((stage) => stage.targets.map(targetId))
  const bytes = targets.reduce((sum, id) => sum + TARGET_BYTES + NAMES_PER_TARGET * bytesOf(id), 0)
  if (bytes <= TARGETS_BYTES_MAX) return
  const fit = Math.floor((targets.length * TARGETS_BYTES_MAX) / bytes)
  const path = ['subscriptions', name, 'stages']
  const expected = `at most some ${fit} targets of such long names in all stages together`
  const hint = 'All targets of a subscription are one document of at most 1 MiB: make several subscriptions of them'
  const found = `${targets.length} targets, up to ${Math.ceil(bytes / 1024)} KiB`
  report(problemAt(keyPlaceOf(root, path), { reason: 'too-large', path, expected, found, hint }), path)
}

/** As it is stored. */
function bytesOf(id: string): number {
  return new TextEncoder().encode(JSON.stringify(id)).length
}
