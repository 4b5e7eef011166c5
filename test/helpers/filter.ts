/** A compiled filter, or a failed test that says what was wrong with it. */

import type { TagFilter } from '../../src/domain/tag-filter.ts'
import { type CompiledFilter, compileFilter } from '../../src/filter.ts'

export function aFilter(filter: TagFilter): CompiledFilter {
  const compiled = compileFilter(filter)
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error))
  return compiled.value
}

/** The reason why a tag does not count, or `counts`. */
export function standing(filter: TagFilter, tag: string): string {
  const judgement = aFilter(filter).judge(tag)
  return judgement.counts ? 'counts' : judgement.reason
}
