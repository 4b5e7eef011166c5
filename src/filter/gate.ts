/** What is asked of a tag before its order: that it can be an image's tag, and that `match`, `allow` and `ignore` let it through. */

import { isTag, signalOfTag } from '../domain/image.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { TagFilter } from '../domain/tag-filter.ts'
import { compileExtract, type Extract } from './extract.ts'
import { compilePattern, type Pattern } from './pattern.ts'
import type { FilterProblem, Refusal } from './scheme.ts'

/** The text to order by: the tag, or what `extract` takes out of it. */
export type Gate = (tag: string) => Result<string, Refusal>

/** It points at whatever was pushed last, by anybody, of any branch: only `digestOf` follows it. */
const MOVING_TAG = 'latest'

const malformed: Result<never, Refusal> = err({
  reason: 'malformed-tag',
  detail: 'is no tag: at most 128 of A-Z a-z 0-9 _ . -',
})
const signal: Result<never, Refusal> = err({
  reason: 'signal-tag',
  detail: 'names a signature or an attestation of an image, never an image',
})
const moving: Result<never, Refusal> = err({
  reason: 'moving-tag',
  detail: `says nothing of its content; {"digestOf": "${MOVING_TAG}"} follows it`,
})

export function compileGate(filter: TagFilter): Result<Gate, FilterProblem> {
  const patterns = compilePatterns(filter)
  if (!patterns.ok) return patterns
  const mayMove = 'digestOf' in filter
  return ok((tag) => {
    if (!isTag(tag)) return malformed
    if (signalOfTag(tag) !== null) return signal
    if (tag === MOVING_TAG && !mayMove) return moving
    return patterns.value(tag)
  })
}

function compilePatterns(filter: TagFilter): Result<Gate, FilterProblem> {
  const ignore = compileAll(filter.ignore, 'ignore')
  if (!ignore.ok) return ignore
  const allow = compileAll(filter.allow, 'allow')
  if (!allow.ok) return allow
  const text = compileMatch(filter)
  if (!text.ok) return text
  const ignored = ignore.value.map((pattern) => ({
    pattern,
    refusal: refuse('ignored', `matches ignore ${pattern.source}`),
  }))
  const notAllowed = refuse('not-allowed', 'matches none of allow')
  return ok((tag) => {
    for (const { pattern, refusal } of ignored) if (pattern.test(tag)) return refusal
    if (filter.allow !== undefined && !allow.value.some((pattern) => pattern.test(tag))) return notAllowed
    return text.value(tag)
  })
}

function compileMatch({ match, extract }: TagFilter): Result<Gate, FilterProblem> {
  if (match === undefined) {
    if (extract === undefined) return ok(ok)
    return err({
      reason: 'bad-extract',
      at: 'extract',
      expected: '"match" beside it, with the groups to take',
      found: extract,
    })
  }
  const pattern = compilePattern(match, 'match')
  if (!pattern.ok) return pattern
  const noMatch = refuse('no-match', `does not match ${match}`)
  if (extract === undefined) return ok((tag) => (pattern.value.test(tag) ? ok(tag) : noMatch))
  const template = compileExtract(extract, pattern.value)
  if (!template.ok) return template
  return ok(extractor(pattern.value, template.value, noMatch))
}

function extractor(pattern: Pattern, extract: Extract, noMatch: Result<never, Refusal>): Gate {
  const nothing = refuse('nothing-extracted', 'gives no text to order by')
  return (tag) => {
    const groups = pattern.groupsOf(tag)
    if (groups === null) return noMatch
    const text = extract(groups)
    return text === '' ? nothing : ok(text)
  }
}

function compileAll(sources: readonly string[] | undefined, at: string): Result<readonly Pattern[], FilterProblem> {
  const patterns: Pattern[] = []
  for (const [index, source] of (sources ?? []).entries()) {
    const pattern = compilePattern(source, `${at}[${index}]`)
    if (!pattern.ok) return pattern
    patterns.push(pattern.value)
  }
  return ok(patterns)
}

function refuse(reason: Refusal['reason'], detail: string): Result<never, Refusal> {
  return err({ reason, detail })
}
