/** Signatures by an offline Sigstore: bundles as cosign and GitHub write them, and the layers of cosign's older tags. */

import { sign, type KeyObject } from 'node:crypto'
import { dsse } from '@sigstore/core'
import { spki } from './certificates.ts'
import { pem } from './der.ts'
import { pair, type Instance, type LeafOptions } from './instance.ts'
import { sha256, type AppendOptions, type Entry } from './log.ts'
import type { StampOptions } from './stamp.ts'

const IN_TOTO = 'application/vnd.in-toto+json'
export const COSIGN_SIGN = 'https://sigstore.dev/cosign/sign/v1'
type Keys = { readonly publicKey: KeyObject; readonly privateKey: KeyObject }

export type SignOptions = {
  readonly keys?: Keys
  /** `key`: by the key alone, without a certificate. */
  readonly by?: 'certificate' | 'key'
  readonly leaf?: LeafOptions
  /** The certificate or key that the log entry is made with, where it is not the signature's own. */
  readonly entryVerifier?: Buffer
  readonly entrySignature?: Buffer
  readonly entryPayload?: Uint8Array
  readonly log?: 'v1' | 'v2' | 'none'
  readonly append?: AppendOptions
  /** When the timestamp authority stamps it. Default: where the log has no time. Null: never. */
  readonly stampedAt?: Date | null
  readonly payloadType?: string
  /** The first Rekor logs a hash alone: of what was signed, or (wrongly) of the payload. */
  readonly hashed?: 'signed' | 'payload'
}
export type BundleJson = Record<string, unknown> & {
  mediaType: string
  verificationMaterial: Record<string, unknown> & { tlogEntries: Entry[] }
  dsseEnvelope: { payload: string; payloadType: string; signatures: { sig: string; keyid?: string }[] }
}

export function statement(
  digest: string,
  {
    predicateType = COSIGN_SIGN,
    predicate = {},
  }: { readonly predicateType?: string; readonly predicate?: unknown } = {},
): object {
  const [algorithm = '', hex = ''] = digest.split(':')
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: '', digest: { [algorithm]: hex } }],
    predicateType,
    predicate,
  }
}

/** A bundle of version 0.3 around a statement (or around any bytes). */
export function signBundle(sigstore: Instance, content: object | string, options: SignOptions = {}): BundleJson {
  const { keys = pair(), log = 'v1', payloadType = IN_TOTO, by = 'certificate' } = options
  const payload = Buffer.from(typeof content === 'string' ? content : JSON.stringify(content))
  const signature = sign('sha256', dsse.preAuthEncoding(payloadType, payload), keys.privateKey)
  const certificate = by === 'key' ? null : sigstore.leaf(keys.publicKey, options.leaf)
  const verifier = options.entryVerifier ?? certificate ?? spki(keys.publicKey)
  const envelope = {
    payload: payload.toString('base64'),
    payloadType,
    signatures: [{ sig: signature.toString('base64') }],
  }
  const facts = {
    payload: options.entryPayload ?? payload,
    signature: options.entrySignature ?? signature,
    verifier,
    isCertificate: certificate !== null,
    payloadType,
  }
  const append = { at: sigstore.now, ...options.append }
  const entries =
    log === 'none'
      ? []
      : [
          sigstore.logs[log].append(
            log === 'v2'
              ? hashedV2(facts)
              : options.hashed === undefined
                ? dsseV1(facts, envelope)
                : hashedV1(facts, options.hashed),
            append,
          ),
        ]
  const stampedAt = options.stampedAt === undefined && log !== 'v1' ? sigstore.now : (options.stampedAt ?? null)
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: {
      ...(certificate === null
        ? { publicKey: { hint: '' } }
        : { certificate: { rawBytes: certificate.toString('base64') } }),
      tlogEntries: entries,
      ...(stampedAt === null ? {} : stamps(sigstore, signature, stampedAt)),
    },
    dsseEnvelope: envelope,
  }
}

export function stamps(
  sigstore: Instance,
  signature: Uint8Array,
  at: Date,
  options: Omit<StampOptions, 'at'> = {},
): object {
  const signedTimestamp = sigstore.stamper.stamp(signature, { at, ...options }).toString('base64')
  return { timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp }] } }
}

export type MessageBundleJson = Record<string, unknown> & {
  mediaType: string
  verificationMaterial: Record<string, unknown> & { tlogEntries: Entry[] }
  messageSignature: { messageDigest: { algorithm: string; digest: string }; signature: string }
}

/** A bundle of version 0.3 around a file. */
export function signMessage(sigstore: Instance, bytes: Uint8Array, options: SignOptions = {}): MessageBundleJson {
  const { keys = pair(), log = 'v1', by = 'certificate' } = options
  const signature = sign('sha256', bytes, keys.privateKey)
  const certificate = by === 'key' ? null : sigstore.leaf(keys.publicKey, options.leaf)
  const facts = {
    payload: options.entryPayload ?? bytes,
    signature: options.entrySignature ?? signature,
    verifier: options.entryVerifier ?? certificate ?? spki(keys.publicKey),
    isCertificate: certificate !== null,
    payloadType: '',
  }
  const digest = sha256(bytes).toString('base64')
  const body = log === 'v2' ? hashedV2(facts, sha256(facts.payload)) : hashedV1(facts, 'payload')
  const stampedAt = options.stampedAt === undefined && log !== 'v1' ? sigstore.now : (options.stampedAt ?? null)
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: {
      ...(certificate === null
        ? { publicKey: { hint: '' } }
        : { certificate: { rawBytes: certificate.toString('base64') } }),
      tlogEntries: log === 'none' ? [] : [sigstore.logs[log].append(body, { at: sigstore.now, ...options.append })],
      ...(stampedAt === null ? {} : stamps(sigstore, signature, stampedAt)),
    },
    messageSignature: {
      messageDigest: { algorithm: 'SHA2_256', digest },
      signature: signature.toString('base64'),
    },
  }
}

/** An envelope as Rekor's kind `intoto` 0.0.2 has it: its signature in base64 twice; the payload's hash, and no payload. */
export function intotoEntry({ dsseEnvelope }: BundleJson, verifier: Buffer, isCertificate: boolean): object {
  const { payload, payloadType, signatures } = dsseEnvelope
  const publicKey = pemOf({ verifier, isCertificate })
  const twice = signatures.map(({ sig }) => ({ publicKey, sig: Buffer.from(sig).toString('base64') }))
  const envelope = { payloadType, signatures: twice }
  const hash = hashOf(Buffer.from(JSON.stringify(dsseEnvelope)))
  const payloadHash = hashOf(Buffer.from(payload, 'base64'))
  return { apiVersion: '0.0.2', kind: 'intoto', spec: { content: { envelope, hash, payloadHash } } }
}

type Facts = {
  readonly payload: Uint8Array
  readonly signature: Buffer
  readonly verifier: Buffer
  readonly isCertificate: boolean
  readonly payloadType: string
}
const hashOf = (bytes: Uint8Array): object => ({ algorithm: 'sha256', value: sha256(bytes).toString('hex') })

function pemOf({ verifier, isCertificate }: Pick<Facts, 'verifier' | 'isCertificate'>): string {
  return Buffer.from(pem(isCertificate ? 'CERTIFICATE' : 'PUBLIC KEY', verifier)).toString('base64')
}

function dsseV1(facts: Facts, envelope: object): object {
  const signatures = [{ signature: facts.signature.toString('base64'), verifier: pemOf(facts) }]
  const spec = {
    envelopeHash: hashOf(Buffer.from(JSON.stringify(envelope))),
    payloadHash: hashOf(facts.payload),
    signatures,
  }
  return { apiVersion: '0.0.1', kind: 'dsse', spec }
}

function hashedV1(facts: Facts, of: 'signed' | 'payload'): object {
  const { payload, payloadType, signature } = facts
  const bytes = of === 'payload' ? payload : dsse.preAuthEncoding(payloadType, Buffer.from(payload))
  const by = { content: signature.toString('base64'), publicKey: { content: pemOf(facts) } }
  return { apiVersion: '0.0.1', kind: 'hashedrekord', spec: { data: { hash: hashOf(bytes) }, signature: by } }
}

function hashedV2({ payload, signature, verifier, isCertificate, payloadType }: Facts, hash?: Buffer): object {
  const rawBytes = verifier.toString('base64')
  const by = isCertificate ? { x509Certificate: { rawBytes } } : { publicKey: { rawBytes } }
  const digest = (hash ?? sha256(dsse.preAuthEncoding(payloadType, Buffer.from(payload)))).toString('base64')
  const hashedRekordV002 = {
    data: { algorithm: 'SHA2_256', digest },
    signature: { content: signature.toString('base64'), verifier: { keyDetails: 'PKIX_ECDSA_P256_SHA_256', ...by } },
  }
  return { apiVersion: '0.0.2', kind: 'hashedrekord', spec: { hashedRekordV002 } }
}

export type LayerJson = {
  readonly mediaType: string
  readonly annotations: Record<string, string>
  readonly blob: Buffer
}

/** A layer of a `.sig` tag. */
export function signLayer(
  sigstore: Instance,
  digest: string,
  options: SignOptions & { readonly type?: string } = {},
): LayerJson {
  const { keys = pair(), by = 'certificate', log = 'v1', type = 'cosign container image signature' } = options
  const critical = { identity: { 'docker-reference': '' }, image: { 'docker-manifest-digest': digest }, type }
  const blob = Buffer.from(JSON.stringify({ critical, optional: null }))
  const signature = sign('sha256', blob, keys.privateKey)
  const certificate = by === 'key' ? null : sigstore.leaf(keys.publicKey, options.leaf)
  const verifier = options.entryVerifier ?? certificate ?? spki(keys.publicKey)
  const body = {
    apiVersion: '0.0.1',
    kind: 'hashedrekord',
    spec: {
      data: { hash: hashOf(options.entryPayload ?? blob) },
      signature: {
        content: (options.entrySignature ?? signature).toString('base64'),
        publicKey: { content: pemOf({ verifier, isCertificate: certificate !== null }) },
      },
    },
  }
  return {
    mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
    annotations: {
      'dev.cosignproject.cosign/signature': signature.toString('base64'),
      ...annotationsOf(
        certificate,
        log === 'none' ? null : sigstore.logs.v1.append(body, { at: sigstore.now, ...options.append }),
        sigstore,
      ),
    },
    blob,
  }
}

/** A layer of an `.att` tag, logged as `cosign attest` did it before 3.0. */
export function attestLayer(
  sigstore: Instance,
  content: object,
  options: SignOptions & { readonly entryEnvelope?: Buffer } = {},
): LayerJson {
  const { keys = pair() } = options
  const payload = Buffer.from(JSON.stringify(content))
  const signature = sign('sha256', dsse.preAuthEncoding(IN_TOTO, payload), keys.privateKey)
  const signatures = [{ keyid: '', sig: signature.toString('base64') }]
  const blob = Buffer.from(JSON.stringify({ payloadType: IN_TOTO, payload: payload.toString('base64'), signatures }))
  const certificate = sigstore.leaf(keys.publicKey, options.leaf)
  const publicKey = pemOf({ verifier: options.entryVerifier ?? certificate, isCertificate: true })
  const spec = {
    content: { hash: hashOf(options.entryEnvelope ?? blob), payloadHash: hashOf(options.entryPayload ?? payload) },
    publicKey,
  }
  const body = { apiVersion: '0.0.1', kind: 'intoto', spec }
  const entry = sigstore.logs.v1.append(body, { at: sigstore.now, ...options.append })
  const annotations = { 'dev.cosignproject.cosign/signature': '', ...annotationsOf(certificate, entry, sigstore) }
  return { mediaType: 'application/vnd.dsse.envelope.v1+json', annotations, blob }
}

function annotationsOf(
  certificate: Buffer | null,
  entry: Entry | null,
  { chain, logs }: Instance,
): Record<string, string> {
  const Payload = entry && {
    body: entry.canonicalizedBody,
    integratedTime: Number(entry.integratedTime),
    logIndex: Number(entry.logIndex),
    logID: logs.v1.keyId.toString('hex'),
  }
  return {
    ...(certificate && {
      'dev.sigstore.cosign/certificate': pem('CERTIFICATE', certificate),
      'dev.sigstore.cosign/chain': chain.map((der) => pem('CERTIFICATE', der)).join(''),
    }),
    ...(entry && {
      'dev.sigstore.cosign/bundle': JSON.stringify({
        SignedEntryTimestamp: entry.inclusionPromise?.signedEntryTimestamp,
        Payload,
      }),
    }),
  }
}
