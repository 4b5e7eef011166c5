/** HMAC by Node's own crypto: in this thread at once, where WebCrypto hands each one to a pool and back. */

import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto'
import type { IsHmac } from '../src/receivers/receiver.ts'

const NAMES = { 'SHA-256': 'sha256', 'SHA-1': 'sha1' } as const
/** A receiver has one key or two; making one costs as much as using it. */
const KEYS_MAX = 64
const keys = new Map<string, KeyObject>()

export const isHmacByNode: IsHmac = async (hash, key, signature, message) => {
  const expected = createHmac(NAMES[hash], keyObjectOf(key)).update(message).digest()
  return expected.length === signature.length && timingSafeEqual(expected, signature)
}

function keyObjectOf(key: Uint8Array): KeyObject {
  const id = Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')
  const known = keys.get(id)
  if (known !== undefined) return known
  if (keys.size >= KEYS_MAX) keys.clear()
  const made = createSecretKey(key)
  keys.set(id, made)
  return made
}
