/** Orders by semantic version, within a range. */

import { err, ok, type Result } from '../domain/result.ts'
import type { SemverFilter } from '../domain/tag-filter.ts'
import { compileRange } from './range.ts'
import type { FilterProblem, Refusal, Scheme } from './scheme.ts'
import { compareVersions, parseVersion, type Version } from './version.ts'

export function compileSemver(filter: SemverFilter): Result<Scheme<Version>, FilterProblem> {
  const range = compileRange(filter.semver, filter.prerelease)
  if (!range.ok) return range
  const isStrict = filter.strict ?? true
  const refusals = refusalsOf(filter)
  return ok({
    read: (text) => {
      const version = parseVersion(text, isStrict)
      if (version === null)
        return isStrict && parseVersion(text, false) !== null ? refusals.incomplete : refusals.malformed
      const judgement = range.value.judge(version)
      return judgement === 'counts' ? ok(version) : refusals[judgement]
    },
    compare: compareVersions,
  })
}

/** Made once: most tags of a long list are refused. */
function refusalsOf({
  semver,
}: SemverFilter): Record<'malformed' | 'incomplete' | 'prerelease' | 'out-of-range', Result<never, Refusal>> {
  return {
    malformed: err({ reason: 'not-a-version', detail: 'is not a semantic version, such as 1.4.0 or v1.4.0-rc.1' }),
    incomplete: err({
      reason: 'not-a-full-version',
      detail: 'has not major, minor and patch without leading zeros; "strict": false counts it',
    }),
    prerelease: err({ reason: 'prerelease', detail: 'is a prerelease; "prerelease": true counts those in the range' }),
    'out-of-range': err({ reason: 'out-of-range', detail: `is outside ${semver}` }),
  }
}
