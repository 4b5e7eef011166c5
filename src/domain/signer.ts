/** Whose signature counts, resolved: exact identities, a key, or a Notation trust policy; and the trusted roots they are proven by. */

import * as z from 'zod'

const TEXT_LENGTH_MAX = 2_048
const PEM_LENGTH_MAX = 64 * 1024
const ROOT_LENGTH_MAX = 512 * 1024
const LIST_MAX = 64

const Text = z.string().min(1).max(TEXT_LENGTH_MAX)
/** PEM, or the whole text of a file with some. */
const Pem = z.string().min(1).max(PEM_LENGTH_MAX)

/** Exact, or a regular expression of RE2 that holds for the whole text: whoever matches puts `^(?:` and `)$` around it. */
export const TextMatch = z.union([z.strictObject({ equals: Text }), z.strictObject({ pattern: Text })])
export type TextMatch = Readonly<z.infer<typeof TextMatch>>

const common = {
  /** The images that it may sign, `registry/repository` or `registry/path/*`. Absent: all that name it. */
  images: z.array(Text).max(LIST_MAX).optional(),
}

/** A certificate of Fulcio: GitHub's workflows, other CI systems, people. */
export const KeylessSigner = z.object({
  kind: z.literal('keyless'),
  ...common,
  issuer: TextMatch,
  subject: TextMatch,
  /** By the name that Fulcio gives them: `sourceRepositoryURI`, `runnerEnvironment` … A claim that is missing does not match. */
  claims: z.record(z.string(), TextMatch),
  /** The trusted root, by name. */
  trust: z.string(),
})
export type KeylessSigner = Readonly<z.infer<typeof KeylessSigner>>

export const KeySigner = z.object({
  kind: z.literal('key'),
  ...common,
  /** A public key. */
  pem: Pem,
  /** `required`: the signature must be in a log of the trusted root. */
  log: z.enum(['required', 'ignore']),
  trust: z.string(),
})
export type KeySigner = Readonly<z.infer<typeof KeySigner>>

export const NotationSigner = z.object({
  kind: z.literal('notation'),
  ...common,
  level: z.enum(['strict', 'permissive']),
  override: z.object({
    authenticTimestamp: z.enum(['enforce', 'log']).optional(),
    expiry: z.enum(['enforce', 'log']).optional(),
    revocation: z.enum(['enforce', 'log', 'skip']).optional(),
  }),
  /** Certificates as PEM, by the kind of store. */
  trustStores: z.object({
    ca: z.array(Pem).max(LIST_MAX),
    signingAuthority: z.array(Pem).max(LIST_MAX),
    tsa: z.array(Pem).max(LIST_MAX),
  }),
  /** `x509.subject: C=DE, ST=BE, O=Acme`, an ARN of AWS Signer, or `*` alone. */
  identities: z.array(Text).min(1).max(LIST_MAX),
  verifyTimestamp: z.enum(['always', 'afterCertExpiry']),
  /** `network`: OCSP and CRL; `aws-signer`: its own service. */
  revocation: z.enum(['network', 'aws-signer']),
})
export type NotationSigner = Readonly<z.infer<typeof NotationSigner>>

export const Signer = z.discriminatedUnion('kind', [KeylessSigner, KeySigner, NotationSigner])
export type Signer = Readonly<z.infer<typeof Signer>>

/** By name, as `signers:` has them. */
export type Signers = Readonly<Record<string, Signer>>

/** How much a trusted root must show of a signature; it belongs to the root, never to what was signed. */
export const Thresholds = z.object({
  log: z.number().int().min(0).max(8),
  sct: z.number().int().min(0).max(8),
  timestamp: z.number().int().min(0).max(8),
})
export type Thresholds = Readonly<z.infer<typeof Thresholds>>

export const TrustRoot = z.discriminatedUnion('kind', [
  /** What is compiled in: Sigstore's public-good instance. */
  z.object({ kind: z.literal('builtin'), builtin: z.literal('sigstore'), require: Thresholds }),
  /** The text of a `trusted_root.json`. */
  z.object({ kind: z.literal('custom'), json: z.string().min(2).max(ROOT_LENGTH_MAX), require: Thresholds }),
])
export type TrustRoot = Readonly<z.infer<typeof TrustRoot>>

/** By name, as `trust:` has them; `public-good` is always there. */
export type TrustRoots = Readonly<Record<string, TrustRoot>>

export const PUBLIC_GOOD: TrustRoot = {
  kind: 'builtin',
  builtin: 'sigstore',
  require: { log: 1, sct: 1, timestamp: 1 },
}
