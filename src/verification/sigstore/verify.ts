/**
 * One signature, its proofs and its words, against the configured signers: a fact, or why it is none. The library does the
 * cryptography; what it leaves to its caller is done in the files beside. Heavy, so whoever uses it imports it when it is needed;
 * a bundle for Workers needs `scripts/worker-modules.ts`.
 */

import type { AttestationFact, RejectedFact, SignatureFact } from '../../domain/evidence.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import { parseBundle } from './bundle.ts'
import { byCertificate } from './by-certificate.ts'
import { byKeys } from './by-key.ts'
import { contentOf } from './content.ts'
import { hasCertificate, readLayer, type CosignLayer } from './cosign-layer.ts'
import { COSIGN_SIGN } from './payload.ts'
import { prepareCrypto } from './platform.ts'
import type { Signed, SigstoreQuestion } from './question.ts'
import { reject, rejectedFact, rejectionOf, type Rejection } from './rejection.ts'

export type { SigstoreQuestion } from './question.ts'
export type SigstoreFact = SignatureFact | AttestationFact | RejectedFact
type Verified = Result<SignatureFact | AttestationFact, Rejection>

/** A bundle, versions 0.1 to 0.3. What is in it never makes this throw. */
export function verifySigstoreBundle(
  { source, bytes }: { readonly source: string; readonly bytes: Uint8Array },
  question: SigstoreQuestion,
): Promise<SigstoreFact> {
  const format = 'sigstore-bundle'
  return answer({ format, source }, () => {
    const bundle = parseBundle(bytes)
    if (!bundle.ok) return bundle
    const artifact = { bytes: question.artifact ?? null, digest: question.subject }
    return verify({ format, source, bundle: bundle.value, artifact, payload: null, envelope: null }, question)
  })
}

/** A layer of cosign's `.sig` and `.att` tags, or the same layer in a referrer. */
export function verifyCosignLayer(
  { source, ...layer }: { readonly source: string } & CosignLayer,
  question: SigstoreQuestion,
): Promise<SigstoreFact> {
  const format = 'cosign-tag-layer'
  return answer({ format, source }, () => {
    // cosign may keep a certificate beside a signature by a key: then the key is tried too.
    const attempts = hasCertificate(layer) ? [false, true] : [true]
    let first: Verified | null = null
    for (const isKeyed of attempts) {
      const read = readLayer(layer, isKeyed)
      const artifact = { bytes: layer.blob, digest: question.subject }
      const verified = read.ok ? verify({ format, source, artifact, ...read.value }, question) : read
      if (verified.ok) return verified
      first ??= verified
    }
    return first ?? err(reject('malformed', 'nothing is signed'))
  })
}

function answer({ format, source }: Pick<Signed, 'format' | 'source'>, work: () => Verified): Promise<SigstoreFact> {
  prepareCrypto()
  try {
    const fact = work()
    return Promise.resolve(fact.ok ? fact.value : rejectedFact({ format, source }, fact.error))
  } catch (error) {
    // What it holds was written by an attacker, and parsers have holes: whatever they throw proves nothing.
    return Promise.resolve(rejectedFact({ format, source }, rejectionOf(error)))
  }
}

function verify(signed: Signed, question: SigstoreQuestion): Verified {
  const { format, source, bundle } = signed
  const isKeyed = bundle.verificationMaterial.content.$case === 'publicKey'
  const proven = isKeyed ? keyed(signed, question) : byCertificate(signed, question)
  if (!proven.ok) return proven
  const { signers, at, log, identity } = proven.value
  const statement = contentOf(signed, question.subject)
  if (!statement.ok) return statement
  const by = identity?.subject ?? `the key of ${signers.join(', ')}`
  const fact = { format, source, subject: question.subject, signers, by, log, at, claims: { ...identity?.claims } }
  const { value } = statement
  // An attestation never counts as a signature, but for the one with which cosign signs.
  if (value === null || value.predicateType === COSIGN_SIGN) return ok({ kind: 'signature', ...fact })
  return ok({ kind: 'attestation', ...fact, predicateType: value.predicateType, predicate: value.predicate })
}

function keyed(signed: Signed, question: SigstoreQuestion): ReturnType<typeof byCertificate> | NoIdentity {
  const proven = byKeys(signed, question)
  return proven.ok ? ok({ ...proven.value, identity: null }) : proven
}

type NoIdentity = Result<
  { readonly signers: string[]; readonly at: number | null; readonly log: string | null; readonly identity: null },
  Rejection
>
