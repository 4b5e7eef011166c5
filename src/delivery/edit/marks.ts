/** Flux's setter markers, `# {"$imagepolicy": "namespace:name[:tag|:name|:digest]"}`, read line by line: also in files that are no YAML. */

/** Longer lines are generated, and nobody marks them. */
const LINE_LENGTH_MAX = 10_000
const MARK =
  /#[ \t]{0,8}\{[ \t]{0,8}"\$imagepolicy"[ \t]{0,8}:[ \t]{0,8}"(?<policy>[a-z0-9.-]{1,253}:[a-z0-9.-]{1,253})(?::(?<part>tag|name|digest))?"[ \t]{0,8}\}/u
const HINT = '"$imagepolicy"'
/** A value that can be replaced without understanding the file around it. */
const QUOTED = /(?<quote>["'])(?<value>[\w.:/@+-]*)\k<quote>$/u
const BARE = /(?<=\s)(?<value>[\w./][\w.:/@+-]*)$/u
/** What stands before a value: a key, a list's dash, or an anchor or tag after one. */
const LEAD = /(?::|-|[:-][ \t]+[&!][^\s#"']{0,100})[ \t]+$/u

export type Mark = {
  readonly policy: string
  readonly part: 'full' | 'name' | 'tag' | 'digest'
  /** The value with its quotes. */
  readonly start: number
  readonly end: number
  readonly quote: '"' | "'" | ''
  readonly value: string
  readonly line: number
}

export function findMarks(text: string): readonly Mark[] {
  if (!text.includes(HINT)) return []
  const marks: Mark[] = []
  let start = 0
  for (const [index, line] of text.split('\n').entries()) {
    const mark = line.length <= LINE_LENGTH_MAX && line.includes(HINT) ? readMark(line, start, index + 1) : null
    if (mark !== null) marks.push(mark)
    start += line.length + 1
  }
  return marks
}

function readMark(line: string, lineStart: number, number: number): Mark | null {
  const match = MARK.exec(line)
  if (match === null) return null
  const before = line.slice(0, match.index)
  // A comment starts after white space, or it is part of the value.
  if (!/[ \t]$/u.test(before)) return null
  const content = before.trimEnd()
  const token = QUOTED.exec(content) ?? BARE.exec(content)
  if (token === null || !LEAD.test(content.slice(0, token.index))) return null
  const { quote, value } = token.groups ?? {}
  return {
    policy: match.groups?.['policy'] ?? '',
    part: partOf(match.groups?.['part']),
    start: lineStart + token.index,
    end: lineStart + content.length,
    quote: quote === '"' || quote === "'" ? quote : '',
    value: value ?? '',
    line: number,
  }
}

function partOf(part: string | undefined): Mark['part'] {
  return part === 'tag' || part === 'name' || part === 'digest' ? part : 'full'
}
