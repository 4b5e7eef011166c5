/** Orders by number: whole or decimal, exact at any length. */

import { err, ok, type Result } from '../domain/result.ts'
import type { NumericalFilter } from '../domain/tag-filter.ts'
import { compareParts, compareText, parsePart, type Part } from './part.ts'
import type { Refusal, Scheme } from './scheme.ts'

type Decimal = {
  readonly isNegative: boolean
  readonly whole: Part
  /** Without trailing zeros, so that digits compare as text. */
  readonly fraction: string
}

const DECIMAL = /^(?<sign>-?)(?<whole>[0-9]+)(?:\.(?<fraction>[0-9]+))?$/u
/** No exponent: `12e4567` is a commit's hash, not a number. */
const NOT_A_NUMBER: Result<never, Refusal> = err({
  reason: 'not-a-number',
  detail: 'is not a number, such as 1606364286 or 12.5',
})

export function createNumerical(filter: NumericalFilter): Scheme<Decimal> {
  const direction = filter.numerical === 'asc' ? 1 : -1
  return {
    read: (text) => {
      const decimal = parseDecimal(text)
      return decimal === null ? NOT_A_NUMBER : ok(decimal)
    },
    compare: (a, b) => direction * compareDecimals(a, b),
  }
}

function parseDecimal(text: string): Decimal | null {
  const groups = DECIMAL.exec(text)?.groups
  if (groups === undefined) return null
  const { sign, whole = '', fraction = '' } = groups
  const value = parsePart(whole, 0, whole.length)
  const trimmed = withoutTrailingZeros(fraction)
  // Minus zero is zero.
  const isZero = compareParts(value, 0) === 0 && trimmed === ''
  return { isNegative: sign === '-' && !isZero, whole: value, fraction: trimmed }
}

/** By hand: `/0+$/` takes quadratic time on many zeros before another digit. */
function withoutTrailingZeros(digits: string): string {
  let end = digits.length
  while (end > 0 && digits[end - 1] === '0') end -= 1
  return digits.slice(0, end)
}

function compareDecimals(a: Decimal, b: Decimal): number {
  if (a.isNegative !== b.isNegative) return a.isNegative ? -1 : 1
  const difference = compareParts(a.whole, b.whole) || compareText(a.fraction, b.fraction)
  return a.isNegative ? -difference : difference
}
