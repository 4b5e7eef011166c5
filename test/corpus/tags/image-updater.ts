/** Argo CD Image Updater: versions may be short, no constraint means any release, no bound by what runs. */

import type { TagFilter } from '../../../src/domain/tag-filter.ts'
import type { Answers, Case, Policy } from './case.ts'
import { chosen, compiled, counts, globPattern, newestFirst, unanchored } from './peer-filter.ts'

export const imageUpdater: Answers = {
  pick: ({ policy, tags, created }) => policy && tags && chosen(filterOf(policy), inOrderOfBuild(tags, created)),
  sort: ({ policy, tags }) => policy && tags && newestFirst(sortingOf(policy), tags)?.toReversed(),
  ignored: ({ ignore, tag }) => (ignore && tag !== undefined ? isIgnored(ignore, tag) : undefined),
  allowed: (row) => (row.tag === undefined ? undefined : counts(allowing(row), row.tag)),
}

function filterOf({ type, constraint }: Policy): TagFilter {
  if (type === 'alphabetical') return { alphabetical: 'asc' }
  if (type === 'newest-build') return { newestPush: true }
  if (type === 'digest') return { digestOf: constraint ?? '' }
  return { semver: constraint ?? '*', strict: false }
}

function sortingOf(policy: Policy): TagFilter {
  return policy.type === 'alphabetical' ? { alphabetical: 'asc' } : { semver: '*', strict: false, prerelease: true }
}

/** The instants of builds stand for those of pushes, which are what we know. */
function inOrderOfBuild(tags: readonly string[], created: readonly number[] | undefined): readonly string[] {
  if (created === undefined) return tags
  const builds = tags.map((tag, index) => ({ tag, at: created[index] ?? 0 }))
  return builds.toSorted((a, b) => a.at - b.at || (a.tag < b.tag ? -1 : 1)).map(({ tag }) => tag)
}

function isIgnored(globs: readonly string[], tag: string): boolean {
  const judgement = compiled({ newestPush: true, ignore: globs.map(globPattern) })?.judge(tag)
  return judgement !== undefined && !judgement.counts && judgement.reason === 'ignored'
}

/** `regexp:…`, or `any`. */
function allowing({ allow }: Case): TagFilter {
  return allow?.startsWith('regexp:')
    ? { newestPush: true, match: unanchored(allow.slice('regexp:'.length)) }
    : { newestPush: true }
}
