/** What a certificate of Fulcio may claim: names, and the last number of their object identifiers 1.3.6.1.4.1.57264.1.x. */

/** https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md: strings in DER. */
export const CLAIM_NUMBERS: Readonly<Record<string, number>> = {
  issuer: 8,
  buildSignerURI: 9,
  buildSignerDigest: 10,
  runnerEnvironment: 11,
  sourceRepositoryURI: 12,
  sourceRepositoryDigest: 13,
  sourceRepositoryRef: 14,
  sourceRepositoryIdentifier: 15,
  sourceRepositoryOwnerURI: 16,
  sourceRepositoryOwnerIdentifier: 17,
  buildConfigURI: 18,
  buildConfigDigest: 19,
  buildTrigger: 20,
  runInvocationURI: 21,
  sourceRepositoryVisibilityAtSigning: 22,
}

/** Deprecated, the bytes alone, and all that old certificates have. */
export const OLD_CLAIM_NUMBERS: Readonly<Record<string, number>> = {
  githubWorkflowTrigger: 2,
  githubWorkflowSHA: 3,
  githubWorkflowName: 4,
  githubWorkflowRepository: 5,
  githubWorkflowRef: 6,
}

/** A claim of another name is in no certificate, so whoever asks for it mistyped. */
export function isClaim(name: string): boolean {
  return Object.hasOwn(CLAIM_NUMBERS, name) || Object.hasOwn(OLD_CLAIM_NUMBERS, name)
}
