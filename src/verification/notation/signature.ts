/** Signatures by WebCrypto, which is the same on every platform: of envelopes, certificates, timestamps and revocation answers. */

import type { Certificate } from './certificate.ts'
import {
  bitStringBytes,
  context,
  oidOf,
  onlyChild,
  readDer,
  sameBytes,
  sequenceOf,
  smallIntegerOf,
  TAG,
  type Bytes,
  type Element,
} from './der.ts'

export type Hash = 'SHA-256' | 'SHA-384' | 'SHA-512'
/** What Notation allows, by the names of JOSE. */
export const ALGORITHMS = ['PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'] as const
export type Algorithm = (typeof ALGORITHMS)[number]

type Curve = 'P-256' | 'P-384' | 'P-521'
type KeyKind = { readonly kind: 'rsa'; readonly bits: number } | { readonly kind: 'ec'; readonly curve: Curve }

const RSA = '1.2.840.113549.1.1.1'
const RSA_PSS = '1.2.840.113549.1.1.10'
const EC = '1.2.840.10045.2.1'
const MASK = '1.2.840.113549.1.1.8'
const CURVES: Readonly<Record<string, Curve>> = {
  '1.2.840.10045.3.1.7': 'P-256',
  '1.3.132.0.34': 'P-384',
  '1.3.132.0.35': 'P-521',
}
const COORDINATE_BYTES: Readonly<Record<Curve, number>> = { 'P-256': 32, 'P-384': 48, 'P-521': 66 }
const RSA_HASHES: Readonly<Record<string, Hash>> = {
  '1.2.840.113549.1.1.11': 'SHA-256',
  '1.2.840.113549.1.1.12': 'SHA-384',
  '1.2.840.113549.1.1.13': 'SHA-512',
}
const EC_HASHES: Readonly<Record<string, Hash>> = {
  '1.2.840.10045.4.3.2': 'SHA-256',
  '1.2.840.10045.4.3.3': 'SHA-384',
  '1.2.840.10045.4.3.4': 'SHA-512',
}
export const HASHES: Readonly<Record<string, Hash>> = {
  '2.16.840.1.101.3.4.2.1': 'SHA-256',
  '2.16.840.1.101.3.4.2.2': 'SHA-384',
  '2.16.840.1.101.3.4.2.3': 'SHA-512',
}
const HASH_BYTES: Readonly<Record<Hash, number>> = { 'SHA-256': 32, 'SHA-384': 48, 'SHA-512': 64 }
const RSA_ALGORITHMS: Readonly<Record<number, Algorithm>> = { 2048: 'PS256', 3072: 'PS384', 4096: 'PS512' }
const EC_ALGORITHMS: Readonly<Record<Curve, Algorithm>> = { 'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512' }
const RSA_BITS_MIN = 2048

export async function digest(hash: Hash | 'SHA-1', bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest(hash, bytes))
}

/** The one algorithm that a key of this size signs with; null where Notation allows none. */
export function algorithmOf(certificate: Certificate): Algorithm | null {
  const kind = kindOfKey(certificate.key)
  if (kind === null) return null
  return kind.kind === 'rsa' ? (RSA_ALGORITHMS[kind.bits] ?? null) : EC_ALGORITHMS[kind.curve]
}

/** For keys that stamp times and sign revocation lists: any size from the smallest up. */
export function isKeyLongEnough(certificate: Certificate): boolean {
  const kind = kindOfKey(certificate.key)
  return kind !== null && (kind.kind === 'ec' || kind.bits >= RSA_BITS_MIN)
}

/** Of an envelope; ECDSA in the form of JOSE and COSE: two numbers of fixed length. */
export async function verifyEnvelope(
  { algorithm, data, signature }: { algorithm: Algorithm; data: Bytes; signature: Bytes },
  certificate: Certificate,
): Promise<boolean> {
  const hash: Hash = `SHA-${algorithm.slice(2) as '256' | '384' | '512'}`
  const kind = kindOfKey(certificate.key)
  if (kind === null) return false
  return kind.kind === 'rsa'
    ? verifyPss({ key: certificate.key, hash, salt: HASH_BYTES[hash], signature, data })
    : verifyEc({ key: certificate.key, curve: kind.curve, hash, signature, data })
}

/** As X.509 and CMS sign: the algorithm stands beside the signature, and must be one for this key. SHA-1 and MD5 are none. */
export async function verifySigned(
  { algorithm, data, signature }: { algorithm: Element; data: Bytes; signature: Bytes },
  { key }: { readonly key: Element },
  /** What CMS says beside an algorithm that names no hash. */
  fallback: Hash | null = null,
): Promise<boolean> {
  const kind = kindOfKey(key)
  const oid = readDer(algorithm.raw, (root) => oidOf(sequenceOf(root)[0]))
  if (kind === null || oid === null) return false
  if (kind.kind === 'ec') {
    const hash = EC_HASHES[oid] ?? (oid === EC ? fallback : null)
    const flat = flatSignature(signature, COORDINATE_BYTES[kind.curve])
    return hash !== null && flat !== null && verifyEc({ key, curve: kind.curve, hash, signature: flat, data })
  }
  if (oid === RSA_PSS) {
    const pss = pssOf(algorithm)
    return pss !== null && verifyPss({ key, ...pss, signature, data })
  }
  const hash = RSA_HASHES[oid] ?? (oid === RSA ? fallback : null)
  return hash !== null && verifyRsa({ key, hash, signature, data })
}

/** Whether one issued the other: by name and by signature. */
export async function isIssuedBy(certificate: Certificate, issuer: Certificate): Promise<boolean> {
  if (!sameBytes(certificate.issuer.raw, issuer.subject.raw)) return false
  const { signatureAlgorithm: algorithm, signed: data, signature } = certificate
  return verifySigned({ algorithm, data, signature }, issuer)
}

function kindOfKey(key: Element): KeyKind | null {
  return readDer(key.raw, (root) => {
    const [algorithm, bits] = sequenceOf(root)
    const [oid, parameters] = sequenceOf(algorithm)
    const name = oidOf(oid)
    if (name === RSA) return { kind: 'rsa', bits: modulusBits(bitStringBytes(bits)) }
    const curve = name === EC && parameters?.tag === TAG.oid ? CURVES[oidOf(parameters)] : undefined
    return curve === undefined ? null : { kind: 'ec', curve }
  })
}

function modulusBits(key: Bytes): number {
  const modulus = readDer(key, (root) => sequenceOf(root)[0]?.content)
  if (modulus === null || modulus === undefined) return 0
  const digits = modulus[0] === 0 ? modulus.subarray(1) : modulus
  const [first = 0] = digits
  return first === 0 ? 0 : digits.length * 8 - Math.clz32(first) + 24
}

/** SHA-1, the default where nothing is written, is not among them. The mask must use the same hash, as WebCrypto has it. */
function pssOf(algorithm: Element): { hash: Hash; salt: number } | null {
  return readDer(algorithm.raw, (root) => {
    const fields = sequenceOf(sequenceOf(root)[1])
    const [hashField, maskField, saltField] = [0, 1, 2].map((number) =>
      fields.find(({ tag }) => tag === context(number)),
    )
    if (hashField === undefined || maskField === undefined || saltField === undefined) return null
    const hash = HASHES[oidOf(sequenceOf(onlyChild(hashField))[0])]
    const [mask, maskHash] = sequenceOf(onlyChild(maskField))
    const isSame = oidOf(mask) === MASK && HASHES[oidOf(sequenceOf(maskHash)[0])] === hash
    return hash === undefined || !isSame ? null : { hash, salt: smallIntegerOf(onlyChild(saltField)) }
  })
}

/** `ECDSA-Sig-Value` to two numbers of fixed length, as WebCrypto takes them. */
function flatSignature(der: Bytes, size: number): Bytes | null {
  return readDer(der, (root) => {
    const [r, s, ...others] = sequenceOf(root)
    const flat = new Uint8Array(2 * size)
    for (const [at, number] of [r, s].entries()) {
      if (number?.tag !== TAG.integer || (number.content[0] ?? 0x80) >= 0x80 || others.length > 0) return null
      const digits = number.content[0] === 0 ? number.content.subarray(1) : number.content
      if (digits.length > size) return null
      flat.set(digits, (at + 1) * size - digits.length)
    }
    return flat
  })
}

type Checked = { readonly key: Element; readonly hash: Hash; readonly signature: Bytes; readonly data: Bytes }

async function verifyEc({ key, curve, hash, signature, data }: Checked & { curve: Curve }): Promise<boolean> {
  const imported = await importKey(key, { name: 'ECDSA', namedCurve: curve })
  return holds({ name: 'ECDSA', hash }, imported, signature, data)
}

async function verifyPss({ key, hash, salt, signature, data }: Checked & { salt: number }): Promise<boolean> {
  const imported = await importKey(key, { name: 'RSA-PSS', hash })
  return holds({ name: 'RSA-PSS', saltLength: salt }, imported, signature, data)
}

async function verifyRsa({ key, hash, signature, data }: Checked): Promise<boolean> {
  const imported = await importKey(key, { name: 'RSASSA-PKCS1-v1_5', hash })
  return holds({ name: 'RSASSA-PKCS1-v1_5' }, imported, signature, data)
}

type Imported = Awaited<ReturnType<typeof importKey>>
type Way = { readonly name: string; readonly hash?: Hash; readonly saltLength?: number }

/** Platforms differ in whether a signature of a wrong length is false or an error; it proves nothing either way. */
async function holds(way: Way, key: Imported, signature: Bytes, data: Bytes): Promise<boolean> {
  return key !== null && crypto.subtle.verify(way, key, signature, data).catch(() => false)
}

type KeyAlgorithm = { readonly name: string; readonly namedCurve?: string; readonly hash?: Hash }

/** Null where the platform does not take it: a point off its curve, an exponent of 1. */
function importKey(key: Element, algorithm: KeyAlgorithm) {
  return crypto.subtle.importKey('spki', key.raw, algorithm, false, ['verify']).catch(() => null)
}
