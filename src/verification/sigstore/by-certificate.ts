/** A signature by a short-lived certificate: what the trusted roots prove of it, and which of the keyless signers that is. */

import type { Bundle } from '@sigstore/bundle'
import type { SignedEntity } from '@sigstore/verify'
import { err, ok, type Result } from '../../domain/result.ts'
import { KeptCertificate } from './certificate.ts'
import { identityOf, type Identity } from './identity.ts'
import { leafProblem } from './leaf.ts'
import { prove, type Proof } from './prove.ts'
import { keylessSigners, rootOf, type Signed, type SigstoreQuestion } from './question.ts'
import { reject, type Rejection } from './rejection.ts'
import { entityOf } from './signed-content.ts'
import { difference } from './signers.ts'
import type { ReadTrustRoot } from './trust-root.ts'

type Proven = Proof & { readonly identity: Identity }

/** Each trusted root is asked once, however many signers rely on it; the signers of all that prove it count. */
export function byCertificate(
  signed: Signed,
  question: SigstoreQuestion,
): Result<Proven & { readonly signers: string[] }, Rejection> {
  const signers = keylessSigners(question)
  let why = reject('wrong-material', 'it was made with a certificate, and no signer here is proven by one')
  const proofs: Proven[] = []
  const names: string[] = []
  for (const trust of new Set(signers.map((signer) => signer.trust))) {
    const root = rootOf(trust, question)
    const proven = root.ok ? proveBy(root.value, signed) : root
    if (!proven.ok) {
      if (why.reason !== 'wrong-identity') why = proven.error
      continue
    }
    const { identity } = proven.value
    const candidates = signers.filter((signer) => signer.trust === trust)
    const differences = candidates.map((signer) => difference(signer, identity))
    const ours = candidates.filter((_, at) => differences[at] === null)
    if (ours.length === 0)
      why = reject('wrong-identity', `it was signed by another: ${[...new Set(differences)].join('; ')}`)
    else proofs.push(proven.value)
    names.push(...ours.map(({ name }) => name))
  }
  const [first] = proofs
  return first === undefined ? err(why) : ok({ ...first, signers: names })
}

function proveBy(
  { material, require }: ReadTrustRoot,
  { bundle, artifact, envelope }: Signed,
): Result<Proven, Rejection> {
  const der = certificateOf(bundle)
  if (der === null) return err(reject('wrong-material', 'no certificate came with it'))
  const parsed = entityOf(bundle, artifact)
  const certificate = new KeptCertificate(der, parsed.key.$case === 'certificate' ? parsed.key.certificate : undefined)
  const entity: SignedEntity = { ...parsed, key: { $case: 'certificate', certificate } }
  const proof = prove(entity, { bundle, envelope, material, require, ours: { kind: 'certificate', der } })
  if (!proof.ok) return proof
  const unfit = leafProblem(certificate)
  if (unfit !== null) return err(unfit)
  const identity = identityOf(certificate)
  return identity.ok ? ok({ ...proof.value, identity: identity.value }) : identity
}

/** The first alone: the others of a chain are the attacker's word, and the trusted root has its own. */
function certificateOf({ verificationMaterial: { content } }: Bundle): Uint8Array | null {
  switch (content.$case) {
    case 'certificate':
      return content.certificate.rawBytes
    case 'x509CertificateChain':
      return content.x509CertificateChain.certificates[0]?.rawBytes ?? null
    case 'publicKey':
      return null
  }
}
