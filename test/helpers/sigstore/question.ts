/** What a test asks our verifier: about one digest, with one signer and the trusted root of its own Sigstore. */

import { Digest } from '../../../src/domain/image.ts'
import type { KeySigner, KeylessSigner, Signers, Thresholds, TrustRoot } from '../../../src/domain/signer.ts'
import type { SigstoreFact, SigstoreQuestion } from '../../../src/verification/sigstore/verify.ts'
import { verifyCosignLayer, verifySigstoreBundle } from '../../../src/verification/sigstore/verify.ts'
import { pem } from './der.ts'
import { GITHUB_ISSUER, WORKFLOW, type Instance, type TrustedRootJson } from './instance.ts'
import type { LayerJson } from './signatures.ts'
import type { KeyObject } from 'node:crypto'
import { spki } from './certificates.ts'

export const SUBJECT = Digest.parse(`sha256:${'ab'.repeat(32)}`)
export const OTHER = Digest.parse(`sha256:${'cd'.repeat(32)}`)
export const FULL: Thresholds = { log: 1, sct: 1, timestamp: 1 }

export function workflowSigner(change: Partial<KeylessSigner> = {}): KeylessSigner {
  return {
    kind: 'keyless',
    issuer: { equals: GITHUB_ISSUER },
    subject: { equals: WORKFLOW },
    claims: {},
    trust: 'own',
    ...change,
  }
}

export function keySigner(key: KeyObject, log: KeySigner['log'] = 'required'): KeySigner {
  return { kind: 'key', pem: pem('PUBLIC KEY', spki(key)), log, trust: 'own' }
}

export function ownRoot(
  sigstore: Instance,
  {
    require = FULL,
    change,
  }: { readonly require?: Thresholds; readonly change?: (root: TrustedRootJson) => TrustedRootJson } = {},
): TrustRoot {
  return { kind: 'custom', json: sigstore.trustedRoot(change), require }
}

export function ask(sigstore: Instance, change: Partial<SigstoreQuestion> = {}): SigstoreQuestion {
  const signers: Signers = { ci: workflowSigner() }
  return { subject: SUBJECT, signers, trustRoots: { own: ownRoot(sigstore) }, now: sigstore.now.getTime(), ...change }
}

export function verifyBundle(bundle: unknown, question: SigstoreQuestion): Promise<SigstoreFact> {
  const text = typeof bundle === 'string' ? bundle : JSON.stringify(bundle)
  return verifySigstoreBundle({ source: 'test', bytes: Buffer.from(text) }, question)
}

export function verifyLayer(layer: LayerJson, question: SigstoreQuestion): Promise<SigstoreFact> {
  return verifyCosignLayer({ source: 'test', ...layer }, question)
}

/** `signature`, `attestation`, or the reason why it is none. */
export function outcomeOf(fact: SigstoreFact): string {
  return fact.kind === 'rejected' ? fact.reason : fact.kind
}
