/** The tag filter that a repository's tags suggest, tried on them. Pure. */

import type { TagFilter } from '../../domain/tag-filter.ts'
import { chooseTag, compileFilter } from '../../filter.ts'
import type { Convention, Tagged } from './convention.ts'

export type Proposal = {
  readonly filter: TagFilter
  readonly chosen: string
  /** The tags that count under it, newest first. */
  readonly eligible: readonly string[]
}

/** What is followed rather than the others, where two are as usual. */
const ORDERED: readonly Convention[] = [
  'version',
  'version-of-variant',
  'calendar',
  'commit-and-time',
  'numbered',
  'number',
  'commit',
]
const CALENDARS = ['YYYY.0M.0D', 'YYYY.MM.DD', 'YYYY.MM.MICRO', 'YYYY.0M.MICRO', 'YYYY.MM', 'YYYY-0M-0D', 'YYYY0M0D']
/** The most deliberate first. */
const FLOATING = ['production', 'prod', 'stable', 'release', 'lts', 'main', 'master', 'latest']

/** Null where no filter counts a single tag. */
export function propose(tagged: readonly Tagged[]): Proposal | null {
  const families = Map.groupBy(tagged, ({ convention, family }) => `${convention} ${family}`)
  const groups = [...families.values()].filter(([first]) => first !== undefined && ORDERED.includes(first.convention))
  const largest = groups.toSorted((a, b) => b.length - a.length || rankOf(a) - rankOf(b))[0]
  const filters = largest === undefined ? floatingOf(tagged) : filtersOf(largest)
  const tried = filters.flatMap((filter) => tryOn(filter, tagged) ?? [])
  return tried.toSorted((a, b) => b.eligible.length - a.eligible.length)[0] ?? null
}

function rankOf([first]: readonly Tagged[]): number {
  return first === undefined ? ORDERED.length : ORDERED.indexOf(first.convention)
}

function filtersOf(group: readonly Tagged[]): readonly TagFilter[] {
  const { convention = 'none', family = '' } = group[0] ?? {}
  const prefix = escaped(family)
  switch (convention) {
    case 'version':
      return versionsOf(group, {})
    case 'version-of-variant':
      return versionsOf(group, { match: `(?P<version>v?[0-9.]+)-${prefix}`, extract: '$version' })
    case 'calendar':
      return CALENDARS.map((calver) => ({ calver }))
    case 'commit-and-time':
      return [{ numerical: 'asc', match: `${prefix}[0-9a-f]+-(?P<time>[0-9]+)`, extract: '$time' }]
    case 'numbered':
      return [{ numerical: 'asc', match: `${prefix}(?P<number>[0-9]+)`, extract: '$number' }]
    case 'number':
      return [{ numerical: 'asc' }]
    case 'commit':
      return [{ newestPush: true, match: `${prefix}[0-9a-f]{7,40}` }]
    case 'short-version':
    case 'floating':
    case 'none':
      return []
  }
}

/** Within the newest major version, so that a breaking one is followed by intent; prereleases where there is nothing else. */
function versionsOf(group: readonly Tagged[], shared: object): readonly TagFilter[] {
  const all = [
    { semver: '*', ...shared },
    { semver: '>=0.0.0-0', prerelease: true, ...shared },
  ] as const
  const found = all.map((filter) => tryOn(filter, group)).find((one) => one !== null)
  if (found === null || found === undefined) return []
  const [, major = ''] = /^v?([0-9]+)\./u.exec(found.chosen) ?? []
  const isPrerelease = 'prerelease' in found.filter
  return [isPrerelease ? found.filter : { semver: `${major}.x`, ...shared }]
}

function floatingOf(tagged: readonly Tagged[]): readonly TagFilter[] {
  const names = tagged.map(({ tag }) => tag)
  const name = FLOATING.find((one) => names.includes(one))
  if (name !== undefined) return [{ digestOf: name }]
  return names.length === 0 ? [] : [{ newestPush: true }]
}

function tryOn(filter: TagFilter, tagged: readonly Tagged[]): Proposal | null {
  const compiled = compileFilter(filter)
  if (!compiled.ok) return null
  const tags = tagged.map(({ tag }) => tag)
  const { chosen, eligible } = chooseTag(compiled.value, tags, null)
  return chosen === null ? null : { filter, chosen, eligible }
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/gu, String.raw`\$&`)
}
