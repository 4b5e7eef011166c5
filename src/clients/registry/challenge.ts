/** Reads `WWW-Authenticate` (RFC 9110 §11.6.1): several challenges, in one header or joined from many, quoted commas and all. */

const HEADER_LENGTH_MAX = 8 * 1024
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const SCHEME = new RegExp(`(?<name>${TOKEN})(?: +|(?=,|$))`, 'uy')
const PARAMETER = new RegExp(
  `(?<name>${TOKEN})[ \\t]*=[ \\t]*(?:"(?<quoted>(?:[^"\\\\]|\\\\.)*)"|(?<plain>${TOKEN}))(?=[ \\t]*(?:,|$))`,
  'uy',
)
/** The other form of credentials, such as Negotiate's: nothing that we could answer. */
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/uy
const GAP = /[ \t,]*/uy

export type Challenge = {
  /** Lower case. */
  readonly scheme: string
  /** Names in lower case. */
  readonly parameters: ReadonlyMap<string, string>
}

/**
 * Null where the header cannot be read as a whole, or a parameter comes twice: of two realms one is somebody's trick.
 * An absent or empty header has no challenges.
 */
export function parseChallenges(header: string | null): readonly Challenge[] | null {
  const text = header ?? ''
  if (text.length > HEADER_LENGTH_MAX) return null
  const challenges: { scheme: string; parameters: Map<string, string> }[] = []
  let at = skip(text, 0)
  while (at < text.length) {
    const parameter = match(PARAMETER, text, at)
    const current = challenges.at(-1)
    if (parameter !== null && current !== undefined) {
      const name = (parameter.groups?.['name'] ?? '').toLowerCase()
      if (current.parameters.has(name)) return null
      current.parameters.set(name, valueOf(parameter.groups ?? {}))
      at = skip(text, at + parameter[0].length)
      continue
    }
    const scheme = match(SCHEME, text, at)
    if (scheme === null) return null
    challenges.push({ scheme: (scheme.groups?.['name'] ?? '').toLowerCase(), parameters: new Map() })
    at += scheme[0].length
    const token68 = match(PARAMETER, text, at) === null ? match(TOKEN68, text, at) : null
    at = skip(text, at + (token68?.[0].length ?? 0))
  }
  return challenges
}

function valueOf({ quoted, plain }: Readonly<Record<string, string | undefined>>): string {
  return quoted === undefined ? (plain ?? '') : quoted.replaceAll(/\\(.)/gu, '$1')
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}

function skip(text: string, at: number): number {
  return at + (match(GAP, text, at)?.[0].length ?? 0)
}
