/** A signature by a key that somebody keeps: which of the configured keys made it, and whether it is logged where that is demanded. */

import { crypto } from '@sigstore/core'
import type { TrustMaterial } from '@sigstore/verify'
import { err, ok, type Result } from '../../domain/result.ts'
import type { KeySigner } from '../../domain/signer.ts'
import type { SigningMaterial } from './log-entry.ts'
import { prove, type Proof } from './prove.ts'
import { keySigners, rootOf, type Signed, type SigstoreQuestion } from './question.ts'
import { reject, type Rejection } from './rejection.ts'
import { entityOf } from './signed-content.ts'

const NOTHING = { log: 0, sct: 0, timestamp: 0 }
const NO_MATERIAL = { certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [] }

export function byKeys(
  signed: Signed,
  question: SigstoreQuestion,
): Result<Proof & { readonly signers: string[] }, Rejection> {
  let why = reject('wrong-material', 'it was made with a key, and no signer here has one')
  const proofs: Proof[] = []
  const names: string[] = []
  for (const signer of keySigners(question)) {
    const proof = proveBy(signer, signed, question)
    if (!proof.ok) why = proof.error
    else {
      names.push(signer.name)
      proofs.push(proof.value)
    }
  }
  // The same key may be in two signers, one of whom asks for the log: what is known of the time is then said.
  const best = proofs.find(({ at }) => at !== null) ?? proofs[0]
  return best === undefined ? err(why) : ok({ ...best, signers: names })
}

/** The key is the signer's; what the bundle hints at is not asked. */
function proveBy(signer: KeySigner, signed: Signed, question: SigstoreQuestion): Result<Proof, Rejection> {
  const publicKey = keyOf(signer.pem)
  if (publicKey === null) return err(reject('wrong-key', 'the PEM of the signer is not a public key'))
  const key: Pick<TrustMaterial, 'publicKey'> = { publicKey: () => ({ publicKey, validFor: () => true }) }
  const ours: SigningMaterial = { kind: 'key', der: publicKey.export({ format: 'der', type: 'spki' }) }
  const entity = entityOf(signed.bundle, signed.artifact)
  const { envelope } = signed
  if (signer.log === 'ignore') {
    // Nothing is concluded from a log or a clock that nobody trusts: they are left out, not looked at half.
    const { verificationMaterial } = signed.bundle
    const bundle = { ...signed.bundle, verificationMaterial: { ...verificationMaterial, tlogEntries: [] } }
    const bare = { ...entity, tlogEntries: [], timestamps: [] }
    return prove(bare, { bundle, envelope, material: { ...NO_MATERIAL, ...key }, require: NOTHING, ours })
  }
  const root = rootOf(signer.trust, question)
  if (!root.ok) return root
  const require = { ...NOTHING, log: Math.max(1, root.value.require.log) }
  return prove(entity, { bundle: signed.bundle, envelope, material: { ...root.value.material, ...key }, require, ours })
}

/** Exactly one public key, with text around it or not: the platform would take a certificate or a private key too, and nobody means that. */
const PEM = /-----BEGIN PUBLIC KEY-----[A-Za-z0-9+/=\s]+-----END PUBLIC KEY-----/gu

function keyOf(text: string): ReturnType<typeof crypto.createPublicKey> | null {
  const [pem, ...others] = text.match(PEM) ?? []
  if (pem === undefined || others.length > 0) return null
  try {
    return crypto.createPublicKey(pem)
  } catch {
    return null
  }
}
