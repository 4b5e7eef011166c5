/** Bytes of an answer as text and as a name by content. */

import { Digest } from '../../domain/image.ts'

/** Null where the bytes are not UTF-8. A byte order mark stays, and is then no JSON. */
export function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}

/** The digest of these bytes, by the algorithm of another digest. */
export async function digestOf(bytes: Uint8Array<ArrayBuffer>, like: 'sha256' | 'sha512'): Promise<Digest> {
  const hash = await crypto.subtle.digest(like === 'sha256' ? 'SHA-256' : 'SHA-512', bytes)
  const hex = Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('')
  return Digest.parse(`${like}:${hex}`)
}
