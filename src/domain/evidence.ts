/** What was found about one digest: who signed it, what was attested, what a scan said, what its manifest shows. Facts, no judgement. */

import * as z from 'zod'
import { Instant } from './event.ts'
import { Digest } from './image.ts'

export const EVIDENCE_FORMATS = [
  'sigstore-bundle',
  'cosign-tag-layer',
  'notation-jws',
  'notation-cose',
  'ecr-managed-signing',
] as const

const proven = {
  format: z.enum(EVIDENCE_FORMATS),
  /** Where it was found: the digest of the manifest or blob, or a file's name. */
  source: z.string(),
  /** What it speaks about: always the digest that was asked about. */
  subject: Digest,
  /** The configured signers that it satisfies, by name: never empty. */
  signers: z.array(z.string()),
  /** Who signed, for a person: `https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main`. */
  by: z.string(),
  /** Where it is logged, for a person. Null: in no log. */
  log: z.string().nullable(),
  /** Verified time (log or timestamp authority), never the signer's claim. Null: a key alone. */
  at: Instant.nullable(),
  /** Verified claims of the certificate, by the name that Fulcio gives them: `sourceRepositoryURI`, `sourceRepositoryDigest` … */
  claims: z.record(z.string(), z.string()),
}

export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'negligible', 'unknown'] as const
export const Severity = z.enum(SEVERITIES)
export type Severity = z.infer<typeof Severity>

/** "Finished" and "clean" are two facts: all but `finished` is never clean. */
export const SCAN_STATES = [
  'finished',
  'pending',
  'failed',
  'unsupported',
  'expired',
  'not-found',
  'unavailable',
] as const

export const Finding = z.object({
  /** `CVE-2026-1234`, `GHSA-…`. */
  id: z.string(),
  severity: Severity,
  package: z.string(),
  version: z.string(),
  /** Null: no fix is known. */
  fixedIn: z.string().nullable(),
})
export type Finding = Readonly<z.infer<typeof Finding>>

export const ScanFact = z.object({
  kind: z.literal('scan'),
  state: z.enum(SCAN_STATES),
  /** `ecr`, `inspector2`, `artifact-analysis`, `defender`, `harbor`, `quay`, `attestation`, `sarif` … */
  scanner: z.string(),
  /** The platform's manifest that was scanned; for an image that is no index, the digest itself. */
  subject: Digest,
  /** `linux/amd64`; null: the image has one platform. */
  platform: z.string().nullable(),
  /** A severity that is missing counts 0 only where the state is `finished`. */
  counts: z.partialRecord(Severity, z.number().int().min(0)),
  /** Null: the source gives counts alone, so nothing can be subtracted from them. */
  findings: z.array(Finding).nullable(),
  scannedAt: Instant.nullable(),
  databaseAt: Instant.nullable(),
  /** Its time is its signer's word alone: nothing verified says when it was signed. */
  claimed: z.literal(true).optional(),
  /** Signed reports only: the signers' names. */
  signers: z.array(z.string()),
  source: z.string(),
  /** For a person: what the scanner said. */
  detail: z.string(),
})
export type ScanFact = Readonly<z.infer<typeof ScanFact>>

export const SignatureFact = z.object({ kind: z.literal('signature'), ...proven })
export type SignatureFact = Readonly<z.infer<typeof SignatureFact>>

export const AttestationFact = z.object({
  kind: z.literal('attestation'),
  ...proven,
  predicateType: z.string(),
  predicate: z.unknown(),
})
export type AttestationFact = Readonly<z.infer<typeof AttestationFact>>

/** Something that looked like evidence and proved nothing: shown, never counted. */
export const RejectedFact = z.object({
  kind: z.literal('rejected'),
  source: z.string(),
  format: z.enum(EVIDENCE_FORMATS).nullable(),
  /** `wrong-identity`, `bad-signature`, `no-timestamp`, `untrusted-chain`, `revoked`, `too-large` … */
  reason: z.string(),
  detail: z.string(),
})
export type RejectedFact = Readonly<z.infer<typeof RejectedFact>>

/** A bound was hit before all was seen: what else there is cannot be known, so nothing that must be absent is proven absent. */
export const IndeterminateFact = z.object({ kind: z.literal('indeterminate'), source: z.string(), detail: z.string() })
export type IndeterminateFact = Readonly<z.infer<typeof IndeterminateFact>>

export const Evidence = z.discriminatedUnion('kind', [
  SignatureFact,
  AttestationFact,
  ScanFact,
  RejectedFact,
  IndeterminateFact,
])
export type Evidence = Readonly<z.infer<typeof Evidence>>
