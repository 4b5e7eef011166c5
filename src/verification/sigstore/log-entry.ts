/** A log entry's own words: it must have been made with the key or certificate of this signature, and no other (CVE-2026-22703). */

import type { Bundle, TransparencyLogEntry } from '@sigstore/bundle'
import { crypto, dsse, json } from '@sigstore/core'
import type { TrustMaterial } from '@sigstore/verify'
import * as z from 'zod'
import { parseStrictJson } from './strict-json.ts'
import { Buffer } from './platform.ts'
import { reject, type Rejection } from './rejection.ts'

const PEM = /^\s*-----BEGIN (?<label>CERTIFICATE|PUBLIC KEY)-----(?<body>[A-Za-z0-9+/=\s]*)-----END \k<label>-----\s*$/u

/** How the signature was made: exactly one of the two, as DER. */
export type SigningMaterial =
  | { readonly kind: 'certificate'; readonly der: Uint8Array }
  | { readonly kind: 'key'; readonly der: Uint8Array }

const Base64 = z
  .string()
  .min(1)
  .max(64 * 1024)
const Verifier2 = z.union([
  z.object({ x509Certificate: z.object({ rawBytes: Base64 }) }).transform((value) => ({
    kind: 'certificate' as const,
    der: Buffer.from(value.x509Certificate.rawBytes, 'base64'),
  })),
  z.object({ publicKey: z.object({ rawBytes: Base64 }) }).transform((value) => ({
    kind: 'key' as const,
    der: Buffer.from(value.publicKey.rawBytes, 'base64'),
  })),
])
/** PEM, in base64: how the first Rekor writes certificates and keys. */
const Pem = Base64.transform((text, context): SigningMaterial => {
  const groups = PEM.exec(Buffer.from(text, 'base64').toString('latin1'))?.groups
  if (groups === undefined) context.addIssue({ code: 'custom', message: 'not one certificate or key in PEM' })
  const der = Buffer.from(groups?.['body'] ?? '', 'base64')
  return { kind: groups?.['label'] === 'CERTIFICATE' ? 'certificate' : 'key', der }
})
const only = <T extends z.ZodType>(item: T): z.ZodTuple<[T]> => z.tuple([item])
const Verifiers: Readonly<Record<string, z.ZodType<SigningMaterial>>> = {
  'hashedrekord@0.0.1': z
    .object({ signature: z.object({ publicKey: z.object({ content: Pem }) }) })
    .transform(({ signature }) => signature.publicKey.content),
  'dsse@0.0.1': z
    .object({ signatures: only(z.object({ verifier: Pem })) })
    .transform(({ signatures: [{ verifier }] }) => verifier),
  'intoto@0.0.1': z.object({ publicKey: Pem }).transform(({ publicKey }) => publicKey),
  'intoto@0.0.2': z
    .object({ content: z.object({ envelope: z.object({ signatures: only(z.object({ publicKey: Pem })) }) }) })
    .transform(({ content }) => content.envelope.signatures[0].publicKey),
  'hashedrekord@0.0.2': z
    .object({ hashedRekordV002: z.object({ signature: z.object({ verifier: Verifier2 }) }) })
    .transform(({ hashedRekordV002 }) => hashedRekordV002.signature.verifier),
  'dsse@0.0.2': z
    .object({ dsseV002: z.object({ signatures: only(z.object({ verifier: Verifier2 })) }) })
    .transform(({ dsseV002 }) => dsseV002.signatures[0].verifier),
}
const Body = z.object({ kind: z.string().max(64), apiVersion: z.string().max(16), spec: z.unknown() })

const Recorded = z.object({ data: z.object({ hash: z.object({ value: z.string() }) }) })

/** Null: the entry is this signature's own. */
export function entryProblem(entry: TransparencyLogEntry, bundle: Bundle, ours: SigningMaterial): Rejection | null {
  const body = bodyOf(entry)
  if (body === null) return reject('malformed', 'the log entry cannot be read')
  const name = `${body.kind}@${body.apiVersion}`
  const schema = Object.hasOwn(Verifiers, name) ? Verifiers[name] : undefined
  if (schema === undefined) return reject('unsupported', `a log entry of the kind ${name}`)
  const theirs = schema.safeParse(body.spec)
  if (!theirs.success) return reject('log-mismatch', 'the log entry does not name one key or certificate')
  const isOurs = theirs.data.kind === ours.kind && Buffer.compare(theirs.data.der, ours.der) === 0
  if (!isOurs) return reject('log-mismatch', 'the log entry was made with another key or certificate')
  return name === 'hashedrekord@0.0.1' && !isHashOfSigned(body.spec, bundle)
    ? reject('log-mismatch', 'the log entry is about other bytes')
    : null
}

/** An envelope logged by its hash: by that of what was signed, its encoding with the type, and not of the payload alone. */
function isHashOfSigned(spec: unknown, { content }: Bundle): boolean {
  if (content.$case !== 'dsseEnvelope') return true
  const recorded = Recorded.safeParse(spec)
  const { payloadType, payload } = content.dsseEnvelope
  return recorded.success && recorded.data.data.hash.value === hexOf(dsse.preAuthEncoding(payloadType, payload))
}

/** `cosign attest` up to 2.x logged this kind, which the library does not read. */
export function isOldIntoto({ kindVersion: { kind, version } }: TransparencyLogEntry): boolean {
  return kind === 'intoto' && version === '0.0.1'
}

const Hash = z.object({ algorithm: z.literal('sha256'), value: z.string().regex(/^[0-9a-f]{64}$/u) })
const OldIntoto = z.object({ content: z.object({ hash: Hash, payloadHash: Hash.optional() }) })

type OldEntry = {
  readonly entry: TransparencyLogEntry
  readonly bundle: Bundle
  /** As it was uploaded: the entry holds its hash. */
  readonly envelope: Uint8Array
  readonly logs: TrustMaterial['tlogs']
}

/** Such an entry says the hash of the whole envelope and no signature; it has a promise and no proof. */
export function oldIntotoProblem({ entry, bundle, envelope, logs }: OldEntry): Rejection | null {
  const body = bodyOf(entry)
  const spec = OldIntoto.safeParse(body?.spec)
  if (
    body?.kind !== 'intoto' ||
    body.apiVersion !== '0.0.1' ||
    !spec.success ||
    bundle.content.$case !== 'dsseEnvelope'
  ) {
    return reject('log-mismatch', 'the log entry is not what it says to be')
  }
  const { hash, payloadHash } = spec.data.content
  if (hash.value !== hexOf(envelope)) return reject('log-mismatch', 'the log entry is about another envelope')
  if (payloadHash !== undefined && payloadHash.value !== hexOf(bundle.content.dsseEnvelope.payload)) {
    return reject('log-mismatch', 'the log entry is about another payload')
  }
  const isPromised = logs.some((log) => isPromise(entry, log))
  return isPromised ? null : reject('not-logged', 'no trusted log promised this entry')
}

function isPromise(
  entry: TransparencyLogEntry,
  { logID, validFor, publicKey }: TrustMaterial['tlogs'][number],
): boolean {
  const at = new Date(Number(entry.integratedTime) * 1000)
  const promise = entry.inclusionPromise?.signedEntryTimestamp
  if (promise === undefined || !logID.equals(entry.logId.keyId) || at < validFor.start || at > validFor.end)
    return false
  const signed = json.canonicalize({
    body: entry.canonicalizedBody.toString('base64'),
    integratedTime: Number(entry.integratedTime),
    logIndex: Number(entry.logIndex),
    logID: entry.logId.keyId.toString('hex'),
  })
  const hash = publicKey.asymmetricKeyType === 'ed25519' ? undefined : 'sha256'
  return crypto.verify(Buffer.from(signed), publicKey, promise, hash)
}

function bodyOf(entry: TransparencyLogEntry): z.infer<typeof Body> | null {
  const document = parseStrictJson(entry.canonicalizedBody)
  const body = Body.safeParse(document.ok ? document.value : null)
  return body.success ? body.data : null
}

function hexOf(bytes: Uint8Array): string {
  return crypto.digest('sha256', bytes).toString('hex')
}
