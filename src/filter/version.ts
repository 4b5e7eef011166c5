/** A semantic version (semver.org 2.0.0), read in one pass without a regular expression: lists of 100,000 tags are usual. */

import { compareParts, compareText, endOfDigits, parsePart, type Part } from './part.ts'

export type Version = {
  readonly major: Part
  readonly minor: Part
  readonly patch: Part
  /** Empty for a release. */
  readonly prerelease: readonly Identifier[]
}
/** Numbers are older than words. */
type Identifier = Part | string

const NO_PRERELEASE: readonly Identifier[] = []

/**
 * Null where the text is no version. A leading `v` is allowed. Strict asks for three parts without leading zeros;
 * else `1`, `1.2` and `2024.01` are read too, a missing part as zero. A tag cannot hold the `+` of build metadata.
 */
export function parseVersion(text: string, isStrict: boolean): Version | null {
  const parts: Part[] = []
  let at = text.startsWith('v') ? 1 : 0
  for (;;) {
    const end = endOfDigits(text, at)
    if (end === at || (isStrict && hasLeadingZero(text, at, end))) return null
    parts.push(parsePart(text, at, end))
    at = end
    if (parts.length === 3 || text[at] !== '.') break
    at += 1
  }
  if (isStrict && parts.length < 3) return null
  const prerelease = parsePrerelease(text, at)
  if (prerelease === null) return null
  const [major = 0, minor = 0, patch = 0] = parts
  return { major, minor, patch, prerelease }
}

/** Positive: `a` is newer. A prerelease is older than its release. */
export function compareVersions(a: Version, b: Version): number {
  return (
    compareParts(a.major, b.major) ||
    compareParts(a.minor, b.minor) ||
    compareParts(a.patch, b.patch) ||
    comparePrereleases(a.prerelease, b.prerelease)
  )
}

/** Identifier by identifier; none at all is newest, more of them are newer than fewer. */
export function comparePrereleases(a: readonly Identifier[], b: readonly Identifier[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length
  for (const [index, left] of a.entries()) {
    const right = b[index]
    if (right === undefined) return 1
    const difference = compareIdentifiers(left, right)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** The identifiers of `rc.1`, or null where there is an empty or malformed one. */
function parseIdentifiers(text: string): readonly Identifier[] | null {
  const identifiers: Identifier[] = []
  for (const identifier of text.split('.')) {
    const isNumber = identifier !== '' && endOfDigits(identifier, 0) === identifier.length
    if (isNumber ? hasLeadingZero(identifier, 0, identifier.length) : !/^[0-9A-Za-z-]+$/u.test(identifier)) return null
    identifiers.push(isNumber ? parsePart(identifier, 0, identifier.length) : identifier)
  }
  return identifiers
}

function parsePrerelease(text: string, at: number): readonly Identifier[] | null {
  if (at === text.length) return NO_PRERELEASE
  return text[at] === '-' ? parseIdentifiers(text.slice(at + 1)) : null
}

function compareIdentifiers(a: Identifier, b: Identifier): number {
  if (typeof a === 'string') return typeof b === 'string' ? compareText(a, b) : 1
  return typeof b === 'string' ? -1 : compareParts(a, b)
}

function hasLeadingZero(text: string, from: number, end: number): boolean {
  return end - from > 1 && text[from] === '0'
}
