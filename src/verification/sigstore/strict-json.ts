/** JSON of which every reader makes the same: no object has a key twice (of two subjects, each reader would take another). */

import { Json } from '../../domain/json.ts'
import { err, ok, type Result } from '../../domain/result.ts'

/** The error is a sentence. */
export function parseStrictJson(bytes: Uint8Array): Result<unknown, string> {
  const text = textOf(bytes)
  if (text === null) return err('it is not UTF-8')
  const value = Json.safeParse(text)
  if (!value.success) return err(value.error.issues[0]?.message ?? 'not JSON')
  return hasDuplicateKey(text) ? err('an object in it has a key twice') : ok(value.data)
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}

/** The text is JSON already, so a string before a colon is a key, wherever it stands. One pass, by hand: strings may be megabytes. */
function hasDuplicateKey(text: string): boolean {
  const open: (Set<string> | null)[] = []
  let last = ''
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]
    if (character === '"') {
      const end = endOfString(text, at)
      last = text.slice(at, end + 1)
      at = end
    } else if (character === '{') open.push(new Set())
    else if (character === '[') open.push(null)
    else if (character === '}' || character === ']') open.pop()
    else if (character === ':') {
      const keys = open.at(-1)
      const key: unknown = JSON.parse(last)
      if (typeof key !== 'string' || !keys || keys.has(key)) return true
      keys.add(key)
    }
  }
  return false
}

/** Where the closing quote is: the first one that no odd number of backslashes precedes. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); ; at = text.indexOf('"', at + 1)) {
    let slashes = 0
    while (text[at - 1 - slashes] === '\\') slashes += 1
    if (slashes % 2 === 0) return at
  }
}
