/**
 * Ids as stores keep them: printable ASCII, so that NUL, quotes, lone surrogates and every database's idea of text,
 * order and prefix cannot make two ids one. Plain ids stay as they are.
 */

/** After every character of a key: `prefix` to `prefix + KEY_END` holds exactly the keys that begin with `prefix`. */
export const KEY_END = '\u007f'

/** Injective, and per code unit: what begins with a text has a key that begins with the text's key. */
export function key(id: string): string {
  return id.replaceAll(/[^\x20-\x5b\x5d-\x7e]/g, (unit) => `\\${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

export function idOfKey(stored: string): string {
  return stored.replaceAll(/\\([0-9a-f]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** Negative: a before b. By code unit, as keys are ordered in every store. */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
