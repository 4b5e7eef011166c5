/** Which tags count, and which of two is newer. */

import * as z from 'zod'

export const PATTERN_LENGTH_MAX = 512
const RANGE_LENGTH_MAX = 256

const Pattern = z.string().min(1).max(PATTERN_LENGTH_MAX)

const shared = {
  /** A regular expression that the whole tag must match; we anchor it. */
  match: Pattern.optional(),
  /** `$name` or `$1`: the part of the match to order by. */
  extract: z.string().min(1).max(PATTERN_LENGTH_MAX).optional(),
  /** Of these expressions at least one must match the whole tag. */
  allow: z.array(Pattern).max(100).optional(),
  /** None of these expressions may match the whole tag; stronger than `allow`. */
  ignore: z.array(Pattern).max(100).optional(),
}

const Order = z.enum(['asc', 'desc'])

export const SemverFilter = z.strictObject({
  semver: z.string().max(RANGE_LENGTH_MAX),
  /** Count prereleases (`1.2.0-rc.1`) too. */
  prerelease: z.boolean().optional(),
  /** Only full versions: `1.2` and `1` do not count. Default true. */
  strict: z.boolean().optional(),
  ...shared,
})
export const NumericalFilter = z.strictObject({ numerical: Order, ...shared })
export const AlphabeticalFilter = z.strictObject({ alphabetical: Order, ...shared })
export const CalverFilter = z.strictObject({ calver: z.string().max(RANGE_LENGTH_MAX), ...shared })
export const NewestPushFilter = z.strictObject({ newestPush: z.literal(true), ...shared })
export const DigestOfFilter = z.strictObject({ digestOf: z.string().min(1).max(128), ...shared })

export const TagFilter = z.union([
  SemverFilter,
  NumericalFilter,
  AlphabeticalFilter,
  CalverFilter,
  NewestPushFilter,
  DigestOfFilter,
])
export type TagFilter = Readonly<z.infer<typeof TagFilter>>

/** Ordered filters never go back; for the others a later observation wins. */
export function isOrdered(filter: TagFilter): boolean {
  return !('newestPush' in filter) && !('digestOf' in filter)
}
