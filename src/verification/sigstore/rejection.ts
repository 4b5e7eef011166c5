/** Why a signature proves nothing: a reason for machines and a sentence for people. */

import { VerificationError } from '@sigstore/verify'
import type { RejectedFact } from '../../domain/evidence.ts'

export const REJECTION_REASONS = [
  'malformed',
  'too-large',
  'unsupported',
  'no-trust-root',
  'stale-trust-root',
  'wrong-material',
  'no-timestamp',
  'untrusted-chain',
  'bad-certificate',
  'no-sct',
  'not-logged',
  'unknown-log',
  'log-mismatch',
  'bad-signature',
  'wrong-identity',
  'wrong-key',
  'wrong-subject',
  'wrong-payload',
] as const
export type Rejection = { readonly reason: (typeof REJECTION_REASONS)[number]; readonly detail: string }

const DETAIL_LENGTH_MAX = 512
const REASON_OF_CODE: Readonly<Record<string, Rejection['reason']>> = {
  TIMESTAMP_ERROR: 'no-timestamp',
  CERTIFICATE_ERROR: 'untrusted-chain',
  TLOG_BODY_ERROR: 'log-mismatch',
  TLOG_ERROR: 'not-logged',
  TLOG_MISSING_INCLUSION_ERROR: 'not-logged',
  TLOG_INCLUSION_PROOF_ERROR: 'not-logged',
  TLOG_INCLUSION_PROMISE_ERROR: 'not-logged',
  PUBLIC_KEY_ERROR: 'wrong-key',
  SIGNATURE_ERROR: 'bad-signature',
}

export function reject(reason: Rejection['reason'], detail: string): Rejection {
  return { reason, detail: detail.slice(0, DETAIL_LENGTH_MAX) }
}

/** What the library threw. Anything but its own errors came from parsing what an attacker wrote: it proves nothing either. */
export function rejectionOf(error: unknown): Rejection {
  if (!(error instanceof VerificationError)) return reject('malformed', `it cannot be read: ${messageOf(error)}`)
  const isSct = error.message.includes('SCT')
  const cause = error.cause === undefined ? '' : `: ${messageOf(error.cause)}`
  return reject(isSct ? 'no-sct' : (REASON_OF_CODE[error.code] ?? 'malformed'), `${error.message}${cause}`)
}

export function rejectedFact(
  { source, format }: Pick<RejectedFact, 'source' | 'format'>,
  why: Rejection,
): RejectedFact {
  return { kind: 'rejected', source, format, reason: why.reason, detail: why.detail }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
