/** What is wrong with a configuration and where: one line for people, its parts for programs. */

import { nearestWord } from '../domain/nearest.ts'

/** Where something stands: lines and columns count from 1. */
export type Place = { readonly file: string; readonly line: number; readonly column: number }

type ConfigProblemReason =
  | 'unreadable'
  | 'too-large'
  | 'too-deep'
  | 'too-many-aliases'
  | 'not-yaml'
  | 'duplicate-key'
  | 'unknown-key'
  | 'missing'
  | 'malformed'
  | 'unknown-name'
  /** `--platform` asked, and this part cannot work there. */
  | 'not-on-platform'
  | 'cycle'
  | 'conflict'
  | 'bad-filter'
  | 'bad-include'
  /** Warnings only. */
  | 'ignored-name'
  | 'no-events'
  | 'no-floor'
  /** A regular expression that takes more than it seems to. */
  | 'loose-pattern'
  | 'unencrypted'

export type ConfigProblem = Place & {
  readonly severity: 'error' | 'warning'
  readonly reason: ConfigProblemReason
  /** `subscriptions.payments.tags`; empty for the whole file. */
  readonly key: string
  /** All of it in one line, without the place. Never a secret: what stands where a reference belongs is not repeated. */
  readonly message: string
  readonly expected?: string
  readonly found?: string
  readonly hint?: string
}

export type Path = readonly (string | number)[]

type ProblemParts = Pick<ConfigProblem, 'reason'> & {
  readonly path: Path
  readonly what?: string | undefined
  readonly expected?: string | undefined
  readonly found?: string | undefined
  readonly hint?: string | undefined
  readonly severity?: ConfigProblem['severity']
}

/** Puts the parts into one line: what, expected, found, remedy. */
export function problemAt(place: Place, parts: ProblemParts): ConfigProblem {
  const { reason, path, what, expected, found, hint } = parts
  const key = formatPath(path)
  const gap = [expected && `expected ${expected}`, found && `found ${found}`].filter(Boolean).join(', ')
  const sentence = [what, gap].filter(Boolean).join(': ')
  return {
    file: place.file,
    line: place.line,
    column: place.column,
    severity: parts.severity ?? 'error',
    reason,
    key,
    message: harmless(`${key === '' ? '' : `${key}: `}${sentence}${hint ? `. ${hint}` : ''}`),
    ...(expected && { expected }),
    ...(found && { found }),
    ...(hint && { hint }),
  }
}

/** `file:line:column: error: message`, as compilers say it. */
export function formatProblem(problem: ConfigProblem): string {
  return harmless(`${formatPlace(problem)}: ${problem.severity}: ${problem.message}`)
}

export function formatPlace({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`
}

const WORDS_LISTED_MAX = 16
const WORDS_COMPARED_MAX = 256

/** A hint that names the nearest word, or else all of them where they are few. */
export function didYouMean(word: string, words: readonly string[]): string | undefined {
  const nearest = nearestWord(word, words.slice(0, WORDS_COMPARED_MAX))
  if (nearest !== null) return `Did you mean ${nearest}?`
  if (words.length === 0 || words.length > WORDS_LISTED_MAX) return undefined
  return `Known: ${words.join(', ')}`
}

/** One line, with nothing in it that a terminal would obey or that hides: a key may be any text. */
function harmless(text: string): string {
  return text.replaceAll(
    /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Surrogate}/gu,
    '?',
  )
}

/** `a.b[0].c` */
export function formatPath(path: Path): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${part}`))
    .join('')
}
