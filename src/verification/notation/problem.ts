/** Why a Notation signature proves nothing, under which of its checks: a trust policy may only note some of them. */

/** https://github.com/notaryproject/specifications/blob/main/specs/trust-store-trust-policy.md#signature-verification-details */
export type Check = 'integrity' | 'authenticity' | 'authenticTimestamp' | 'expiry' | 'revocation'

export const NOTATION_REASONS = [
  'malformed',
  'too-large',
  'unsupported',
  'bad-certificate',
  'bad-signature',
  'wrong-subject',
  'wrong-payload',
  'bad-policy',
  'untrusted-chain',
  'wrong-identity',
  'no-timestamp',
  'bad-timestamp',
  'not-valid-then',
  'signature-expired',
  'revoked',
  'revocation-unknown',
] as const

export type Problem = { readonly reason: (typeof NOTATION_REASONS)[number]; readonly detail: string }

const DETAIL_LENGTH_MAX = 512

export function problem(reason: Problem['reason'], detail: string): Problem {
  return { reason, detail: detail.slice(0, DETAIL_LENGTH_MAX) }
}
