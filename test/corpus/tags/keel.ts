/** Keel: rules relative to the tag that runs. Each becomes the filter that a person would write for that tag. */

import { formatImage, parseImageReference } from '../../../src/domain/image.ts'
import type { TagFilter } from '../../../src/domain/tag-filter.ts'
import type { Answers, Policy } from './case.ts'
import { chosen, counts, globPattern, isOffered, unanchored } from './peer-filter.ts'

export const keel: Answers = {
  'should-update': ({ policy, new: pushed, current = null }) =>
    policy && pushed !== undefined ? isOffered(filterOf(policy, current, [pushed]), pushed, current) : undefined,
  'pick-from-tags': ({ policy, tags, current = null }) =>
    policy && tags && chosen(pickingOf(policy, current, tags), tags, current),
  'patch-image': ({ policy, container_image: running, event }) =>
    policy && running !== undefined && event ? patched(running, event, policy) : undefined,
}

function filterOf(policy: Policy, current: string | null, tags: readonly string[]): TagFilter {
  switch (policy.type) {
    case 'semver':
      return semverOf(policy, current)
    case 'glob':
      return { alphabetical: 'asc', match: globPattern(policy.pattern ?? '') }
    case 'regexp':
      return { newestPush: true, match: unanchored(policy.pattern ?? '') }
    default:
      return forceOf(policy, current, tags)
  }
}

/** When it polls, Keel orders what its expression finds: by the group `compare`, or by the whole. */
function pickingOf(policy: Policy, current: string | null, tags: readonly string[]): TagFilter {
  if (policy.type !== 'regexp') return filterOf(policy, current, tags)
  const match = unanchored(policy.pattern ?? '')
  return /<compare>/u.test(match) ? { alphabetical: 'asc', match, extract: '$compare' } : { alphabetical: 'asc', match }
}

/** `minor`: the same major; `patch`: the same minor. A number without a dot is no version to Keel. */
function semverOf({ level, match_prerelease: isSamePrerelease }: Policy, current: string | null): TagFilter {
  const [, major = '', minor = '0', , prerelease = ''] =
    /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(-.+)?$/u.exec(current ?? '') ?? []
  const range =
    major === '' || level === 'all' || level === 'major'
      ? '*'
      : level === 'minor'
        ? `${major}.x`
        : `${major}.${minor}.x`
  const suffix = isSamePrerelease && major !== '' ? globPattern(prerelease) : '(?:-.*)?'
  return { semver: range, strict: false, prerelease: true, match: `v?[0-9]+\\.[0-9.]*${suffix}` }
}

/** With `matchTag` the same tag; else whatever was pushed, but that one version never follows a higher one. */
function forceOf({ match_tag: isSameTag }: Policy, current: string | null, tags: readonly string[]): TagFilter {
  if (isSameTag) return { digestOf: current ?? 'latest' }
  const versions: TagFilter = { semver: '*', strict: false, prerelease: true }
  const isOfVersions = tags.some((tag) => counts(versions, tag)) && (current === null || counts(versions, current))
  return isOfVersions ? versions : { newestPush: true }
}

function patched(running: string, event: { repository: string; tag: string }, policy: Policy): string | null {
  const image = parseImageReference(running)
  const pushed = parseImageReference(event.repository)
  if (!image.ok || !pushed.ok || formatImage({ ...image.value, tag: null }) !== formatImage(pushed.value)) return null
  const current = image.value.tag
  if (!isOffered(filterOf(policy, current, [event.tag]), event.tag, current)) return null
  const untagged = current === null ? running : running.slice(0, -current.length - 1)
  return `${untagged}:${event.tag}`
}
