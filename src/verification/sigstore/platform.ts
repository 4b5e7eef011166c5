/**
 * The two modules of Node that `@sigstore/*` needs, here alone; workerd has both. Its `crypto.verify` differs in two places
 * where the library relies on OpenSSL, and is mended there: a valid signature would count as false.
 */

import { Buffer } from 'node:buffer'
import crypto from 'node:crypto'

export { Buffer }

/** A key and a signature of ours over `probe`, P-256 with SHA-256: what a platform has to accept. */
const PROBE_KEY =
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEe5ToJsVsNE4ftz5Tse4BTSC3nVAHycnL+0RipmCudT3XaLK3zSgRoo7KqTjbbRup6a4AEDWbRMnossVZUGjI1A=='
const PROBE_SIGNATURE =
  'MEUCIE5r93p0OeX/jwCsYqyPcxjigHK51a4BwmVQQVFH38EzAiEAkNIzSqFUdVPcAu0w244AIQ01SHLZR7Y2LLoDV5A44Vg='

let isPrepared = false

/** Once; does nothing where the known answer comes out right. Throws where the platform cannot verify at all. */
export function prepareCrypto(): void {
  if (isPrepared) return
  isPrepared = true
  if (isCryptoRight()) return
  Object.assign(crypto, { verify: mended(crypto.verify) })
  isPrepared = isCryptoRight()
  if (!isPrepared) throw new Error('this platform cannot verify ECDSA signatures')
}

export function isCryptoRight(): boolean {
  try {
    const key = crypto.createPublicKey({ key: Buffer.from(PROBE_KEY, 'base64'), format: 'der', type: 'spki' })
    return crypto.verify(undefined, Buffer.from('probe'), key, Buffer.from(PROBE_SIGNATURE, 'base64'))
  } catch {
    return false
  }
}

type Verify = (algorithm: string | null | undefined, data: Uint8Array, key: unknown, signature: Uint8Array) => boolean

/** BoringSSL has no default digest and takes no key wrapped in options; OpenSSL takes SHA-256 for EC and RSA, so both agree. */
function mended(verify: typeof crypto.verify): Verify {
  const original = verify as Verify
  return (algorithm, data, key, signature) => {
    const bare = unwrapped(key)
    const needsDigest = (algorithm ?? null) === null && bare instanceof crypto.KeyObject && isDigesting(bare)
    return original.call(crypto, needsDigest ? 'sha256' : algorithm, data, bare, signature)
  }
}

function isDigesting({ asymmetricKeyType }: crypto.KeyObject): boolean {
  return asymmetricKeyType === 'ec' || asymmetricKeyType === 'rsa'
}

/** `{ key }` and nothing else: no option may be lost. */
function unwrapped(key: unknown): unknown {
  if (typeof key !== 'object' || key === null || key instanceof crypto.KeyObject || !('key' in key)) return key
  return Object.keys(key).length === 1 && key.key instanceof crypto.KeyObject ? key.key : key
}
