/** Reads a calendar version's format, `YYYY.0M.DD` or `YY.0M[.MICRO][-MODIFIER]`, into an expression and an order. */

import { nearestWord } from '../domain/nearest.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { FilterProblem } from './scheme.ts'

export type CalverFormat = {
  /** Each token is a group of its own name. Not the user's: its repetitions are bounded and cannot share a digit. */
  readonly expression: RegExp
  /** Groups by significance: the date at the place of its first part, largest unit first; counters where they stand. */
  readonly order: readonly string[]
}

/** Largest first. Two tokens of one unit would say the same. */
const UNITS = ['year', 'month', 'week', 'day', 'major', 'minor', 'micro', 'modifier'] as const
type Unit = (typeof UNITS)[number]
type Token = {
  readonly unit: Unit
  readonly pattern: string
  /** The form of one width, for where digits follow directly; counters have none. */
  readonly fixed?: string
}

const YEAR_2 = '[0-9]{2}'
const MONTH_2 = '0[1-9]|1[0-2]'
const WEEK_2 = '[0-4][0-9]|5[0-3]'
const DAY_2 = '0[1-9]|[12][0-9]|3[01]'
const COUNTER = '[0-9]{1,32}'

/** calver.org's, but that `MM`, `WW` and `DD` take a leading zero too: `2024.4` and `2024.04` are one month. */
const TOKENS: Readonly<Record<string, Token>> = {
  YYYY: { unit: 'year', pattern: '[0-9]{4}', fixed: '[0-9]{4}' },
  YY: { unit: 'year', pattern: '[0-9]{1,3}', fixed: YEAR_2 },
  '0Y': { unit: 'year', pattern: '[0-9]{2,3}', fixed: YEAR_2 },
  MM: { unit: 'month', pattern: `${MONTH_2}|[1-9]`, fixed: MONTH_2 },
  '0M': { unit: 'month', pattern: MONTH_2, fixed: MONTH_2 },
  WW: { unit: 'week', pattern: `${WEEK_2}|[0-9]`, fixed: WEEK_2 },
  '0W': { unit: 'week', pattern: WEEK_2, fixed: WEEK_2 },
  DD: { unit: 'day', pattern: `${DAY_2}|[1-9]`, fixed: DAY_2 },
  '0D': { unit: 'day', pattern: DAY_2, fixed: DAY_2 },
  MAJOR: { unit: 'major', pattern: COUNTER },
  MINOR: { unit: 'minor', pattern: COUNTER },
  MICRO: { unit: 'micro', pattern: COUNTER },
  MODIFIER: { unit: 'modifier', pattern: '[A-Za-z][0-9A-Za-z.-]{0,127}' },
}
const PIECE = /YYYY|YY|0Y|MM|0M|WW|0W|DD|0D|MAJOR|MINOR|MICRO|MODIFIER|[A-Z]+|./gu

export function compileFormat(format: string): Result<CalverFormat, FilterProblem> {
  const pieces = format.match(PIECE) ?? []
  const tokens = pieces.flatMap((piece) => TOKENS[piece] ?? [])
  const expected = complaint(pieces, tokens)
  if (expected !== null) return err({ reason: 'bad-calver', at: 'calver', expected, found: format })
  const source = pieces.map((piece, index) => sourceOf(piece, pieces[index - 1], pieces[index + 1])).join('')
  return ok({ expression: new RegExp(`^${source}$`, 'u'), order: orderOf(tokens) })
}

/** What a format should have been, or null where it is one. */
function complaint(pieces: readonly string[], tokens: readonly Token[]): string | null {
  const stranger = pieces.find((piece) => !Object.hasOwn(TOKENS, piece) && !/^[a-z0-9._[\]-]$/u.test(piece))
  if (stranger !== undefined) {
    const nearest = nearestWord(stranger, Object.keys(TOKENS))
    const hint = nearest === null ? '' : ` (did you mean ${nearest}?)`
    return `a format of ${Object.keys(TOKENS).join(' ')}, a-z 0-9 . _ - and brackets for what may be absent; not ${stranger}${hint}`
  }
  const units = tokens.map((token) => token.unit)
  if (!units.includes('year')) return 'a format with a year (YYYY, YY or 0Y), such as YYYY.MM.MICRO'
  if (new Set(units).size < units.length)
    return 'a format that has each of year, month, week, day and the counters once'
  if (!isBalanced(pieces)) return 'a format that closes each [ with a ]'
  const runsTogether = pieces.some((piece, index) => isCounter(piece) && isDigits(pieces[index + 1]))
  return runsTogether ? 'a format with a separator after each of MAJOR, MINOR and MICRO' : null
}

function isBalanced(pieces: readonly string[]): boolean {
  let depth = 0
  for (const piece of pieces) {
    if (piece === '[') depth += 1
    if (piece === ']') depth -= 1
    if (depth < 0) return false
  }
  return depth === 0
}

function sourceOf(piece: string, before: string | undefined, after: string | undefined): string {
  const token = TOKENS[piece]
  if (token === undefined) return piece === '[' ? '(?:' : piece === ']' ? ')?' : piece.replace('.', String.raw`\.`)
  const isInRun = isDigits(before) || isDigits(after)
  return `(?<${token.unit}>${isInRun ? (token.fixed ?? token.pattern) : token.pattern})`
}

function isDigits(piece: string | undefined): boolean {
  return piece !== undefined && (/^[0-9]$/u.test(piece) || (Object.hasOwn(TOKENS, piece) && piece !== 'MODIFIER'))
}

function isCounter(piece: string): boolean {
  return piece === 'MAJOR' || piece === 'MINOR' || piece === 'MICRO'
}

function orderOf(tokens: readonly Token[]): readonly Unit[] {
  const units: readonly Unit[] = tokens.map((token) => token.unit).filter((unit) => unit !== 'modifier')
  const date = UNITS.slice(0, 4).filter((unit) => units.includes(unit))
  const first = units.findIndex((unit) => date.includes(unit))
  const counters = (from: number, end?: number): Unit[] => units.slice(from, end).filter((unit) => !date.includes(unit))
  return [...counters(0, first), ...date, ...counters(first)]
}
