/** JSON in which each name stands once: of two readers one takes the first and one the last, so what was signed is not what is read. */

const DEPTH_MAX = 32

/** Null where it is no JSON, has a name twice, or is nested deeper than anybody needs. */
export function parseStrictJson(bytes: Uint8Array): { readonly value: unknown } | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    const value: unknown = JSON.parse(text)
    return isUnambiguous(text) ? { value } : null
  } catch {
    return null
  }
}

const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]/gsu

/** Over text that `JSON.parse` took: only names, braces and commas matter then. */
function isUnambiguous(text: string): boolean {
  const open: (Set<string> | null)[] = []
  let previous = ''
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') open.push(token === '{' ? new Set() : null)
    if (open.length > DEPTH_MAX) return false
    if (token === '}' || token === ']') open.pop()
    const names = open.at(-1)
    const isName = token.startsWith('"') && (previous === '{' || previous === ',') && names instanceof Set
    if (isName) {
      const name = String(JSON.parse(token))
      if (names.has(name)) return false
      names.add(name)
    }
    previous = token
  }
  return true
}
