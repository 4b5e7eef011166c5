/** Reads a layer of cosign's `.sig` and `.att` tags (before version 3): the blob is what was signed, its proofs are annotations. */

import type { Bundle } from '@sigstore/bundle'
import { crypto } from '@sigstore/core'
import * as z from 'zod'
import { Json } from '../../domain/json.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import { parseStrictJson } from './strict-json.ts'
import { readBundle } from './bundle.ts'
import { Buffer } from './platform.ts'
import { reject, type Rejection } from './rejection.ts'

export const SIMPLE_SIGNING = 'application/vnd.dev.cosign.simplesigning.v1+json'
export const DSSE_ENVELOPE = 'application/vnd.dsse.envelope.v1+json'
export const LAYER_BYTES_MAX = 16 * 1024 * 1024
const ANNOTATION_LENGTH_MAX = 256 * 1024
const SIGNATURE = 'dev.cosignproject.cosign/signature'
const CERTIFICATE = 'dev.sigstore.cosign/certificate'
const BUNDLE = 'dev.sigstore.cosign/bundle'
const TIMESTAMP = 'dev.sigstore.cosign/rfc3161timestamp'
/** The chain annotation is not read at all: what an attacker may write anchors nothing. */
const PEM = /^\s*-----BEGIN CERTIFICATE-----(?<body>[A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/u

export type CosignLayer = {
  readonly mediaType: string
  readonly annotations: Readonly<Record<string, string>>
  readonly blob: Uint8Array
}
export type ReadLayer = {
  readonly bundle: Bundle
  /** The payload of a signature; null for an attestation, whose envelope holds it. */
  readonly payload: Uint8Array | null
  /** The envelope as it was uploaded. */
  readonly envelope: Uint8Array | null
}

/** Go skips line breaks in base64, and real signatures have some; nothing else is forgiven. */
const Base64 = z
  .string()
  .min(1)
  .transform((text) => text.replaceAll(/[\r\n]/gu, ''))
  .refine((text) => Buffer.from(text, 'base64').toString('base64') === text, 'not base64')
const Entry = Json.pipe(z.object({ kind: z.string(), apiVersion: z.string() }))
const LogBundle = Json.pipe(
  z.object({
    SignedEntryTimestamp: Base64,
    Payload: z.object({
      body: Base64,
      integratedTime: z.number().int().positive().max(Number.MAX_SAFE_INTEGER),
      logIndex: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
      logID: z.string().regex(/^[0-9a-f]{64}$/u),
    }),
  }),
)
const Timestamp = Json.pipe(z.object({ SignedRFC3161Timestamp: Base64 }))
const Envelope = z.object({
  payload: Base64,
  payloadType: z.string(),
  signatures: z.tuple([z.object({ sig: Base64, keyid: z.string().nullish() })]),
})

/** As a bundle of version 0.1, which says the same in other words. `isKeyed`: a key of ours will verify it, no certificate. */
export function readLayer(layer: CosignLayer, isKeyed: boolean): Result<ReadLayer, Rejection> {
  if (layer.blob.byteLength > LAYER_BYTES_MAX)
    return err(reject('too-large', `a layer of more than ${LAYER_BYTES_MAX} bytes`))
  const isSignature = layer.mediaType === SIMPLE_SIGNING
  if (!isSignature && layer.mediaType !== DSSE_ENVELOPE)
    return err(reject('unsupported', `a layer of the type ${layer.mediaType}`))
  const signer = isKeyed ? ok({ publicKey: { hint: '' } }) : certificateOf(layer)
  if (!signer.ok) return signer
  const entries = entriesOf(layer)
  if (!entries.ok) return entries
  const timestamps = timestampsOf(layer)
  if (!timestamps.ok) return timestamps
  const content = isSignature ? messageOf(layer) : envelopeOf(layer)
  if (!content.ok) return content
  const bundle = readBundle({
    mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1',
    verificationMaterial: { ...signer.value, tlogEntries: entries.value, ...timestamps.value },
    ...content.value,
  })
  if (!bundle.ok) return bundle
  return ok({
    bundle: bundle.value,
    payload: isSignature ? layer.blob : null,
    envelope: isSignature ? null : layer.blob,
  })
}

/** True where the layer brings a certificate. */
export function hasCertificate({ annotations }: CosignLayer): boolean {
  return annotation(annotations, CERTIFICATE) !== undefined
}

type Part = Result<Record<string, unknown>, Rejection>

function certificateOf({ annotations }: CosignLayer): Part {
  const text = annotation(annotations, CERTIFICATE)
  if (text === undefined) return err(reject('wrong-material', 'no certificate came with it'))
  const body = text.length > ANNOTATION_LENGTH_MAX ? undefined : PEM.exec(text)?.groups?.['body']
  if (body === undefined) return malformed('certificate')
  return ok({ x509CertificateChain: { certificates: [{ rawBytes: body.replaceAll(/\s/gu, '') }] } })
}

function entriesOf({ annotations }: CosignLayer): Result<readonly unknown[], Rejection> {
  const text = annotation(annotations, BUNDLE)
  if (text === undefined) return ok([])
  const bundle = LogBundle.safeParse(text.slice(0, 2 * ANNOTATION_LENGTH_MAX))
  if (!bundle.success) return malformed('log bundle')
  const { body, integratedTime, logIndex, logID } = bundle.data.Payload
  const entry = Entry.safeParse(Buffer.from(body, 'base64').toString('utf8'))
  if (!entry.success) return malformed('log bundle')
  return ok([
    {
      logIndex: String(logIndex),
      logId: { keyId: Buffer.from(logID, 'hex').toString('base64') },
      kindVersion: { kind: entry.data.kind, version: entry.data.apiVersion },
      integratedTime: String(integratedTime),
      inclusionPromise: { signedEntryTimestamp: bundle.data.SignedEntryTimestamp },
      canonicalizedBody: body,
    },
  ])
}

/**
 * On an attestation the token stamps the whole envelope, not the signature. Nobody counts it here: with a log entry it is not
 * needed, and without one there is no time.
 */
function timestampsOf({ annotations, mediaType }: CosignLayer): Part {
  const text = annotation(annotations, TIMESTAMP)
  if (text === undefined || mediaType !== SIMPLE_SIGNING) return ok({})
  const timestamp = Timestamp.safeParse(text.slice(0, ANNOTATION_LENGTH_MAX))
  if (!timestamp.success) return malformed('timestamp')
  const rfc3161Timestamps = [{ signedTimestamp: timestamp.data.SignedRFC3161Timestamp }]
  return ok({ timestampVerificationData: { rfc3161Timestamps } })
}

/** cosign hashes by SHA-256 whatever the key is. */
function messageOf({ annotations, blob }: CosignLayer): Part {
  const signature = Base64.safeParse(annotation(annotations, SIGNATURE)?.slice(0, ANNOTATION_LENGTH_MAX))
  if (!signature.success) return malformed('signature')
  const digest = crypto.digest('sha256', blob).toString('base64')
  return ok({ messageSignature: { messageDigest: { algorithm: 'SHA2_256', digest }, signature: signature.data } })
}

function envelopeOf({ blob }: CosignLayer): Part {
  const document = parseStrictJson(blob)
  const envelope = Envelope.safeParse(document.ok ? document.value : null)
  if (!envelope.success) return err(reject('malformed', 'the layer is not an envelope with one signature'))
  const { payload, payloadType, signatures } = envelope.data
  const [{ sig, keyid }] = signatures
  return ok({ dsseEnvelope: { payload, payloadType, signatures: [{ sig, keyid: keyid ?? '' }] } })
}

function annotation(annotations: Readonly<Record<string, string>>, name: string): string | undefined {
  const text = Object.hasOwn(annotations, name) ? annotations[name] : undefined
  return text === '' ? undefined : text
}

function malformed(what: string): Result<never, Rejection> {
  return err(reject('malformed', `the ${what} annotation cannot be read`))
}
