/** Flux image-reflector-controller: strict versions, Masterminds ranges; the filter searches, and orders what it extracts. */

import { TagFilter } from '../../../src/domain/tag-filter.ts'
import type { Answers, Case, Policy } from './case.ts'
import { chosen, compiled, unanchored } from './peer-filter.ts'

export const flux: Answers = {
  pick: (row) => row.policy && row.tags && chosen({ ...orderOf(row.policy), ...patternOf(row) }, row.tags),
  'range-parses': ({ policy }) => policy && compiled({ semver: policy.range ?? '' }) !== null,
  'order-parses': ({ policy }) => policy && TagFilter.safeParse({ numerical: direction(policy) }).success,
  filter: (row) => row.tags && extracted(row, row.tags),
}

function orderOf(policy: Policy): TagFilter {
  const order = direction(policy) === 'desc' ? 'desc' : 'asc'
  if (policy.type === 'numerical') return { numerical: order }
  if (policy.type === 'alphabetical') return { alphabetical: order }
  return { semver: policy.range ?? '' }
}

/** Flux writes them in any case, and takes none for `asc`. */
function direction(policy: Policy): string {
  return policy.order?.toLowerCase() || 'asc'
}

function patternOf({ filter }: Case): Pick<TagFilter, 'match' | 'extract'> {
  if (filter === undefined || filter.pattern === '') return {}
  const match = unanchored(filter.pattern)
  return filter.extract === '' ? { match } : { match, extract: filter.extract }
}

/** The texts that would be ordered, each once. */
function extracted(row: Case, tags: readonly string[]): readonly string[] | null {
  const rule = compiled({ alphabetical: 'asc', ...patternOf(row) })
  if (rule === null) return null
  const texts = tags.map((tag) => rule.read(tag)).flatMap((text) => (text.ok ? String(text.value) : []))
  return [...new Set(texts)].toSorted()
}
