/** The smallest valid evidence about the usual image: a test says only what it is about. */

import type { AttestationFact, ScanFact, SignatureFact } from '../../src/domain/evidence.ts'
import type { KeySigner, Signers } from '../../src/domain/signer.ts'
import type { Policy, Requirement } from '../../src/domain/verification-policy.ts'
import type { Case } from '../../src/verification/case.ts'
import { aDigest, aPinnedImage, NOW } from './build.ts'

const proven = {
  format: 'sigstore-bundle' as const,
  source: 'sha256:b0',
  subject: aDigest(),
  signers: ['ci'],
  by: 'https://github.com/acme/payments/.github/workflows/release.yml@refs/tags/v1.5.0',
  log: 'entry 42',
  at: NOW - 60_000,
  claims: {},
}

export function aSignature(fact: Partial<SignatureFact> = {}): SignatureFact {
  return { kind: 'signature', ...proven, ...fact }
}

export function anAttestation(fact: Partial<AttestationFact> = {}): AttestationFact {
  return { kind: 'attestation', ...proven, predicateType: 'https://slsa.dev/provenance/v1', predicate: {}, ...fact }
}

export function aScan(fact: Partial<ScanFact> = {}): ScanFact {
  return {
    kind: 'scan',
    state: 'finished',
    scanner: 'ecr',
    subject: aDigest(),
    platform: null,
    counts: {},
    findings: [],
    scannedAt: NOW - 60_000,
    databaseAt: NOW - 60_000,
    signers: [],
    source: 'ecr',
    detail: 'nothing found',
    ...fact,
  }
}

const aKey: KeySigner = { kind: 'key', pem: 'PEM', log: 'required', trust: 'public-good' }
const SIGNERS: Signers = { ci: aKey, qa: aKey, security: aKey, other: { ...aKey, images: ['docker.io/acme/other'] } }

export function aPolicy(require: readonly Requirement[], policy: Partial<Policy> = {}): Policy {
  return { require: [...require], wait: 900_000, fresh: 900_000, reconsider: false, ...policy }
}

export function aCase(given: Partial<Omit<Case, 'policy'>> & { readonly require: readonly Requirement[] }): Case {
  const { require, ...rest } = given
  return {
    policy: aPolicy(require),
    image: aPinnedImage(),
    evidence: [],
    signers: SIGNERS,
    platforms: [{ digest: aDigest(), platform: null }],
    facts: null,
    runningBuiltAt: null,
    now: NOW,
    ...rest,
  }
}
