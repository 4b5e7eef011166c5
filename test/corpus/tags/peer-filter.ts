/** A peer's rule as a filter of ours. */

import { isTag } from '../../../src/domain/image.ts'
import type { TagFilter } from '../../../src/domain/tag-filter.ts'
import { chooseTag, type CompiledFilter, compileFilter } from '../../../src/filter.ts'

/** Peers search within the tag; we match the whole of it. Lazy in front, so that groups take what the leftmost match takes. */
export function unanchored(pattern: string): string {
  return `.*?(?:${pattern}).*`
}

/** `*`, `?`, `[a-z]`, `[^a-z]` and `\` of Go's `filepath.Match`; a tag has no slash. */
export function globPattern(glob: string): string {
  return glob.replaceAll(
    /\\(?<escaped>.)|\[(?<set>[^\]]+)\]|[*?]|[^A-Za-z0-9]/gu,
    (piece, escaped?: string, set?: string) => {
      if (set !== undefined) return `[${set}]`
      if (piece === '*') return '.*'
      return piece === '?' ? '.' : `\\${escaped ?? piece}`
    },
  )
}

/** Null where the filter is refused: to most peers an error, and never a tag. */
export function compiled(filter: TagFilter): CompiledFilter | null {
  const result = compileFilter(filter)
  return result.ok ? result.value : null
}

export function chosen(filter: TagFilter, tags: readonly string[], current: string | null = null): string | null {
  const { filter: possible, tags: names, nameOf } = asTags(filter, tags)
  const rule = compiled(possible)
  if (rule === null) return null
  const choice = chooseTag(rule, names, current).chosen
  return choice === null ? null : nameOf(choice)
}

export function newestFirst(filter: TagFilter, tags: readonly string[]): readonly string[] | null {
  const rule = compiled(filter)
  return rule === null ? null : chooseTag(rule, tags, null).eligible
}

export function counts(filter: TagFilter, tag: string): boolean {
  return compiled(filter)?.judge(tag).counts ?? false
}

/** Whether a push of this tag, while `current` runs, would be looked at any further. */
export function isOffered(filter: TagFilter, tag: string, current: string | null): boolean {
  const rule = compiled(filter)
  if (rule === null || !rule.judge(tag).counts) return false
  return !rule.ordered || current === null || (rule.compare(tag, current) ?? 1) > 0
}

const PREFIX = 'x'

/** Some tables order texts that no registry takes as tags (`-62`): there `x-62` is the tag, and all after the `x` is extracted. */
function asTags(
  filter: TagFilter,
  texts: readonly string[],
): { filter: TagFilter; tags: readonly string[]; nameOf: (tag: string) => string } {
  if (texts.every(isTag) || filter.match !== undefined) return { filter, tags: texts, nameOf: (tag) => tag }
  return {
    filter: { ...filter, match: `${PREFIX}(?<text>.*)`, extract: '$text' },
    tags: texts.map((text) => `${PREFIX}${text}`),
    nameOf: (tag) => tag.slice(PREFIX.length),
  }
}
