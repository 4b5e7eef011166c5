/** Orders by calendar version (calver.org), by a format such as `YYYY.MM.MICRO`. */

import { err, ok, type Result } from '../domain/result.ts'
import type { CalverFilter } from '../domain/tag-filter.ts'
import { type CalverFormat, compileFormat } from './calver-format.ts'
import { compareParts, parsePart, type Part } from './part.ts'
import type { FilterProblem, Refusal, Scheme } from './scheme.ts'
import { comparePrereleases } from './version.ts'

type CalendarVersion = {
  /** Most significant first. */
  readonly parts: readonly Part[]
  /** `rc10` as `rc.10`: ordered as a semantic version's prerelease, so a version without a modifier is newer. */
  readonly modifier: string
}

/** Of a part in brackets: 24.04 is older than 24.04.0. */
const ABSENT = -1

export function compileCalver({ calver }: CalverFilter): Result<Scheme<CalendarVersion>, FilterProblem> {
  const format = compileFormat(calver)
  if (!format.ok) return format
  const refusal: Result<never, Refusal> = err({
    reason: 'not-a-calendar-version',
    detail: `is not of the form ${calver}`,
  })
  return ok({
    read: (text) => {
      const version = read(text, format.value)
      return version === null ? refusal : ok(version)
    },
    compare: (a, b) => compareInOrder(a.parts, b.parts) || comparePrereleases(a.modifier, b.modifier),
  })
}

function read(text: string, { expression, order }: CalverFormat): CalendarVersion | null {
  const groups = expression.exec(text)?.groups
  if (groups === undefined) return null
  const words = groups['modifier']?.match(/[0-9]+|[A-Za-z]+/gu) ?? []
  return {
    parts: order.map((unit) => partOf(groups[unit])),
    modifier: words.map((word) => (/^[0-9]/u.test(word) ? String(partOf(word)) : word)).join('.'),
  }
}

function partOf(digits: string | undefined): Part {
  return digits === undefined ? ABSENT : parsePart(digits, 0, digits.length)
}

function compareInOrder(a: readonly Part[], b: readonly Part[]): number {
  for (const [index, part] of a.entries()) {
    const difference = compareParts(part, b[index] ?? ABSENT)
    if (difference !== 0) return difference
  }
  return 0
}
