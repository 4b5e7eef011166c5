/** Which tags count, and which of two is newer. */

import * as z from 'zod'
import { nearestWord } from './nearest.ts'

const PATTERN_LENGTH_MAX = 512
const RANGE_LENGTH_MAX = 256

const Pattern = z.string().min(1).max(PATTERN_LENGTH_MAX)

const shared = {
  match: Pattern.optional().describe('A regular expression that the whole tag must match; it is anchored for you.'),
  extract: z
    .string()
    .min(1)
    .max(PATTERN_LENGTH_MAX)
    .optional()
    .describe('`$name` or `$1`: the part of the match to order by.'),
  allow: z.array(Pattern).max(100).optional().describe('Of these expressions at least one must match the whole tag.'),
  ignore: z
    .array(Pattern)
    .max(100)
    .optional()
    .describe('None of these expressions may match the whole tag; stronger than `allow`.'),
}

const Order = z.enum(['asc', 'desc'])

export const SemverFilter = z.strictObject({
  semver: z.string().min(1).max(RANGE_LENGTH_MAX).describe('Versions in this range, the highest first: `>=1.4 <2`.'),
  prerelease: z.boolean().optional().describe('`true`: prereleases (`1.2.0-rc.1`) count too.'),
  strict: z.boolean().optional().describe('Default `true`: only full versions count, `1.2` and `1` do not.'),
  ...shared,
})
export type SemverFilter = Readonly<z.infer<typeof SemverFilter>>
export const NumericalFilter = z.strictObject({
  numerical: Order.describe('Numbers, exact at any size; `asc`: the greatest is the newest.'),
  ...shared,
})
export type NumericalFilter = Readonly<z.infer<typeof NumericalFilter>>
export const AlphabeticalFilter = z.strictObject({
  alphabetical: Order.describe('Text; `asc`: the last one in the alphabet is the newest.'),
  ...shared,
})
export type AlphabeticalFilter = Readonly<z.infer<typeof AlphabeticalFilter>>
export const CalverFilter = z.strictObject({
  calver: z.string().min(1).max(RANGE_LENGTH_MAX).describe('Dates in this form, the latest first: `YYYY.MM.MICRO`.'),
  ...shared,
})
export type CalverFilter = Readonly<z.infer<typeof CalverFilter>>
const NewestPushFilter = z.strictObject({
  newestPush: z.literal(true).describe('Whatever tag was pushed last.'),
  ...shared,
})
export const DigestOfFilter = z.strictObject({
  digestOf: z.string().min(1).max(128).describe('This one tag, whenever it points at something else: `stable`.'),
  ...shared,
})
export type DigestOfFilter = Readonly<z.infer<typeof DigestOfFilter>>

const KINDS = {
  semver: SemverFilter,
  numerical: NumericalFilter,
  alphabetical: AlphabeticalFilter,
  calver: CalverFilter,
  newestPush: NewestPushFilter,
  digestOf: DigestOfFilter,
} as const

export const TagFilter = z.union(
  [KINDS.semver, KINDS.numerical, KINDS.alphabetical, KINDS.calver, KINDS.newestPush, KINDS.digestOf],
  { error: ({ input }) => complaint(input) },
)
export type TagFilter = Readonly<z.infer<typeof TagFilter>>

/** Ordered filters never go back; for the others a later observation wins. */
export function isOrdered(filter: TagFilter): boolean {
  return !('newestPush' in filter) && !('digestOf' in filter)
}

/** A union alone only says "invalid input": here the kind that was meant says what is wrong. */
function complaint(input: unknown): string {
  const names = Object.keys(KINDS)
  const found = typeof input === 'object' && input !== null && !Array.isArray(input) ? Object.keys(input) : []
  const kinds = Object.entries(KINDS).filter(([name]) => found.includes(name))
  if (kinds.length > 1) return `expected one kind of filter, found ${kinds.map(([name]) => name).join(' and ')}`
  const result = kinds[0]?.[1].safeParse(input)
  if (result?.success === false) {
    return result.error.issues.map(({ path, message }) => [...path, message].join(': ')).join('; ')
  }
  const nearest = found.map((key) => nearestWord(key, names)).find((name) => name !== null)
  return `expected one of ${names.join(', ')}${nearest === undefined ? '' : ` (did you mean ${nearest}?)`}`
}
