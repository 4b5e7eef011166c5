/** What our verifiers make of one vector: nothing of Node, so that workerd is asked the same. */

import * as z from 'zod'
import { judgeNotation } from './notation.ts'
import { judge, SigstoreVector, type Read } from './sigstore.ts'

export const Vector = z.looseObject({
  id: z.string(),
  file: z.string(),
  kind: z.string(),
  /** `either`: implementations differ, and only a crash is wrong. */
  expected: z.enum(['valid', 'invalid', 'either']),
  why: z.string().optional(),
})
export type Vector = z.infer<typeof Vector>

/** Null: accepted; else the reason. */
export type Outcome = { readonly accepted: boolean; readonly reason: string }

/** Null: a kind that we have no verifier for. */
export async function outcomeOf(vector: Vector, read: Read): Promise<Outcome | null> {
  if (vector.kind.startsWith('notation-')) return judgeNotation(vector, read)
  const known = SigstoreVector.safeParse(vector)
  return known.success ? judge(known.data, read) : null
}
