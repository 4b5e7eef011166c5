/**
 * A counterpart of our own for each documented case of the official suite (sigstore-conformance, `bundle-verify`), by its name there: one
 * that ends in `_fail` has to be refused. Each goes through the command that speaks the suite's protocol. The suite's own bundles are
 * verified beside them where the corpus is at hand (`verify.test.ts`).
 */

import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { command } from '../../../src/cli/verify-bundle.ts'
import { digestOf } from '../../../src/cli/demo/image.ts'
import { recordedIo } from '../../helpers/io.ts'
import { spki } from '../../helpers/sigstore/certificates.ts'
import { pem } from '../../helpers/sigstore/der.ts'
import { createSigstore, GITHUB_ISSUER, pair, WORKFLOW, type TrustedRootJson } from '../../helpers/sigstore/instance.ts'
import { sha256, type Entry } from '../../helpers/sigstore/log.ts'
import {
  intotoEntry,
  signBundle,
  signMessage,
  stamps,
  statement,
  type BundleJson,
  type SignOptions,
} from '../../helpers/sigstore/signatures.ts'
import { createStamper } from '../../helpers/sigstore/stamp.ts'

const MINUTE_MS = 60_000
const sigstore = createSigstore()
const keys = pair()
const FILE = Buffer.from('hello, this is a.txt\n')
const OTHER = Buffer.from('another file\n')
const about = (bytes: Uint8Array): object =>
  statement(digestOf(bytes), { predicateType: 'https://slsa.dev/provenance/v1', predicate: {} })
const before = (ms: number): Date => new Date(sigstore.now.getTime() - ms)
const after = (ms: number): Date => new Date(sigstore.now.getTime() + ms)
/** Without its milliseconds, as logs and tokens have it. */
const ON_TIME = new Date(Math.floor(sigstore.now.getTime() / 1000) * 1000)
const byKey: SignOptions = { by: 'key', keys }

type Json = Record<string, unknown> & {
  mediaType: string
  verificationMaterial: Record<string, unknown> & { tlogEntries: Entry[] }
}
type Case = {
  readonly bundle: object | string
  readonly root?: (root: TrustedRootJson) => TrustedRootJson
  readonly of?: typeof sigstore
  /** Who must have signed: the identity unless it says otherwise. */
  readonly by?: 'identity' | 'key' | 'another-key' | 'both'
  readonly artifact?: Uint8Array
}

const message = (options: SignOptions = {}) => signMessage(sigstore, FILE, options)
const envelope = (options: SignOptions = {}) => signBundle(sigstore, about(FILE), options)
const v2: SignOptions = { log: 'v2' }

function withMaterial<T extends Json>(bundle: T, more: object): T {
  return { ...bundle, verificationMaterial: { ...bundle.verificationMaterial, ...more } }
}

function withEntry<T extends Json>(bundle: T, change: (entry: Entry) => object): T {
  const [entry] = bundle.verificationMaterial.tlogEntries
  return entry === undefined ? bundle : withMaterial(bundle, { tlogEntries: [{ ...entry, ...change(entry) }] })
}

type Proof = { readonly hashes: string[]; readonly checkpoint: { readonly envelope: string } }
const proofOf = (entry: Entry): Proof => entry['inclusionProof'] as Proof

function withProof<T extends Json>(bundle: T, change: (proof: Proof) => object): T {
  return withEntry(bundle, (entry) => ({ inclusionProof: { ...proofOf(entry), ...change(proofOf(entry)) } }))
}

/** The text that is signed, and below it the lines of signatures. */
function withCheckpoint<T extends Json>(bundle: T, change: (lines: string[], signatures: string[]) => string[][]): T {
  return withProof(bundle, ({ checkpoint }) => {
    const [text = '', signed = ''] = checkpoint.envelope.split('\n\n')
    const [lines = [], signatures = []] = change(text.split('\n'), signed.trimEnd().split('\n'))
    return { checkpoint: { envelope: `${lines.join('\n')}\n\n${signatures.map((line) => `${line}\n`).join('')}` } }
  })
}

/** Of somebody whom the trusted root does not know. */
const witness = (name: string, bytes = 76): string => `\u2014 ${name} ${randomBytes(bytes).toString('base64')}`
const V2_LOG = sigstore.logs.v2.host

/** As cosign wrote it: a chain, of the leaf alone. */
function asVersion(bundle: Json, version: '0.1' | '0.2'): Json {
  const { certificate, ...rest } = bundle.verificationMaterial
  const chain = { x509CertificateChain: { certificates: [certificate] } }
  const mediaType = `application/vnd.dev.sigstore.bundle+json;version=${version}`
  return { ...bundle, mediaType, verificationMaterial: { ...rest, ...chain } }
}

/** Logged as the kind `intoto`, as clients did before `dsse` was there. */
function intoto(options: SignOptions & { readonly logged?: BundleJson } = {}): BundleJson {
  const own = pair()
  const bundle = envelope({ keys: own, log: 'none', stampedAt: null, ...options })
  const { rawBytes = '' } = (bundle.verificationMaterial['certificate'] ?? {}) as { rawBytes?: string }
  const isKeyed = options.by === 'key'
  const verifier = isKeyed ? spki((options.keys ?? own).publicKey) : Buffer.from(rawBytes, 'base64')
  const body = intotoEntry(options.logged ?? bundle, verifier, !isKeyed)
  return withMaterial(bundle, { tlogEntries: [sigstore.logs.v1.append(body, { at: sigstore.now, ...options.append })] })
}

function flipped(base64: string, at = 8): string {
  const bytes = Buffer.from(base64, 'base64')
  bytes[at] = (bytes[at] ?? 0) ^ 1
  return bytes.toString('base64')
}

const signatureOf = (bundle: { messageSignature: { signature: string } }): Buffer =>
  Buffer.from(bundle.messageSignature.signature, 'base64')

/** With tokens of another authority, or of ours at another time, over these bytes. */
function stampedBy(by: typeof sigstore, at: Date, isWhole: boolean, over?: Uint8Array): object {
  const bundle = message({ ...v2, stampedAt: null })
  return withMaterial(bundle, stamps(by, over ?? signatureOf(bundle), at, { isWhole }))
}

/** Our Sigstore, with another timestamp authority. */
function withStamper(from: Date, until: Date): typeof sigstore {
  return { ...sigstore, stamper: createStamper('its own', from, until) }
}
const stamperIn =
  ({ stamper }: typeof sigstore) =>
  (root: TrustedRootJson): TrustedRootJson => ({
    ...root,
    timestampAuthorities: root.timestampAuthorities.map((one) => ({
      ...one,
      certChain: { certificates: stamper.chain.map((der) => ({ rawBytes: der.toString('base64') })) },
    })),
  })

/** The part of a root that is valid until then, and no longer. */
const ending =
  (part: 'tlogs' | 'timestampAuthorities' | 'certificateAuthorities', end: Date) =>
  (root: TrustedRootJson): TrustedRootJson => {
    const until = end.toISOString()
    if (part === 'tlogs') {
      const { tlogs } = root
      for (const { publicKey } of tlogs) Object.assign(publicKey.validFor ?? {}, { end: until })
      return root
    }
    for (const { validFor } of root[part]) Object.assign(validFor, { end: until })
    return root
  }

const stranger = createSigstore({ name: 'stranger', now: sigstore.now })
const namesake = createSigstore({ now: sigstore.now })
const lapsed = withStamper(before(90 * MINUTE_MS), before(60 * MINUTE_MS))
const longAgo = before(75 * MINUTE_MS)

/** By the names of the official suite; the first seventy are those of its release, those below came since. */
const CASES: Readonly<Record<string, () => Case>> = {
  'bundle-empty-certificate-chain_fail': () => ({
    bundle: withMaterial(asVersion(message(), '0.1'), { x509CertificateChain: { certificates: [] } }),
  }),
  'bundle-from-wrong-instance_fail': () => ({ bundle: signMessage(stranger, FILE) }),
  'bundle-invalid-base64-signature_fail': () => {
    const bundle = message()
    return { bundle: { ...bundle, messageSignature: { ...bundle.messageSignature, signature: 'no base64!' } } }
  },
  'bundle-malformed-json_fail': () => ({ bundle: `${JSON.stringify(message()).slice(0, -1)},` }),
  'bundle-negative-log-index_fail': () => ({ bundle: withEntry(message(), () => ({ logIndex: '-1' })) }),
  'bundle-unknown-version_fail': () => ({
    bundle: { ...message(), mediaType: 'application/vnd.dev.sigstore.bundle+json;version=99.9' },
  }),
  'bundle-with-root-cert_fail': () => {
    const bundle = asVersion(message(), '0.1')
    const { certificates } = bundle.verificationMaterial['x509CertificateChain'] as { certificates: object[] }
    const chain = sigstore.chain.map((der) => ({ rawBytes: der.toString('base64') }))
    return { bundle: withMaterial(bundle, { x509CertificateChain: { certificates: [...certificates, ...chain] } }) }
  },
  'bundle-with-sct-with-extensions': () => ({ bundle: message({ leaf: { sctExtensions: Buffer.from('leaf 12') } }) }),
  'checkpoint-bad-keyhint_fail': () => ({
    bundle: withCheckpoint(message(), (lines, [line = '']) => {
      const [dash = '', name = '', signature = ''] = line.split(' ')
      return [lines, [[dash, name, flipped(signature, 0)].join(' ')]]
    }),
  }),
  'checkpoint-wrong-roothash_fail': () => {
    const [mine, later] = [message(), message()]
    const [entry] = later.verificationMaterial.tlogEntries
    return { bundle: withProof(mine, () => ({ checkpoint: entry === undefined ? {} : proofOf(entry).checkpoint })) }
  },
  'dsse-invalid-sig_fail': () => {
    const bundle = envelope()
    const signatures = bundle.dsseEnvelope.signatures.map(({ sig }) => ({ sig: flipped(sig, 20) }))
    return { bundle: { ...bundle, dsseEnvelope: { ...bundle.dsseEnvelope, signatures } } }
  },
  'dsse-mismatch-envelope_fail': () => {
    const own = pair()
    const { dsseEnvelope } = signBundle(sigstore, statement(digestOf(FILE)), { keys: own })
    return { bundle: { ...envelope({ keys: own }), dsseEnvelope } }
  },
  'dsse-mismatch-sig_fail': () => {
    const own = pair()
    const [one, again] = [envelope({ keys: own }), envelope({ keys: own })]
    return { bundle: { ...one, dsseEnvelope: again.dsseEnvelope } }
  },
  'happy-path-intoto-in-dsse-v3': () => ({ bundle: envelope() }),
  'happy-path-v0.1': () => ({ bundle: asVersion(message({ append: { proof: false } }), '0.1') }),
  'happy-path-v0.2': () => ({ bundle: asVersion(message(), '0.2') }),
  'happy-path-v0.3': () => ({
    bundle: { ...message(), mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.3' },
  }),
  'happy-path-v0.3-new-mediaType': () => ({ bundle: message() }),
  'inclusion-proof-corrupted-hash_fail': () => ({
    bundle: withProof(message(), ({ hashes: [first = '', ...rest] }) => ({ hashes: [flipped(first), ...rest] })),
  }),
  'incorrect-public-key_fail': () => ({
    bundle: withEntry(message(), ({ canonicalizedBody }) => {
      const body = JSON.parse(Buffer.from(canonicalizedBody, 'base64').toString()) as {
        spec: { signature: { publicKey: { content: string } } }
      }
      body.spec.signature.publicKey.content = Buffer.from(pem('PUBLIC KEY', spki(keys.publicKey))).toString('base64')
      return { canonicalizedBody: Buffer.from(JSON.stringify(body)).toString('base64') }
    }),
  }),
  'integrated-time-in-future_fail': () => ({ bundle: message({ append: { at: after(60 * MINUTE_MS) } }) }),
  'intoto-expired-certificate_fail': () => ({
    bundle: intoto(),
    root: ending('certificateAuthorities', before(MINUTE_MS)),
  }),
  'intoto-log-entry-mismatch_fail': () => ({ bundle: intoto({ logged: signBundle(sigstore, about(OTHER)) }) }),
  'intoto-missing-inclusion-proof_fail': () => ({
    bundle: asVersion(intoto({ append: { proof: false } }), '0.2'),
  }),
  'intoto-set-outside-signing-cert-validity_fail': () => ({
    bundle: intoto({ append: { at: after(60 * MINUTE_MS) } }),
  }),
  'intoto-tsa-timestamp-outside-cert-validity_fail': () => ({ bundle: intoto({ stampedAt: after(60 * MINUTE_MS) }) }),
  'intoto-with-custom-trust-root': () => ({ bundle: asVersion(intoto({ stampedAt: sigstore.now }), '0.2') }),
  'invalid-checkpoint-signature_fail': () => ({
    bundle: withCheckpoint(message(), (lines, [line = '']) => {
      const [dash = '', name = '', signature = ''] = line.split(' ')
      return [lines, [[dash, name, flipped(signature, 30)].join(' ')]]
    }),
  }),
  'invalid-ct-key_fail': () => ({ bundle: message({ leaf: { sct: 'foreign' } }) }),
  'invalid-inclusion-proof_fail': () => {
    const [old, mine] = [message(), message()]
    const [entry] = old.verificationMaterial.tlogEntries
    return { bundle: withProof(mine, () => (entry === undefined ? {} : proofOf(entry))) }
  },
  'managed-key-and-trusted-root': () => ({ bundle: envelope(byKey), by: 'key' }),
  'managed-key-happy-path': () => ({ bundle: message(byKey), by: 'key' }),
  'managed-key-no-key_fail': () => ({ bundle: message(byKey) }),
  'managed-key-wrong-key_fail': () => ({ bundle: message(byKey), by: 'another-key' }),
  'message-digest-mismatch_fail': () => {
    const bundle = message()
    const messageDigest = { algorithm: 'SHA2_256', digest: sha256(OTHER).toString('base64') }
    return { bundle: { ...bundle, messageSignature: { ...bundle.messageSignature, messageDigest } } }
  },
  'rekor2-checkpoint-cosigned': () => ({
    bundle: withCheckpoint(message(v2), (lines, signed) => [lines, [...signed, witness('witness.example')]]),
  }),
  'rekor2-checkpoint-missing-log-signature_fail': () => ({
    bundle: withCheckpoint(message(v2), (lines) => [lines, []]),
  }),
  'rekor2-checkpoint-missing-origin_fail': () => ({
    bundle: withCheckpoint(message(v2), ([, ...lines], signed) => [lines, signed]),
  }),
  'rekor2-checkpoint-missing-root-hash_fail': () => ({
    bundle: withCheckpoint(message(v2), ([origin = '', size = ''], signed) => [[origin, size], signed]),
  }),
  'rekor2-checkpoint-missing-size_fail': () => ({
    bundle: withCheckpoint(message(v2), ([origin = '', , hash = ''], signed) => [[origin, hash], signed]),
  }),
  'rekor2-checkpoint-multiple-cosigs': () => ({
    bundle: withCheckpoint(message(v2), (lines, signed) => [
      lines,
      [...signed, witness('witness.example/w1'), witness('witness.example/w2')],
    ]),
  }),
  'rekor2-checkpoint-no-matching-signature_fail': () => ({
    bundle: withCheckpoint(message(v2), (lines) => [lines, [witness(V2_LOG, 68)]]),
  }),
  'rekor2-checkpoint-origin-not-first': () => ({
    bundle: withCheckpoint(message(v2), (lines, signed) => [lines, [witness('witness.example'), ...signed]]),
  }),
  'rekor2-checkpoint-two-sigs-cosigned': () => ({
    bundle: withCheckpoint(message(v2), (lines, signed) => [
      lines,
      [...signed, witness(V2_LOG, 74), witness('witness.example')],
    ]),
  }),
  'rekor2-checkpoint-two-sigs-from-origin': () => ({
    bundle: withCheckpoint(message(v2), (lines, signed) => [lines, [...signed, witness(V2_LOG, 74)]]),
  }),
  'rekor2-dsse-happy-path': () => ({ bundle: envelope(v2) }),
  'rekor2-dsse-invalid-sig_fail': () => {
    const { dsseEnvelope, verificationMaterial } = envelope(v2)
    const { timestampVerificationData } = verificationMaterial
    return { bundle: { ...withMaterial(envelope(v2), { timestampVerificationData }), dsseEnvelope } }
  },
  'rekor2-dsse-mismatch-envelope_fail': () => ({ bundle: envelope({ ...v2, entryPayload: Buffer.from('{}') }) }),
  'rekor2-dsse-mismatch-sig_fail': () => ({ bundle: envelope({ ...v2, entrySignature: randomBytes(70) }) }),
  'rekor2-happy-path': () => ({ bundle: message(v2) }),
  'rekor2-no-inclusion-proof_fail': () => ({ bundle: message({ ...v2, append: { proof: false } }) }),
  'rekor2-no-timestamp_fail': () => ({ bundle: message({ ...v2, stampedAt: null }) }),
  'rekor2-timestamp-outside-trust-root-tsa-validity_fail': () => ({
    bundle: message(v2),
    root: ending('timestampAuthorities', before(MINUTE_MS)),
  }),
  'rekor2-timestamp-outside-tsa-cert-validity_fail': () => ({
    bundle: stampedBy(lapsed, sigstore.now, false),
    root: stamperIn(lapsed),
  }),
  'rekor2-timestamp-payload-mismatch_fail': () => ({ bundle: stampedBy(sigstore, sigstore.now, false, OTHER) }),
  'rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail': () => ({ bundle: stampedBy(stranger, sigstore.now, true) }),
  'rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail': () => ({
    bundle: stampedBy(stranger, sigstore.now, false),
  }),
  'rekor2-timestamp-with-embedded-cert': () => ({ bundle: stampedBy(sigstore, sigstore.now, true) }),
  'rekor2-timestamp-with-expired-cert-chain': () => {
    const bundle = message({ ...v2, stampedAt: null, leaf: { at: longAgo }, append: { at: longAgo } })
    return { bundle: withMaterial(bundle, stamps(lapsed, signatureOf(bundle), longAgo)), root: stamperIn(lapsed) }
  },
  'rekor2-timestamp-with-incorrect-time_fail': () => ({ bundle: message({ ...v2, stampedAt: after(60 * MINUTE_MS) }) }),
  'rekor2-timestamp-without-embedded-cert': () => ({ bundle: stampedBy(sigstore, sigstore.now, false) }),
  'set-invalid-signature_fail': () => ({
    bundle: withEntry(message(), ({ inclusionPromise }) => ({
      inclusionPromise: { signedEntryTimestamp: flipped(inclusionPromise?.signedEntryTimestamp ?? '', 30) },
    })),
  }),
  'signature-mismatch_fail': () => {
    const bundle = message()
    const { signature } = message().messageSignature
    return { bundle: { ...bundle, messageSignature: { ...bundle.messageSignature, signature } } }
  },
  'trust-root-tlog-missing-validity-start_fail': () => ({
    bundle: message(),
    root: (root) => {
      for (const { publicKey } of root.tlogs) publicKey.validFor = {}
      return root
    },
  }),
  'trust-root-tlog-validity-end-inclusive': () => ({
    bundle: message({ append: { at: ON_TIME }, leaf: { at: ON_TIME } }),
    root: ending('tlogs', ON_TIME),
  }),
  'trust-root-tsa-validity-end-inclusive': () => ({
    bundle: message({ ...v2, stampedAt: ON_TIME, leaf: { at: ON_TIME } }),
    root: ending('timestampAuthorities', ON_TIME),
  }),
  'wrong-hashedrekord-artifact_fail': () => ({ bundle: message({ entryPayload: OTHER }) }),
  'wrong-hashedrekord-cert-and-sig_fail': () => {
    const other = pair()
    const entryVerifier = sigstore.leaf(other.publicKey)
    return { bundle: message({ entryVerifier, entrySignature: signatureOf(message({ keys: other })) }) }
  },
  'wrong-hashedrekord-entry_fail': () => {
    const { tlogEntries } = signMessage(sigstore, OTHER).verificationMaterial
    return { bundle: withMaterial(message(), { tlogEntries }) }
  },
  'wrong-material_fail': () => ({ bundle: message(), artifact: OTHER }),

  'cve-2022-36056-swapped-tlog-entry_fail': () => {
    const { tlogEntries } = message().verificationMaterial
    return { bundle: withMaterial(message(), { tlogEntries }) }
  },
  'dsse-statement-missing-type_fail': () => {
    const { _type, ...rest } = about(FILE) as { _type: string }
    return { bundle: signBundle(sigstore, { ...rest, was: _type }, byKey), by: 'key' }
  },
  'dsse-statement-unknown-type_fail': () => ({
    bundle: signBundle(sigstore, { ...about(FILE), _type: 'https://in-toto.io/Statement/v9' }, byKey),
    by: 'key',
  }),
  'dsse-with-hashedrekord-happy-path': () => ({ bundle: envelope({ hashed: 'signed' }) }),
  'dsse-with-hashedrekord-invalid-sig_fail': () => {
    const { dsseEnvelope } = envelope({ hashed: 'signed' })
    return { bundle: { ...envelope({ hashed: 'signed' }), dsseEnvelope } }
  },
  'dsse-with-hashedrekord-mismatch-envelope_fail': () => ({
    bundle: envelope({ hashed: 'signed', entryPayload: Buffer.from(JSON.stringify(about(OTHER))) }),
  }),
  'dsse-with-hashedrekord-mismatch-sig_fail': () => ({
    bundle: envelope({ hashed: 'signed', entrySignature: randomBytes(70) }),
  }),
  'intoto-canonical-log-entry': () => ({ bundle: intoto(byKey), by: 'key' }),
  'managed-key-and-client-identity_fail': () => ({ bundle: message(byKey), by: 'both' }),
  'rekor2-multiple-timestamps-one-outside-cert-validity_fail': () => {
    const bundle = message({ ...v2, stampedAt: null })
    const tokens = [sigstore.now, after(60 * MINUTE_MS)].map((at) => ({
      signedTimestamp: sigstore.stamper.stamp(signatureOf(bundle), { at }).toString('base64'),
    }))
    return { bundle: withMaterial(bundle, { timestampVerificationData: { rfc3161Timestamps: tokens } }) }
  },
  'rekor2-timestamp-wrong-tsa-validity-borrow_fail': () => ({
    bundle: message(v2),
    root: (root) => {
      const { timestampAuthorities } = ending('timestampAuthorities', before(MINUTE_MS))(root)
      const [one] = timestampAuthorities
      const other = { certChain: { certificates: [] }, validFor: { start: before(60 * MINUTE_MS).toISOString() } }
      return { ...root, timestampAuthorities: one === undefined ? [] : [one, { ...one, ...other }] }
    },
  }),
  'sct-duplicate-intermediate-name': () => ({
    bundle: message(),
    root: (root) => {
      const decoys = (JSON.parse(namesake.trustedRoot()) as TrustedRootJson).certificateAuthorities
      return { ...root, certificateAuthorities: [...decoys, ...root.certificateAuthorities] }
    },
  }),
}

/** Why each is refused: the case's own reason, not one that comes before it. */
const REASONS: Readonly<Record<string, readonly string[]>> = {
  'bad-signature': ['managed-key-wrong-key', 'wrong-material'],
  'log-mismatch': [
    'bundle-invalid-base64-signature',
    'dsse-invalid-sig',
    'dsse-mismatch-envelope',
    'dsse-mismatch-sig',
    'intoto-log-entry-mismatch',
    'message-digest-mismatch',
    'rekor2-dsse-invalid-sig',
    'rekor2-dsse-mismatch-envelope',
    'rekor2-dsse-mismatch-sig',
    'signature-mismatch',
    'wrong-hashedrekord-artifact',
    'wrong-hashedrekord-cert-and-sig',
    'wrong-hashedrekord-entry',
    'cve-2022-36056-swapped-tlog-entry',
    'dsse-with-hashedrekord-invalid-sig',
    'dsse-with-hashedrekord-mismatch-envelope',
    'dsse-with-hashedrekord-mismatch-sig',
  ],
  malformed: [
    'bundle-empty-certificate-chain',
    'bundle-malformed-json',
    'bundle-with-root-cert',
    'intoto-missing-inclusion-proof',
    'rekor2-no-inclusion-proof',
  ],
  'no-sct': ['invalid-ct-key'],
  'no-timestamp': [
    'rekor2-no-timestamp',
    'rekor2-timestamp-outside-trust-root-tsa-validity',
    'rekor2-timestamp-outside-tsa-cert-validity',
    'rekor2-timestamp-payload-mismatch',
    'rekor2-timestamp-untrusted-tsa-with-embedded-cert',
    'rekor2-timestamp-untrusted-tsa-without-embedded-cert',
  ],
  'no-trust-root': ['trust-root-tlog-missing-validity-start', 'rekor2-timestamp-wrong-tsa-validity-borrow'],
  'not-logged': [
    'bundle-negative-log-index',
    'checkpoint-bad-keyhint',
    'checkpoint-wrong-roothash',
    'inclusion-proof-corrupted-hash',
    'incorrect-public-key',
    'invalid-checkpoint-signature',
    'invalid-inclusion-proof',
    'rekor2-checkpoint-missing-log-signature',
    'rekor2-checkpoint-missing-origin',
    'rekor2-checkpoint-missing-root-hash',
    'rekor2-checkpoint-missing-size',
    'rekor2-checkpoint-no-matching-signature',
    'set-invalid-signature',
  ],
  'unknown-log': ['bundle-from-wrong-instance'],
  unsupported: ['bundle-unknown-version'],
  'untrusted-chain': [
    'integrated-time-in-future',
    'intoto-expired-certificate',
    'intoto-set-outside-signing-cert-validity',
    'intoto-tsa-timestamp-outside-cert-validity',
    'rekor2-timestamp-with-incorrect-time',
    'rekor2-multiple-timestamps-one-outside-cert-validity',
  ],
  'wrong-material': ['managed-key-no-key'],
  'wrong-payload': ['dsse-statement-missing-type', 'dsse-statement-unknown-type'],
}

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'drayage-conformance-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function put(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

const IDENTITY = ['--certificate-identity', WORKFLOW, '--certificate-oidc-issuer', GITHUB_ISSUER]
const keyed = (name: string, key: typeof keys): string[] => ['--key', put(name, pem('PUBLIC KEY', spki(key.publicKey)))]

function signerOf(by: Case['by'] = 'identity'): readonly string[] {
  if (by === 'identity') return IDENTITY
  if (by === 'key') return keyed('key.pub', keys)
  return by === 'both' ? [...IDENTITY, ...keyed('key.pub', keys)] : keyed('other.pub', pair())
}

it.each(Object.entries(CASES))('%s', async (name, build) => {
  const { bundle, root, by, artifact = FILE } = build()
  const text = typeof bundle === 'string' ? bundle : JSON.stringify(bundle)
  const io = recordedIo()
  const args = ['--bundle', put('bundle.json', text), '--trusted-root', put('root.json', sigstore.trustedRoot(root))]
  const code = await command.run([...args, ...signerOf(by), put('a.txt', artifact)], io)
  const reason = Object.keys(REASONS).find((one) => REASONS[one]?.includes(name.replace(/_fail$/u, '')))
  expect({ isRefused: code !== 0, why: io.err() }).toMatchObject({
    isRefused: name.endsWith('_fail'),
    why: expect.stringMatching(
      reason === undefined ? /^(?:$|drayage verify-bundle: expected either)/u : `^${reason}: `,
    ) as string,
  })
})

it('has a counterpart for each of the seventy cases of its release', () => {
  const names = Object.keys(CASES)
  expect(names.indexOf('wrong-material_fail') + 1).toBe(70)
})
