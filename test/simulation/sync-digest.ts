/**
 * WebCrypto hashes on other threads and answers whenever it likes; a simulation decides itself what comes when. The same
 * hash, computed on the spot, for as long as `work` runs.
 */

import { hash } from 'node:crypto'

export async function withSyncDigest<T>(work: () => Promise<T>): Promise<T> {
  const { subtle } = globalThis.crypto
  const digest = async (algorithm: string, data: Uint8Array): Promise<ArrayBuffer> => {
    if (algorithm !== 'SHA-256') throw new Error(`no ${algorithm} in the simulation`)
    return new Uint8Array(hash('sha256', data, 'buffer')).buffer
  }
  Object.defineProperty(subtle, 'digest', { value: digest, configurable: true })
  try {
    return await work()
  } finally {
    Reflect.deleteProperty(subtle, 'digest')
  }
}
