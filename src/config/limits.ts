/**
 * What a configuration text may cost, checked on its tokens. The parser itself recurses, keeps every mistake as an error with a stack,
 * and expands aliases: 256 KiB of `[`, of `,` or of `\x` cost it seconds.
 */

import { Lexer } from 'yaml'

export const CONFIG_BYTES_MAX = 256 * 1024
export const DEPTH_MAX = 50
export const ALIASES_MAX = 100
/** Values after aliases are expanded. */
export const VALUES_MAX = 50_000
const TOKENS_MAX = 100_000
/** Properties (`&anchor`, `!tag`) and directives. */
const MARKS_MAX = 200
const BACKSLASHES_MAX = 5000
/** Tokens that can only be mistakes, such as a comma after a comma. */
const MISPLACED_MAX = 100

/** The lexer's own marks: document start, flow end, scalar follows. */
const SCALAR = '\u001f'
const MARKS_WITHOUT_TEXT = new Set(['\u0002', '\u0018', SCALAR])

export type Excess = {
  readonly reason: 'too-large' | 'too-deep' | 'too-many-aliases' | 'not-yaml'
  readonly expected: string
  /** Where in the text the limit was passed. */
  readonly offset: number
}

/** The first limit that a text passes, or null. Reads no further than that. */
export function excessOf(text: string): Excess | null {
  if (text.length > CONFIG_BYTES_MAX || new TextEncoder().encode(text).length > CONFIG_BYTES_MAX) {
    return {
      reason: 'too-large',
      expected: `at most ${CONFIG_BYTES_MAX / 1024} KiB; split it with include:`,
      offset: 0,
    }
  }
  if (text.split('\\', BACKSLASHES_MAX + 2).length > BACKSLASHES_MAX + 1) {
    return { reason: 'too-large', expected: `at most ${BACKSLASHES_MAX} backslashes`, offset: 0 }
  }
  return excessOfTokens(text)
}

type Count = {
  tokens: number
  aliases: number
  marks: number
  flow: number
  onLine: number
  misplaced: number
  last: string
}

function excessOfTokens(text: string): Excess | null {
  const count: Count = { tokens: 0, aliases: 0, marks: 0, flow: 0, onLine: 0, misplaced: 0, last: '' }
  let offset = 0
  for (const token of new Lexer().lex(text)) {
    count.tokens += 1
    // What follows the lexer's scalar mark is text, whatever it begins with.
    if (count.last === SCALAR) count.last = ''
    else add(count, token)
    const passed = limitPassed(count)
    if (passed !== null) return { ...passed, offset }
    if (!MARKS_WITHOUT_TEXT.has(token)) offset += token.length
  }
  return null
}

function add(count: Count, token: string): void {
  const first = token[0] ?? ''
  if (first === '*') count.aliases += 1
  if (first === '&' || first === '!' || first === '%') count.marks += 1
  if (token === '[' || token === '{') count.flow += 1
  if (token === ']' || token === '}') count.flow -= 1
  if (first === '\n' || first === '\r') count.onLine = 0
  if (token === '-' || token === '?') count.onLine += 1
  if (first === ' ' || first === '\t' || first === '\n' || first === '\r' || first === '#') return
  if (isMisplaced(count, token)) count.misplaced += 1
  count.last = token
}

function isMisplaced(count: Count, token: string): boolean {
  if (count.flow < 0) return true
  if (token === ',') return count.last === ',' || count.last === '[' || count.last === '{'
  if (token === '[' || token === '{') return count.last === ']' || count.last === '}'
  const isQuoted = token[0] === '"' || token[0] === "'"
  return isQuoted && (count.last[0] === '"' || count.last[0] === "'")
}

function limitPassed(count: Count): Omit<Excess, 'offset'> | null {
  if (count.flow > DEPTH_MAX || count.onLine > DEPTH_MAX) {
    return { reason: 'too-deep', expected: `at most ${DEPTH_MAX} levels` }
  }
  if (count.aliases > ALIASES_MAX) return { reason: 'too-many-aliases', expected: `at most ${ALIASES_MAX} aliases` }
  if (count.marks > MARKS_MAX) return { reason: 'too-large', expected: `at most ${MARKS_MAX} anchors and tags` }
  if (count.misplaced > MISPLACED_MAX) return { reason: 'not-yaml', expected: 'YAML: there are too many mistakes' }
  if (count.tokens > TOKENS_MAX) return { reason: 'too-large', expected: `at most ${TOKENS_MAX} tokens` }
  return null
}
