/** The filters that names cannot order: what was observed last is newest. */

import { err, ok, type Result } from '../domain/result.ts'
import type { DigestOfFilter } from '../domain/tag-filter.ts'
import type { Refusal, Scheme } from './scheme.ts'

/** Every tag that passes the patterns counts. */
export const newestPush: Scheme<null> = { read: () => ok(null), compare: () => 0 }

/** One tag counts, whatever it points at. */
export function createDigestOf({ digestOf }: DigestOfFilter): Scheme<null> {
  const other: Result<never, Refusal> = err({
    reason: 'another-tag',
    detail: `is not ${digestOf}, the one that is followed`,
  })
  return { read: (text) => (text === digestOf ? ok(null) : other), compare: () => 0 }
}
