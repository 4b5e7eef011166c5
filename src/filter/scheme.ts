/** What the kinds of filter have in common: they read a tag's text into a key, or say why not, and order the keys. */

import type { Result } from '../domain/result.ts'

/** Codes for programs; renaming one is a breaking change. */
export type RefusalReason =
  | 'malformed-tag'
  | 'signal-tag'
  | 'moving-tag'
  | 'ignored'
  | 'not-allowed'
  | 'no-match'
  | 'nothing-extracted'
  | 'not-a-version'
  | 'not-a-full-version'
  | 'prerelease'
  | 'out-of-range'
  | 'not-a-number'
  | 'not-a-calendar-version'
  | 'another-tag'

/** Why a tag does not count. `detail` completes a sentence that begins with the tag. */
export type Refusal = { readonly reason: RefusalReason; readonly detail: string }

/** Why a filter cannot work. `at` is the member of the filter: `semver`, `allow[0]`. */
export type FilterProblem = {
  readonly reason: 'bad-range' | 'bad-pattern' | 'bad-extract' | 'bad-calver' | 'never-counts'
  readonly at: string
  readonly expected: string
  readonly found: string
}

export type Scheme<Key> = {
  read(text: string): Result<Key, Refusal>
  /** Positive: `a` is newer. Zero: the same rank; the tag decides. */
  compare(a: Key, b: Key): number
}
