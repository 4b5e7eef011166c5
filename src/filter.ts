/** Which tags count, and which of two is newer: a tag filter compiled once, asked often. Pure; one tag that cannot be read never fails the rest. */

import { ok, type Result } from './domain/result.ts'
import { isOrdered, type TagFilter } from './domain/tag-filter.ts'
import { createAlphabetical } from './filter/alphabetical.ts'
import { compileCalver } from './filter/calver.ts'
import { compileGate } from './filter/gate.ts'
import { createNumerical } from './filter/numerical.ts'
import { createDigestOf, newestPush } from './filter/observed.ts'
import { compareText } from './filter/part.ts'
import type { FilterProblem, Refusal, RefusalReason, Scheme } from './filter/scheme.ts'
import { compileSemver } from './filter/semver.ts'

export type { FilterProblem } from './filter/scheme.ts'

/** `detail` completes a sentence that begins with the tag. */
export type Judgement =
  | { readonly counts: true }
  | { readonly counts: false; readonly reason: RefusalReason; readonly detail: string }

export type CompiledFilter<Key = unknown> = {
  /** Never goes back. For the others (`newestPush`, `digestOf`) what was observed last is newest. */
  readonly ordered: boolean
  judge(tag: string): Judgement
  /**
   * Negative: `a` is older. Zero only for one and the same tag: of two tags with the same rank (`1.0` and `1.0.0`), the one that
   * sorts last by text is newer. Null where one of them does not count, or where two names say nothing of their order.
   */
  compare(a: string, b: string): number | null
  /** What `compare` compares, read once: for those who sort. */
  read(tag: string): Result<Key, Refusal>
  compareKeys(a: Key, b: Key): number
}

export type Choice = {
  /** The newest tag that counts, or the current one where nothing is newer. Null: nothing counts, the current tag neither. */
  readonly chosen: string | null
  /** Whether `chosen` is another tag than the current one. Says nothing of digests. */
  readonly changed: boolean
  /** All that count, newest first. */
  readonly eligible: readonly string[]
  readonly rejected: readonly ({ readonly tag: string } & Refusal)[]
}

export function compileFilter(filter: TagFilter): Result<CompiledFilter, FilterProblem> {
  if ('semver' in filter) return compile(filter, compileSemver(filter))
  if ('numerical' in filter) return compile(filter, ok(createNumerical(filter)))
  if ('alphabetical' in filter) return compile(filter, ok(createAlphabetical(filter)))
  if ('calver' in filter) return compile(filter, compileCalver(filter))
  if ('newestPush' in filter) return compile(filter, ok(newestPush))
  const compiled = compile(filter, ok(createDigestOf(filter)))
  if (!compiled.ok) return compiled
  const judgement = compiled.value.judge(filter.digestOf)
  if (judgement.counts) return compiled
  const expected = `a tag that counts, but ${filter.digestOf} ${judgement.detail}`
  return { ok: false, error: { reason: 'never-counts', at: 'digestOf', expected, found: filter.digestOf } }
}

/** The newest that counts, without sorting. Of an unordered filter: the last of them, so give the tags in the order of their pushes. */
export function newestTag<Key>(filter: CompiledFilter<Key>, tags: Iterable<string>): string | null {
  let newest: { tag: string; key: Key } | null = null
  for (const tag of tags) {
    const key = filter.read(tag)
    if (!key.ok) continue
    if (newest === null || !filter.ordered || compareRanked(filter, { tag, key: key.value }, newest) > 0) {
      newest = { tag, key: key.value }
    }
  }
  return newest?.tag ?? null
}

/**
 * What the filter makes of a list of tags where `current` runs. An ordered filter never goes back; a current tag that does not count
 * (`latest`) sets no bound. `newestPush` takes the list as the order of pushes, the newest last.
 */
export function chooseTag<Key>(filter: CompiledFilter<Key>, tags: readonly string[], current: string | null): Choice {
  const counting: { tag: string; key: Key }[] = []
  const rejected: ({ tag: string } & Refusal)[] = []
  // A set keeps the place of the first: reversed, that is the last push of a tag.
  for (const tag of new Set(tags.toReversed())) {
    const key = filter.read(tag)
    if (key.ok) counting.push({ tag, key: key.value })
    else rejected.push({ tag, ...key.error })
  }
  if (filter.ordered) counting.sort((a, b) => compareRanked(filter, b, a))
  const eligible = counting.map(({ tag }) => tag)
  const chosen = notBack(filter, eligible[0] ?? null, current)
  return { chosen, changed: chosen !== null && chosen !== current, eligible, rejected: rejected.reverse() }
}

function notBack(filter: CompiledFilter, newest: string | null, current: string | null): string | null {
  if (current === null || !filter.judge(current).counts) return newest
  if (newest === null) return current
  return filter.ordered && (filter.compare(newest, current) ?? 0) <= 0 ? current : newest
}

function compile<Key>(
  filter: TagFilter,
  scheme: Result<Scheme<Key>, FilterProblem>,
): Result<CompiledFilter, FilterProblem> {
  const gate = compileGate(filter)
  if (!gate.ok) return gate
  if (!scheme.ok) return scheme
  const ordered = isOrdered(filter)
  const { value: order } = scheme
  const read = (tag: string): Result<Key, Refusal> => {
    const text = gate.value(tag)
    // What is not ordered by its text is followed by its name, whatever `extract` takes out of it.
    return text.ok ? order.read(ordered ? text.value : tag) : text
  }
  const compiled: CompiledFilter<Key> = {
    ordered,
    judge: (tag) => {
      const key = read(tag)
      return key.ok ? { counts: true } : { counts: false, ...key.error }
    },
    compare: (a, b) => {
      const [left, right] = [read(a), read(b)]
      if (!left.ok || !right.ok) return null
      if (a === b) return 0
      return ordered ? order.compare(left.value, right.value) || compareText(a, b) : null
    },
    read,
    compareKeys: (a, b) => order.compare(a, b),
  }
  return ok(compiled)
}

type Ranked<Key> = { readonly tag: string; readonly key: Key }

function compareRanked<Key>(filter: CompiledFilter<Key>, a: Ranked<Key>, b: Ranked<Key>): number {
  return filter.compareKeys(a.key, b.key) || compareText(a.tag, b.tag)
}
