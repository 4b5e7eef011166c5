/** Reads `Link` (RFC 8288) for the next page. */

const HEADER_LENGTH_MAX = 8 * 1024
const LINK =
  /[ \t,]*<(?<target>[^<>]*)>(?<parameters>(?:[ \t]*;[ \t]*[^=;,"\s]+(?:[ \t]*=[ \t]*(?:"[^"]*"|[^;,"\s]*))?)*)/uy
const REL = /;[ \t]*rel[ \t]*=[ \t]*(?:"(?<quoted>[^"]*)"|(?<plain>[^;,"\s]*))/iu

/** The target of the first `rel="next"`. `malformed` where the header cannot be read up to there. */
export function nextTarget(header: string | null): { readonly target: string } | 'none' | 'malformed' {
  const text = header ?? ''
  if (text.length > HEADER_LENGTH_MAX) return 'malformed'
  LINK.lastIndex = 0
  while (LINK.lastIndex < text.length) {
    const groups = LINK.exec(text)?.groups
    if (groups === undefined) return 'malformed'
    const rel = REL.exec(groups['parameters'] ?? '')?.groups
    const relations = (rel?.['quoted'] ?? rel?.['plain'] ?? '').toLowerCase().split(/[ \t]+/u)
    if (relations.includes('next')) return { target: groups['target'] ?? '' }
  }
  return 'none'
}
