/** Reads a Sigstore bundle: its size, its version's rules and its counts first, so that nothing unbounded is ever parsed further. */

import { bundleFromJSON, type Bundle } from '@sigstore/bundle'
import { X509Certificate } from '@sigstore/core'
import * as z from 'zod'
import { err, ok, type Result } from '../../domain/result.ts'
import { parseStrictJson } from './strict-json.ts'
import { Buffer } from './platform.ts'
import { reject, type Rejection } from './rejection.ts'

export const BUNDLE_BYTES_MAX = 4 * 1024 * 1024
export const LOG_ENTRIES_MAX = 4
export const TIMESTAMPS_MAX = 4
const CHAIN_MAX = 8
const PROOF_HASHES_MAX = 64
const OLD_TYPE = /^application\/vnd\.dev\.sigstore\.bundle\+json;version=0\.[123]$/u
const TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json'

const list = (item: z.ZodType, max: number): z.ZodType => z.array(item).max(max).nullish()
const Entry = z.looseObject({
  inclusionProof: z.looseObject({ hashes: list(z.string(), PROOF_HASHES_MAX) }).nullish(),
})
/** `publicKey` and others are one choice: of two, each reader would take another. */
const one = (names: readonly string[]) => (value: Readonly<Record<string, unknown>>) =>
  names.filter((name) => (value[name] ?? null) !== null).length === 1
const MATERIAL = ['publicKey', 'x509CertificateChain', 'certificate']
const CONTENT = ['messageSignature', 'dsseEnvelope']

const Shape = z
  .looseObject({
    mediaType: z
      .string()
      .refine((type) => type === TYPE || OLD_TYPE.test(type), 'a bundle of version 0.1, 0.2 or 0.3 was expected'),
    verificationMaterial: z
      .looseObject({
        x509CertificateChain: z.looseObject({ certificates: list(z.looseObject({}), CHAIN_MAX) }).nullish(),
        tlogEntries: list(Entry, LOG_ENTRIES_MAX),
        timestampVerificationData: z
          .looseObject({ rfc3161Timestamps: list(z.looseObject({}), TIMESTAMPS_MAX) })
          .nullish(),
      })
      .refine(one(MATERIAL), `exactly one of ${MATERIAL.join(', ')} was expected`),
  })
  .refine(one(CONTENT), `exactly one of ${CONTENT.join(', ')} was expected`)

export function parseBundle(bytes: Uint8Array): Result<Bundle, Rejection> {
  if (bytes.byteLength > BUNDLE_BYTES_MAX)
    return err(reject('too-large', `a bundle of more than ${BUNDLE_BYTES_MAX} bytes`))
  const document = parseStrictJson(bytes)
  return document.ok ? readBundle(document.value) : err(reject('malformed', `the bundle: ${document.error}`))
}

/** For a document that is JSON already. */
export function readBundle(document: unknown): Result<Bundle, Rejection> {
  const shape = Shape.safeParse(document)
  if (!shape.success) return err(rejectionOfShape(shape.error))
  try {
    const bundle = bundleFromJSON(document)
    return carriesRoot(bundle)
      ? err(reject('malformed', 'the bundle carries a root certificate of its own'))
      : ok(bundle)
  } catch (error) {
    return err(
      reject('malformed', `the bundle is not well formed: ${error instanceof Error ? error.message : 'unreadable'}`),
    )
  }
}

function rejectionOfShape({ issues }: z.ZodError): Rejection {
  const [issue] = issues
  const where = issue?.path.join('.') ?? ''
  const reason = issue?.code === 'too_big' ? 'too-large' : where === 'mediaType' ? 'unsupported' : 'malformed'
  return reject(reason, `the bundle is not well formed at ${where || 'its top'}: ${issue?.message ?? ''}`)
}

/** Trust comes from the root that is configured, so a bundle has no business to bring one (protobuf-specs, `Bundle`). */
function carriesRoot({ verificationMaterial: { content } }: Bundle): boolean {
  if (content.$case !== 'x509CertificateChain') return false
  const { certificates } = content.x509CertificateChain
  return certificates.length > 1 && certificates.some(({ rawBytes }) => isSelfIssued(rawBytes))
}

function isSelfIssued(der: Uint8Array): boolean {
  const certificate = X509Certificate.parse(Buffer.from(der))
  return certificate.subject.equals(certificate.issuer)
}
