/** Renovate: `docker` versioning as loose versions, `regex` versioning as a match whose groups make a version. */

import type { TagFilter } from '../../../src/domain/tag-filter.ts'
import type { Answers, Case } from './case.ts'
import { chosen, compiled, counts, globPattern } from './peer-filter.ts'

const VERSIONS: TagFilter = { semver: '*', strict: false, prerelease: true }

export const renovateDocker: Answers = {
  'is-version': ({ tag }) => (tag === undefined ? undefined : counts(VERSIONS, tag)),
  'is-stable': ({ tag }) => (tag === undefined ? undefined : counts({ semver: '*', strict: false }, tag)),
  'greater-than': (row) => rank(VERSIONS, row) > 0,
  equals: (row) => rank(VERSIONS, row) === 0,
  satisfying: ({ tags, range }) =>
    tags && range !== undefined ? chosen({ semver: range, strict: false }, tags) : undefined,
  'compatible (same suffix and same number of parts)': ({ candidate, current }) =>
    candidate !== undefined && current !== undefined
      ? counts({ newestPush: true, match: sameShape(current) }, candidate)
      : undefined,
}

export const renovateRegex: Answers = {
  'is-version': ({ regex: match, tag }) =>
    match !== undefined && tag !== undefined ? counts({ newestPush: true, match }, tag) : undefined,
  'is-stable': ({ regex: match, tag }) =>
    match !== undefined && tag !== undefined
      ? counts({ newestPush: true, match }, tag) && !hasGroup(match, 'prerelease', tag)
      : undefined,
  'greater-than': (row) => rank(versionsOf(row), row) > 0,
  equals: (row) => rank(versionsOf(row), row) === 0,
  'compatible (same compatibility group)': ({ regex: match, candidate, current }) =>
    match !== undefined ? groupOf(match, candidate) === groupOf(match, current) : undefined,
  'regex-accepted': ({ regex: match }) => match !== undefined && compiled({ newestPush: true, match }) !== null,
}

/** As many numbers and the same suffix: what a person writes who follows `3.7.0-alpine`. */
function sameShape(current: string): string {
  const [version = '', ...suffix] = current.split('-')
  const numbers = version.split('.').map(() => '[0-9]+')
  return [`${numbers.join('[.]')}[a-z0-9]*`, ...suffix.map(globPattern)].join('-')
}

/** Empty where the group took no part; null where the whole does not match. */
function groupOf(match: string, tag: string | undefined): string | null {
  const name = 'compatibility'
  const key = compiled({ alphabetical: 'asc', match, extract: `x\${${name}}` })?.read(tag ?? '')
  return key?.ok ? String(key.value) : null
}

/** The groups that a version has, as a version; a build or revision is ordered as a prerelease's number. */
function versionsOf(row: Case): TagFilter {
  const match = row.regex ?? ''
  const release = ['major', 'minor', 'patch'].filter((name) => match.includes(`<${name}>`)).map((name) => `\${${name}}`)
  const last = ['build', 'revision', 'prerelease'].filter((name) =>
    [row.a, row.b].every((tag) => hasGroup(match, name, tag)),
  )
  const prerelease = last.length === 0 ? '' : `-${last.map((name) => `\${${name}}`).join('.')}`
  return { ...VERSIONS, match, extract: `${release.join('.')}${prerelease}` }
}

function hasGroup(match: string, name: string, tag: unknown): boolean {
  return match.includes(`<${name}>`) && counts({ newestPush: true, match, extract: `\${${name}}` }, String(tag))
}

/** By rank alone: which of two equal ones we would take is our own matter. NaN where one does not count. */
function rank(filter: TagFilter, row: Case): number {
  const rule = compiled(filter)
  const [a, b] = [rule?.read(String(row.a)), rule?.read(String(row.b))]
  return rule && a?.ok && b?.ok ? rule.compareKeys(a.value, b.value) : NaN
}
