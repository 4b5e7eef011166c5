/** A vector of Notation: null while there is no verifier for it. */

import type { Outcome, Vector } from './outcome.ts'
import type { Read } from './sigstore.ts'

export function judgeNotation(_vector: Vector, _read: Read): Promise<Outcome | null> {
  return Promise.resolve(null)
}
