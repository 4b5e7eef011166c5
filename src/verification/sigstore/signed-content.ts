/** The bytes that were signed, and the check of a signature over them with every hash named: the library leaves it to the platform. */

import type { Bundle, TransparencyLogEntry } from '@sigstore/bundle'
import { crypto, dsse } from '@sigstore/core'
import { toSignedEntity, type SignedEntity } from '@sigstore/verify'
import type { Digest } from '../../domain/image.ts'
import { Buffer } from './platform.ts'
import { isSignatureOverDigest } from './prehashed.ts'

type Key = Parameters<SignedEntity['signature']['verifySignature']>[0]
const RSA_BITS_MIN = 2_048
/** The hash that a curve's size asks for; SHA-256 is what Sigstore's clients used with all of them before. */
const HASHES: Readonly<Record<string, readonly string[]>> = {
  prime256v1: ['sha256'],
  secp384r1: ['sha384', 'sha256'],
  secp521r1: ['sha512', 'sha256'],
}
const HASH_OF_MESSAGE: Readonly<Record<number, string>> = { 1: 'sha256', 2: 'sha384', 3: 'sha512' }

/** The bytes of a message, or where they are not at hand, their digest. */
export type Artifact = { readonly bytes: Uint8Array | null; readonly digest: Digest }

/** Made by the library's own `toSignedEntity`, so that what counts as a time and what is checked as one are the same entries. */
export function entityOf(bundle: Bundle, artifact: Artifact): SignedEntity {
  const entity = toSignedEntity(bundle, artifact.bytes === null ? undefined : Buffer.from(artifact.bytes))
  return { ...entity, signature: withNamedHashes(entity.signature, bundle, artifact) }
}

type Signature = SignedEntity['signature']

function withNamedHashes(
  signature: Signature,
  { content, verificationMaterial }: Bundle,
  artifact: Artifact,
): Signature {
  const shared = {
    signature: signature.signature,
    compareSignature: (other: Buffer): boolean => signature.compareSignature(other),
  }
  if (content.$case === 'messageSignature') {
    return {
      ...shared,
      compareDigest: (digest) => signature.compareDigest(digest),
      compareSignedDigest: (digest) => signature.compareSignedDigest(digest),
      verifySignature: (key) => holdsOver(artifact, key, signature.signature),
    }
  }
  const { payloadType, payload } = content.dsseEnvelope
  const signed = dsse.preAuthEncoding(payloadType, payload)
  const isHashed = (verificationMaterial.tlogEntries as readonly TransparencyLogEntry[]).some(isHashedRekord)
  return {
    ...shared,
    // The first Rekor logs an envelope as a hash of what was signed, too; whose kind asks for which is looked at with the entry.
    compareDigest: (digest) => isHash(digest, payload) || (isHashed && isHash(digest, signed)),
    compareSignedDigest: (digest) => isHash(digest, signed),
    verifySignature: (key) => holds(signed, key, signature.signature),
  }
}

function isHashedRekord({ kindVersion: { kind, version } }: TransparencyLogEntry): boolean {
  return kind === 'hashedrekord' && version === '0.0.1'
}

const HASH_OF_LENGTH: Readonly<Record<number, string>> = { 32: 'sha256', 48: 'sha384', 64: 'sha512' }

/** The log chose the algorithm; each of them is as good as the other. */
function isHash(digest: Buffer, bytes: Uint8Array): boolean {
  const hash = HASH_OF_LENGTH[digest.length]
  return hash !== undefined && crypto.bufferEqual(crypto.digest(hash, bytes), digest)
}

/** By its digest alone, only what the usual keys of Sigstore sign: P-256 with SHA-256. */
function holdsOver({ bytes, digest }: Artifact, key: Key, signature: Buffer): boolean {
  if (bytes !== null) return holds(Buffer.from(bytes), key, signature)
  const [algorithm, hex = ''] = digest.split(':')
  const spki = key.export({ format: 'der', type: 'spki' })
  return algorithm === 'sha256' && isSignatureOverDigest(spki, Buffer.from(hex, 'hex'), signature)
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

/** A message's digest is written in the bundle; it has to be that of the artifact (a log entry may be absent, so nobody else looks). */
export function isDigestOf({ content }: Bundle, { bytes, digest: subject }: Artifact): boolean {
  if (content.$case !== 'messageSignature') return true
  const { algorithm, digest } = content.messageSignature.messageDigest
  const hash = HASH_OF_MESSAGE[algorithm]
  if (hash === undefined) return false
  if (bytes !== null) return crypto.bufferEqual(crypto.digest(hash, bytes), digest)
  return `${hash}:${digest.toString('hex')}` === subject
}
