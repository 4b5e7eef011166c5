/** A user's regular expression, in linear time (RE2: no look-around, no back-references) and always against the whole text. */

import { RE2JS } from 're2js'
import { err, ok, type Result } from '../domain/result.ts'
import type { FilterProblem } from './scheme.ts'

export type Pattern = {
  readonly source: string
  test(text: string): boolean
  /** Group 0 is the whole; a group that took no part is empty. Null where the text does not match. */
  groupsOf(text: string): readonly string[] | null
  readonly groupCount: number
  readonly groupNumbers: ReadonlyMap<string, number>
}

export function compilePattern(source: string, at: string): Result<Pattern, FilterProblem> {
  const compiled = compileRe2(source)
  if (compiled === null) {
    const expected = 'a regular expression of the RE2 kind (no look-around, no back-references)'
    return err({ reason: 'bad-pattern', at, expected, found: source })
  }
  const groupCount = compiled.groupCount()
  return ok({
    source,
    test: (text) => compiled.testExact(text),
    groupsOf: (text) => {
      const matcher = compiled.matcher(text)
      if (!matcher.matches()) return null
      return Array.from({ length: groupCount + 1 }, (_, index) => matcher.group(index) ?? '')
    },
    groupCount,
    groupNumbers: new Map(Object.entries(compiled.namedGroups())),
  })
}

function compileRe2(source: string): RE2JS | null {
  try {
    return RE2JS.compile(source)
  } catch {
    return null
  }
}
