/** A range of semantic versions, as npm and Masterminds write it, compiled once to plain comparisons. */

import { Range } from 'semver'
import { err, ok, type Result } from '../domain/result.ts'
import { rewriteMasterminds } from './masterminds.ts'
import type { FilterProblem } from './scheme.ts'
import { compareVersions, parseVersion, type Version } from './version.ts'

export type VersionRange = { judge(version: Version): 'counts' | 'prerelease' | 'out-of-range' }

type Bound = { readonly operator: '' | '=' | '>' | '>=' | '<' | '<='; readonly version: Version }
/** All bounds must hold. */
type Interval = { readonly bounds: readonly Bound[]; readonly takesPrereleases: boolean }

/**
 * `prerelease` true counts prereleases that lie within the range, false none; where it is not said, the range says it:
 * an alternative that names one (`>=1.4.0-0 <2`) takes them. Any of the alternatives (`||`) is enough.
 */
export function compileRange(text: string, prerelease: boolean | undefined): Result<VersionRange, FilterProblem> {
  const intervals: Interval[] = []
  for (const alternative of text.split('||')) {
    const interval = compileInterval(alternative, prerelease)
    if (interval === null) return err({ reason: 'bad-range', at: 'semver', expected: expectation(text), found: text })
    intervals.push(interval)
  }
  const takesPrereleases = intervals.some((interval) => interval.takesPrereleases)
  return ok({
    judge: (version) => {
      if (intervals.some((interval) => isWithin(version, interval))) return 'counts'
      return version.prerelease !== '' && !takesPrereleases ? 'prerelease' : 'out-of-range'
    },
  })
}

/** Null where it is no range. An empty alternative would mean "everything", and is more often a slip. */
function compileInterval(text: string, prerelease: boolean | undefined): Interval | null {
  const plain = rewriteMasterminds(text).trim()
  if (plain === '') return null
  const takesPrereleases = prerelease ?? namesPrerelease(plain)
  try {
    const [comparators = []] = new Range(plain, { includePrerelease: takesPrereleases }).set
    const bounds = comparators.flatMap(({ operator, semver }): Bound[] => {
      // The comparator for "any" holds a symbol in place of a version.
      const version = typeof semver.version === 'string' ? parseVersion(semver.version, true) : null
      return version === null ? [] : [{ operator: operator ?? '', version }]
    })
    return { bounds, takesPrereleases }
  } catch {
    return null
  }
}

function namesPrerelease(text: string): boolean {
  return /[0-9]-[0-9A-Za-z-]/u.test(text)
}

function isWithin(version: Version, interval: Interval): boolean {
  if (version.prerelease !== '' && !interval.takesPrereleases) return false
  return interval.bounds.every((bound) => holds(compareVersions(version, bound.version), bound.operator))
}

function holds(difference: number, operator: Bound['operator']): boolean {
  switch (operator) {
    case '':
    case '=':
      return difference === 0
    case '>':
      return difference > 0
    case '>=':
      return difference >= 0
    case '<':
      return difference < 0
    case '<=':
      return difference <= 0
  }
}

function expectation(text: string): string {
  if (text.trim() === '') return 'a range, such as >=1.4 <2; * means every version'
  if (text.includes('!=')) return 'a range without !=: list what does not count under "ignore"'
  if (text.split('||').some((alternative) => alternative.trim() === '')) return 'a range on both sides of ||'
  return 'a range of semantic versions, such as >=1.4 <2, ^1.4, ~1.4.2, 1.x or *'
}
