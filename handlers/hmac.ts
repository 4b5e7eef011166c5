/** HMAC by Node's own crypto: in this thread at once, where WebCrypto hands each one to a pool and back. */

import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IsHmac } from '../src/receivers/receiver.ts'

const NAMES = { 'SHA-256': 'sha256', 'SHA-1': 'sha1' } as const

export const isHmacByNode: IsHmac = async (hash, key, signature, message) => {
  const expected = createHmac(NAMES[hash], key).update(message).digest()
  return expected.length === signature.length && timingSafeEqual(expected, signature)
}
