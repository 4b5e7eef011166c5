/** Hex and base64 as signatures carry them, decoded strictly: one spelling per value, or null. */

/** Longer than any signature or key that a receiver knows. */
const ENCODED_LENGTH_MAX = 1024
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/u
const HEX = /^(?:[0-9a-f]{2})+$/u

export type Bytes = Uint8Array<ArrayBuffer>

/** Lower case only, as every sender writes it. */
export function decodeHex(text: string): Bytes | null {
  if (text.length > ENCODED_LENGTH_MAX || !HEX.test(text)) return null
  return Uint8Array.from({ length: text.length / 2 }, (_, index) =>
    Number.parseInt(text.slice(index * 2, index * 2 + 2), 16),
  )
}

/** With padding, without stray bits at the end: two texts never give the same bytes. */
export function decodeBase64(text: string, lengthMax = ENCODED_LENGTH_MAX): Bytes | null {
  if (text === '' || text.length > lengthMax || !BASE64.test(text)) return null
  const binary = atob(text)
  if (btoa(binary) !== text) return null
  const bytes = new Uint8Array(binary.length)
  for (let index = 0; index < bytes.length; index += 1) bytes[index] = binary.charCodeAt(index)
  return bytes
}

export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text)
}
