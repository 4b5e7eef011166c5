/**
 * Signature vectors: each file is verified under its own signer and trusted root, and the outcome is compared. DIR holds a
 * `manifest.json`. Positive vectors alone are no pass, so both counts are printed.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { Json } from '../../src/domain/json.ts'
import type { CorpusResult } from './kind.ts'
import { judge, SigstoreVector, type Read } from './signatures/sigstore.ts'
import { judgeNotation } from './signatures/notation.ts'

const Vector = z.looseObject({
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

export async function corpus(directory: string): Promise<CorpusResult> {
  const read: Read = (file) => readFileSync(join(directory, file))
  const vectors = Json.pipe(z.array(Vector)).parse(read('manifest.json').toString('utf8'))
  const result = { passed: 0, failures: [] as string[], excepted: {} as Record<string, number> }
  const counts = { valid: 0, invalid: 0, either: 0 }
  for (const vector of vectors) {
    const outcome = await outcomeOf(vector, read)
    if (outcome === null) {
      const reason = `no verifier for ${vector.kind} here`
      result.excepted[reason] = (result.excepted[reason] ?? 0) + 1
      continue
    }
    const isRight = vector.expected === 'either' || outcome.accepted === (vector.expected === 'valid')
    if (isRight) counts[vector.expected] += 1
    if (isRight) result.passed += 1
    else
      result.failures.push(
        `${vector.id} ${vector.file}: expected ${vector.expected}, found ${outcome.reason} (${vector.why ?? ''})`,
      )
  }
  console.log(
    `${counts.valid} accepted as they should, ${counts.invalid} refused as they should, ${counts.either} either way`,
  )
  return result
}

/** Null: a kind that we have no verifier for. */
export async function outcomeOf(vector: Vector, read: Read): Promise<Outcome | null> {
  if (vector.kind.startsWith('notation-')) return judgeNotation(vector, read)
  const known = SigstoreVector.safeParse(vector)
  return known.success ? judge(known.data, read) : null
}
