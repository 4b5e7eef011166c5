/** What is asked about a signature, and what it is once it is read. */

import type { Bundle } from '@sigstore/bundle'
import type { Digest } from '../../domain/image.ts'
import { err, type Result } from '../../domain/result.ts'
import type { KeylessSigner, KeySigner, Signers, TrustRoots } from '../../domain/signer.ts'
import { reject, type Rejection } from './rejection.ts'
import type { Artifact } from './signed-content.ts'
import { readTrustRoot, staleness, type ReadTrustRoot } from './trust-root.ts'

export type SigstoreQuestion = {
  /** The digest that everything has to be about. */
  readonly subject: Digest
  /** All that are configured, by name; those of Notation are passed over. */
  readonly signers: Signers
  readonly trustRoots: TrustRoots
  readonly now: number
  /** The bytes that the digest names. Without them a bundle that signs a message counts for keys on P-256 alone. */
  readonly artifact?: Uint8Array
}

/** What came from outside, read. */
export type Signed = {
  readonly format: 'sigstore-bundle' | 'cosign-tag-layer'
  readonly source: string
  readonly bundle: Bundle
  /** What a message is about; for a statement, nobody asks. */
  readonly artifact: Artifact
  /** cosign's own payload, which names the digest; null for all else. */
  readonly payload: Uint8Array | null
  /** An attestation's envelope as it was uploaded; null for all else. */
  readonly envelope: Uint8Array | null
}

type Named<T> = T & { readonly name: string }

export function keylessSigners({ signers }: SigstoreQuestion): readonly Named<KeylessSigner>[] {
  return Object.entries(signers).flatMap(([name, signer]) => (signer.kind === 'keyless' ? [{ ...signer, name }] : []))
}

export function keySigners({ signers }: SigstoreQuestion): readonly Named<KeySigner>[] {
  return Object.entries(signers).flatMap(([name, signer]) => (signer.kind === 'key' ? [{ ...signer, name }] : []))
}

/** A signer's trusted root, by its name; a stale one proves nothing. */
export function rootOf(trust: string, { trustRoots, now }: SigstoreQuestion): Result<ReadTrustRoot, Rejection> {
  const configured = Object.hasOwn(trustRoots, trust) ? trustRoots[trust] : undefined
  if (configured === undefined) return err(reject('no-trust-root', `there is no trusted root named ${trust}`))
  const root = readTrustRoot(configured)
  if (!root.ok) return err(reject('no-trust-root', root.error))
  const stale = staleness(root.value, now)
  return stale === null ? root : err(reject('stale-trust-root', stale))
}
