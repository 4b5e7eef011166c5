/** Documents that an older program wrote, brought up to this one's shape: one pure step for each schema version. A step that was released is never changed. */

import * as z from 'zod'
import { err, ok, type Result } from './result.ts'
import { lineWithGates, trainToldWhenToMerge } from './upgrades/v2.ts'
import { trainOfMany } from './upgrades/v3.ts'

/** What every document has had from the first version on. */
const Stored = z.looseObject({ id: z.string(), kind: z.string(), schema: z.number().int().min(1) })
export type Stored = z.infer<typeof Stored>

/** From one version to the next; the number is set by whoever calls it. */
export type Step = (document: Stored) => Omit<Stored, 'schema'>
/** By kind: the first leads from version 1 to 2. So a kind's version is the number of its steps and one. */
export type Steps = Readonly<Record<string, readonly Step[]>>

/**
 * A member that is added, left out or means something else is a new version, with a step here and samples in
 * `test/fixtures/documents`: older programs drop what they do not know, and must not be let near it.
 */
export const STEPS = {
  line: [lineWithGates],
  train: [trainToldWhenToMerge, trainOfMany],
  bulletin: [],
} as const satisfies Steps

export type UpgradeProblem = { readonly reason: 'malformed-document' | 'newer-schema'; readonly detail: string }

/** In this program's version, its shape not yet checked. A document of a newer program is refused, not guessed at. */
export function upgrade(stored: unknown, steps: Steps = STEPS): Result<Stored, UpgradeProblem> {
  const parsed = Stored.safeParse(stored)
  if (!parsed.success) return err({ reason: 'malformed-document', detail: z.prettifyError(parsed.error) })
  const { id, kind, schema } = parsed.data
  const known = Object.hasOwn(steps, kind) ? steps[kind] : undefined
  if (known === undefined) {
    const detail = `${id} is a ${JSON.stringify(kind)}, which this Drayage does not know: a newer one wrote it`
    return err({ reason: 'newer-schema', detail })
  }
  const newest = known.length + 1
  if (schema > newest) {
    const detail = `${id} was written by a newer Drayage (schema ${schema}, this one reads up to ${newest})`
    return err({ reason: 'newer-schema', detail })
  }
  return climb(parsed.data, known.slice(schema - 1))
}

function climb(document: Stored, steps: readonly Step[]): Result<Stored, UpgradeProblem> {
  let climbed = document
  for (const step of steps) {
    try {
      climbed = { ...step(climbed), schema: climbed.schema + 1 } as Stored
    } catch (error) {
      const why = error instanceof Error ? error.message : 'unknown failure'
      const detail = `${document.id} cannot be brought from schema ${climbed.schema} to ${climbed.schema + 1}: ${why}`
      return err({ reason: 'malformed-document', detail })
    }
  }
  return ok(climbed)
}
