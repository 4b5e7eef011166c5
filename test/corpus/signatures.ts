/**
 * Signature vectors: each file is verified under its own signer and trusted root, and the outcome is compared. DIR holds a
 * `manifest.json`. Positive vectors alone are no pass, so both counts are printed.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { Json } from '../../src/domain/json.ts'
import type { CorpusResult } from './kind.ts'
import { outcomeOf, Vector } from './signatures/outcome.ts'
import type { Read } from './signatures/sigstore.ts'
import { withStores } from './signatures/stores.ts'

export async function corpus(directory: string): Promise<CorpusResult> {
  const read: Read = withStores((file) => readFileSync(join(directory, file)))
  const vectors = Json.pipe(z.array(Vector)).parse(new TextDecoder().decode(read('manifest.json')))
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
