/** How ids and instants become keys of items and of indexes: never empty, never too long, in the order of what they name. */

import { idOfKey, key } from '../key.ts'

/** Bytes. An index allows 1,024 for a sort key, in which an instant and a number stand too. */
const KEY_LENGTH_MAX = 900
const KEPT_LENGTH = 800
const INSTANT_DIGITS = 15
/** Below everything that a key holds, so that what is shorter comes first. */
export const BREAK = '\u0001'
/** Above everything. */
export const END = '\u007f'

/** An index is spread over so many partitions, its lanes, each good for 1,000 writes a second. */
const LANES = 8
export const LANE_NAMES: readonly string[] = Array.from({ length: LANES }, (_, lane) => String(lane))

/** The whole id as an attribute: any text, never empty. */
export function nameOf(id: string): string {
  return `=${key(id)}`
}

export function idOfName(name: string): string {
  return idOfKey(name.slice(1))
}

/** One to one. A very long id keeps its beginning, and its hash stands for the rest. */
export async function itemKey(id: string): Promise<string> {
  const whole = nameOf(id)
  if (whole.length <= KEY_LENGTH_MAX) return whole
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(whole))
  const hex = [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return `${whole.slice(0, KEPT_LENGTH)}${BREAK}${hex}`
}

export function isShortened(stored: string): boolean {
  return stored.includes(BREAK)
}

/** The id; of one that was shortened, its beginning. */
export function idOfItemKey(stored: string): string {
  return idOfName(stored.split(BREAK)[0] ?? '')
}

export function padded(value: number): string {
  return String(value).padStart(INSTANT_DIGITS, '0')
}

/** Even over the lanes, and the same everywhere. FNV-1a, 32 bits. */
export function laneOf(itemKeyOrId: string): string {
  let hash = 0x811c9dc5
  for (let index = 0; index < itemKeyOrId.length; index += 1) {
    hash = Math.imul(hash ^ itemKeyOrId.charCodeAt(index), 0x01000193)
  }
  return String((hash >>> 0) % LANES)
}
