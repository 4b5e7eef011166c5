/** The bytes that were signed, and the check of a signature over them with every hash named: the library leaves it to the platform. */

import type { Bundle } from '@sigstore/bundle'
import { crypto, dsse } from '@sigstore/core'
import { toSignedEntity, type SignedEntity } from '@sigstore/verify'
import { Buffer } from './platform.ts'

type Key = Parameters<SignedEntity['signature']['verifySignature']>[0]
const RSA_BITS_MIN = 2_048
/** The hash that a curve's size asks for; SHA-256 is what Sigstore's clients used with all of them before. */
const HASHES: Readonly<Record<string, readonly string[]>> = {
  prime256v1: ['sha256'],
  secp384r1: ['sha384', 'sha256'],
  secp521r1: ['sha512', 'sha256'],
}
const HASH_OF_MESSAGE: Readonly<Record<number, string>> = { 1: 'sha256', 2: 'sha384', 3: 'sha512' }

/** Made by the library's own `toSignedEntity`, so that what counts as a time and what is checked as one are the same entries. */
export function entityOf(bundle: Bundle, artifact: Uint8Array | undefined): SignedEntity {
  const entity = toSignedEntity(bundle, artifact === undefined ? undefined : Buffer.from(artifact))
  return { ...entity, signature: withNamedHashes(entity.signature, signedBytesOf(bundle, artifact)) }
}

/** Null where only its digest is known. */
function signedBytesOf({ content }: Bundle, artifact: Uint8Array | undefined): Buffer | null {
  if (content.$case === 'messageSignature') return artifact === undefined ? null : Buffer.from(artifact)
  const { payloadType, payload } = content.dsseEnvelope
  return dsse.preAuthEncoding(payloadType, payload)
}

type Signature = SignedEntity['signature']

function withNamedHashes(signature: Signature, data: Buffer | null): Signature {
  return {
    signature: signature.signature,
    compareSignature: (other) => signature.compareSignature(other),
    compareDigest: (digest) => signature.compareDigest(digest),
    compareSignedDigest: (digest) => signature.compareSignedDigest(digest),
    verifySignature: (key) => data !== null && holds(data, key, signature.signature),
  }
}

function holds(data: Buffer, key: Key, signature: Buffer): boolean {
  const { asymmetricKeyType, asymmetricKeyDetails } = key
  switch (asymmetricKeyType) {
    case 'ed25519':
      return crypto.verify(data, key, signature)
    case 'rsa':
      return (asymmetricKeyDetails?.modulusLength ?? 0) >= RSA_BITS_MIN && crypto.verify(data, key, signature, 'sha256')
    case 'ec': {
      const hashes = HASHES[asymmetricKeyDetails?.namedCurve ?? ''] ?? []
      return hashes.some((hash) => crypto.verify(data, key, signature, hash))
    }
    default:
      return false
  }
}

/** A message's digest is written in the bundle; it has to be that of the bytes (a log entry may be absent, so nobody else looks). */
export function isDigestOf(bundle: Bundle, artifact: Uint8Array): boolean {
  if (bundle.content.$case !== 'messageSignature') return true
  const { algorithm, digest } = bundle.content.messageSignature.messageDigest
  const hash = HASH_OF_MESSAGE[algorithm]
  return hash !== undefined && crypto.bufferEqual(crypto.digest(hash, artifact), digest)
}
