/** Base64 in its one canonical spelling: whoever is lax reads other bytes than his neighbour. */

import type { Bytes } from './der.ts'

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/u
const BASE64_URL = /^[A-Za-z0-9_-]*$/u

/** With padding, as certificates and timestamps are written. */
export function decodeBase64(text: unknown): Bytes | null {
  if (typeof text !== 'string' || !BASE64.test(text)) return null
  const binary = atob(text)
  // Bits beyond the last byte must be 0.
  return btoa(binary) === text ? Uint8Array.from(binary, (character) => character.codePointAt(0) ?? 0) : null
}

/** Without padding, as JOSE writes everything. */
export function decodeBase64Url(text: unknown): Bytes | null {
  if (typeof text !== 'string' || !BASE64_URL.test(text)) return null
  const padding = '='.repeat((4 - (text.length % 4)) % 4)
  return decodeBase64(text.replaceAll('-', '+').replaceAll('_', '/') + padding)
}
