/**
 * WebCrypto hashes on other threads and answers whenever it likes; a simulation decides itself what comes when. The same
 * hashes and HMACs, computed on the spot, for as long as `work` runs.
 */

import { createHmac, hash, timingSafeEqual } from 'node:crypto'

const keys = new WeakMap<object, Uint8Array>()

export async function withSyncDigest<T>(work: () => Promise<T>): Promise<T> {
  const { subtle } = globalThis.crypto
  const digest = async (algorithm: string, data: Uint8Array): Promise<ArrayBuffer> => {
    if (algorithm !== 'SHA-256') throw new Error(`no ${algorithm} in the simulation`)
    return bufferOf(hash('sha256', data, 'buffer'))
  }
  const importKey = async (form: string, secret: Uint8Array, { name }: { name: string }): Promise<object> => {
    if (form !== 'raw' || name !== 'HMAC') throw new Error(`no ${form} keys of ${name} in the simulation`)
    const key = {}
    keys.set(key, secret.slice())
    return key
  }
  const hmac = (key: object, data: Uint8Array): Buffer =>
    createHmac('sha256', keys.get(key) ?? new Uint8Array())
      .update(data)
      .digest()
  const sign = async (_name: string, key: object, data: Uint8Array): Promise<ArrayBuffer> =>
    bufferOf(hmac(key, new Uint8Array(data)))
  const verify = async (_name: string, key: object, signature: Uint8Array, data: Uint8Array): Promise<boolean> => {
    const expected = hmac(key, data)
    const given = new Uint8Array(signature)
    return given.length === expected.length && timingSafeEqual(given, expected)
  }
  const patched = { digest, importKey, sign, verify }
  for (const [name, value] of Object.entries(patched))
    Object.defineProperty(subtle, name, { value, configurable: true })
  try {
    return await work()
  } finally {
    for (const name of Object.keys(patched)) Reflect.deleteProperty(subtle, name)
  }
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}
