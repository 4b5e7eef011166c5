/** A semantic version (semver.org 2.0.0), read in one pass: lists of 100,000 tags are usual. */

import { compareParts, compareText, endOfDigits, parsePart, type Part } from './part.ts'

export type Version = {
  readonly major: Part
  readonly minor: Part
  readonly patch: Part
  /** `rc.1`; empty for a release. Taken apart only where all else is equal. */
  readonly prerelease: string
}

const V = 118
const DOT = 46
const HYPHEN = 45
const ZERO = 48

const IDENTIFIER = '(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)'
const PRERELEASE = new RegExp(String.raw`^${IDENTIFIER}(?:\.${IDENTIFIER})*$`, 'u')

/**
 * Null where the text is no version. A leading `v` is allowed. Strict asks for three parts without leading zeros;
 * else `1`, `1.2` and `2024.01` are read too, a missing part as zero. A tag cannot hold the `+` of build metadata.
 */
export function parseVersion(text: string, isStrict: boolean): Version | null {
  const majorAt = text.charCodeAt(0) === V ? 1 : 0
  const majorEnd = endOfPart(text, majorAt, isStrict)
  if (majorEnd < 0) return null
  const minorEnd = endOfNext(text, majorEnd, isStrict)
  if (minorEnd < 0) return null
  const patchEnd = endOfNext(text, minorEnd, isStrict)
  if (patchEnd < 0 || (isStrict && patchEnd === minorEnd)) return null
  const prerelease = parsePrerelease(text, patchEnd)
  if (prerelease === null) return null
  return {
    major: parsePart(text, majorAt, majorEnd),
    minor: parsePart(text, majorEnd + 1, minorEnd),
    patch: parsePart(text, minorEnd + 1, patchEnd),
    prerelease,
  }
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
export function comparePrereleases(a: string, b: string): number {
  if (a === b) return 0
  if (a === '' || b === '') return a === '' ? 1 : -1
  const others = b.split('.')
  const identifiers = a.split('.')
  for (const [index, identifier] of identifiers.entries()) {
    const other = others[index]
    if (other === undefined) return 1
    const difference = compareIdentifiers(identifier, other)
    if (difference !== 0) return difference
  }
  return identifiers.length - others.length
}

/** Numbers are older than words. Without leading zeros the longer number is the larger one, at any length. */
function compareIdentifiers(a: string, b: string): number {
  const isNumber = isDigits(a)
  if (isNumber !== isDigits(b)) return isNumber ? -1 : 1
  return (isNumber ? a.length - b.length : 0) || compareText(a, b)
}

/** Where the part that begins at `from` ends; -1 where there is none. */
function endOfPart(text: string, from: number, isStrict: boolean): number {
  const end = endOfDigits(text, from)
  const isPart = end > from && !(isStrict && end > from + 1 && text.charCodeAt(from) === ZERO)
  return isPart ? end : -1
}

/** The same for a part after a dot. Where no dot follows the part is missing, and ends where the last one did. */
function endOfNext(text: string, end: number, isStrict: boolean): number {
  return text.charCodeAt(end) === DOT ? endOfPart(text, end + 1, isStrict) : end
}

function parsePrerelease(text: string, at: number): string | null {
  if (at === text.length) return ''
  const prerelease = text.slice(at + 1)
  return text.charCodeAt(at) === HYPHEN && PRERELEASE.test(prerelease) ? prerelease : null
}

function isDigits(text: string): boolean {
  return endOfDigits(text, 0) === text.length
}
