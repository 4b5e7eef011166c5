/** A whole number of a version, exact at any length: `number` while that is exact, `bigint` beyond. */

export type Part = number | bigint

/** 10^15 - 1 is below 2^53. */
const SAFE_DIGITS_MAX = 15
const DIGIT_ZERO = 48
const DIGIT_NINE = 57

/** Where the digits that begin at `from` end. */
export function endOfDigits(text: string, from: number): number {
  let at = from
  while (at < text.length && isDigit(text.charCodeAt(at))) at += 1
  return at
}

/** Reads `[from, end)`, which must be digits. */
export function parsePart(text: string, from: number, end: number): Part {
  if (end - from > SAFE_DIGITS_MAX) return BigInt(text.slice(from, end))
  let value = 0
  for (let at = from; at < end; at += 1) value = value * 10 + text.charCodeAt(at) - DIGIT_ZERO
  return value
}

/** JavaScript compares `number` with `bigint` exactly. */
export function compareParts(a: Part, b: Part): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** By UTF-16 code units: the same on every machine, whatever its language. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function isDigit(code: number): boolean {
  return code >= DIGIT_ZERO && code <= DIGIT_NINE
}
