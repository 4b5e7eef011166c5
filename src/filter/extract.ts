/** The template that makes the text to order by from the groups of a match: `$name`, `${name}`, `$1`, `$0`; `$$` is a dollar. */

import { err, ok, type Result } from '../domain/result.ts'
import type { Pattern } from './pattern.ts'
import type { FilterProblem } from './scheme.ts'

export type Extract = (groups: readonly string[]) => string

const PIECE = /\$\$|\$\{(?<braced>[A-Za-z0-9_]*)\}|\$(?<bare>[A-Za-z0-9_]*)|[^$]+/gu

/** A group that does not exist is refused now: else every tag would be, later, one by one. */
export function compileExtract(template: string, pattern: Pattern): Result<Extract, FilterProblem> {
  const pieces: (string | number)[] = []
  for (const [text, braced, bare] of template.matchAll(PIECE)) {
    if (!text.startsWith('$')) pieces.push(text)
    else if (text === '$$') pieces.push('$')
    else {
      const group = groupNumber(braced ?? bare ?? '', pattern)
      if (group === null)
        return err({ reason: 'bad-extract', at: 'extract', expected: expectation(pattern), found: text })
      pieces.push(group)
    }
  }
  return ok((groups) => pieces.map((piece) => (typeof piece === 'number' ? (groups[piece] ?? '') : piece)).join(''))
}

function groupNumber(name: string, pattern: Pattern): number | null {
  if (!/^[0-9]{1,4}$/u.test(name)) return pattern.groupNumbers.get(name) ?? null
  return Number(name) <= pattern.groupCount ? Number(name) : null
}

function expectation({ groupCount, groupNumbers }: Pattern): string {
  const names = [...groupNumbers.keys()].map((name) => `$${name}`)
  const numbers = groupCount === 0 ? ['$0'] : ['$0', `$1 to $${groupCount}`]
  return `a group of "match": ${[...names, ...numbers].join(', ')} (as \${name} where a letter follows)`
}
