/** Each reader by itself, asked directly: what it takes, and by which words it refuses. */

import { generateKeyPairSync, sign } from 'node:crypto'
import { json, X509Certificate } from '@sigstore/core'
import { VerificationError } from '@sigstore/verify'
import { describe, expect, it } from 'vitest'
import type { TrustRoot } from '../../../../src/domain/signer.ts'
import { parseBundle, readBundle } from '../../../../src/verification/sigstore/bundle.ts'
import { KeptCertificate, TrustAnchor } from '../../../../src/verification/sigstore/certificate.ts'
import { LAYER_BYTES_MAX, readLayer, type CosignLayer } from '../../../../src/verification/sigstore/cosign-layer.ts'
import { identityOf } from '../../../../src/verification/sigstore/identity.ts'
import { entryProblem, oldIntotoProblem } from '../../../../src/verification/sigstore/log-entry.ts'
import { isDigestOf } from '../../../../src/verification/sigstore/signed-content.ts'
import { rejectionOf, reject } from '../../../../src/verification/sigstore/rejection.ts'
import { rootOf } from '../../../../src/verification/sigstore/question.ts'
import { difference } from '../../../../src/verification/sigstore/signers.ts'
import { readTrustRoot } from '../../../../src/verification/sigstore/trust-root.ts'
import { claim, CODE_SIGNING, extension, TIME_STAMPING } from '../../../helpers/sigstore/certificates.ts'
import { pem, tagged, utf8 } from '../../../helpers/sigstore/der.ts'
import { createSigstore, pair, WORKFLOW, type TrustedRootJson } from '../../../helpers/sigstore/instance.ts'
import {
  ask,
  OTHER,
  outcomeOf,
  ownRoot,
  SUBJECT,
  verifyLayer,
  workflowSigner,
} from '../../../helpers/sigstore/question.ts'
import {
  attestLayer,
  intotoEntry,
  signBundle,
  signLayer,
  signMessage,
  statement,
} from '../../../helpers/sigstore/signatures.ts'
import { createStamper } from '../../../helpers/sigstore/stamp.ts'

const sigstore = createSigstore()
const ANNOTATION_LENGTH_MAX = 256 * 1024
const CERTIFICATE = 'dev.sigstore.cosign/certificate'
const LOG = 'dev.sigstore.cosign/bundle'
const TIMESTAMP = 'dev.sigstore.cosign/rfc3161timestamp'
const SIGNATURE = 'dev.cosignproject.cosign/signature'
const layer = signLayer(sigstore, SUBJECT)
const attested = attestLayer(sigstore, statement(SUBJECT, { predicateType: 'https://slsa.dev/provenance/v1' }))
const noted = (name: string, text: string, of: CosignLayer = layer): CosignLayer => ({
  ...of,
  annotations: { ...of.annotations, [name]: text },
})
const why = (given: CosignLayer, isKeyed = false): string => {
  const read = readLayer(given, isKeyed)
  return read.ok ? 'read' : `${read.error.reason}: ${read.error.detail}`
}

describe('a layer of cosign', () => {
  const certificate = layer.annotations[CERTIFICATE] ?? ''
  const log = layer.annotations[LOG] ?? ''
  const logged = (change: object): string => {
    const bundle = JSON.parse(log) as { Payload: object }
    return JSON.stringify({ ...bundle, Payload: { ...bundle.Payload, ...change } })
  }
  const logId = sigstore.logs.v1.keyId.toString('hex')
  const stamp = JSON.stringify({ SignedRFC3161Timestamp: 'AAAA' })
  const envelope = (change: object): Buffer =>
    Buffer.from(JSON.stringify({ ...(JSON.parse(attested.blob.toString()) as object), ...change }))

  it.each<[string, CosignLayer, RegExp]>([
    ['as it is', layer, /^read$/u],
    ['that attests', attested, /^read$/u],
    ['without a certificate', noted(CERTIFICATE, ''), /^wrong-material: no certificate/u],
    ['with a certificate that is none', noted(CERTIFICATE, 'x'), /^malformed: the certificate annotation/u],
    ['with a word before its certificate', noted(CERTIFICATE, `x${certificate}`), /^malformed: the certificate/u],
    ['with a long certificate', noted(CERTIFICATE, certificate.padEnd(ANNOTATION_LENGTH_MAX)), /^read$/u],
    [
      'with one that is too long',
      noted(CERTIFICATE, certificate.padEnd(ANNOTATION_LENGTH_MAX + 1)),
      /^malformed: the certificate/u,
    ],
    ['with a log bundle that is none', noted(LOG, 'x'), /^malformed: the log bundle/u],
    ['with a long log bundle', noted(LOG, log.padStart(2 * ANNOTATION_LENGTH_MAX)), /^read$/u],
    [
      'with one that is too long',
      noted(LOG, log.padStart(2 * ANNOTATION_LENGTH_MAX + 1)),
      /^malformed: the log bundle/u,
    ],
    ['with a log of a longer name', noted(LOG, logged({ logID: `${logId}0` })), /^malformed: the log bundle/u],
    ['with a log of another name', noted(LOG, logged({ logID: `z${logId}` })), /^malformed: the log bundle/u],
    ['with a log entry that is no JSON', noted(LOG, logged({ body: 'AAAA' })), /^malformed: the log bundle/u],
    ['with a timestamp', noted(TIMESTAMP, stamp), /^read$/u],
    ['with a timestamp that is none', noted(TIMESTAMP, 'x'), /^malformed: the timestamp/u],
    ['with a long timestamp', noted(TIMESTAMP, stamp.padStart(ANNOTATION_LENGTH_MAX)), /^read$/u],
    [
      'with one that is too long',
      noted(TIMESTAMP, stamp.padStart(ANNOTATION_LENGTH_MAX + 1)),
      /^malformed: the timestamp/u,
    ],
    ['that attests, with a timestamp that nobody reads', noted(TIMESTAMP, 'x', attested), /^read$/u],
    ['without a signature', noted(SIGNATURE, ''), /^malformed: the signature/u],
    ['with a signature that is no base64', noted(SIGNATURE, '?'), /^malformed: the signature/u],
    ['that is no envelope', { ...attested, blob: Buffer.from('x') }, /^malformed: .*envelope/u],
    [
      'of two signatures',
      { ...attested, blob: envelope({ signatures: [{ sig: 'AAAA' }, { sig: 'AAAA' }] }) },
      /envelope/u,
    ],
    ['whose key has no name', { ...attested, blob: envelope({ signatures: [{ sig: 'AAAA' }] }) }, /^read$/u],
    ['of another type', { ...layer, mediaType: 'text/plain' }, /^unsupported: .*text\/plain/u],
    ['of 16 MiB', { ...layer, blob: Buffer.alloc(LAYER_BYTES_MAX) }, /^read$/u],
    ['of a byte more', { ...layer, blob: Buffer.alloc(LAYER_BYTES_MAX + 1) }, /^too-large/u],
  ])('%s', (_title, given, expected) => {
    expect(why(given)).toMatch(expected)
  })

  it('by a key needs no certificate', () => {
    expect(why(noted(CERTIFICATE, ''), true)).toBe('read')
  })

  it('is its payload, or its envelope', () => {
    expect(readLayer(layer, false)).toMatchObject({ value: { payload: layer.blob, envelope: null } })
    expect(readLayer(attested, false)).toMatchObject({ value: { payload: null, envelope: attested.blob } })
  })

  it('keeps its timestamp, and of a signature what fits', () => {
    const read = readLayer(noted(SIGNATURE, 'A'.repeat(2 * ANNOTATION_LENGTH_MAX), noted(TIMESTAMP, stamp)), false)
    if (!read.ok || read.value.bundle.content.$case !== 'messageSignature') throw new Error('it was not read')
    const { content, verificationMaterial } = read.value.bundle
    expect(content.messageSignature.signature).toHaveLength((ANNOTATION_LENGTH_MAX * 3) / 4)
    expect(verificationMaterial.timestampVerificationData?.rfc3161Timestamps).toHaveLength(1)
  })
})

describe('a log entry', () => {
  const keys = pair()
  const signed = signBundle(sigstore, statement(SUBJECT), { keys })
  const read = readBundle(signed)
  if (!read.ok) throw new Error(read.error.detail)
  const bundle = read.value
  const { rawBytes } = signed.verificationMaterial['certificate'] as { rawBytes: string }
  const der = Buffer.from(rawBytes, 'base64')
  const inPem = (text: string): string => Buffer.from(text).toString('base64')
  const ours = inPem(pem('CERTIFICATE', der))
  const [entry] = bundle.verificationMaterial.tlogEntries
  if (entry === undefined) throw new Error('it has no entry')
  const problemOf = (body: unknown): string | undefined => {
    const canonicalizedBody = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
    const problem = entryProblem({ ...entry, canonicalizedBody }, bundle, { kind: 'certificate', der })
    return problem === null ? undefined : `${problem.reason}: ${problem.detail}`
  }
  const dsse = (verifier: string, ...others: readonly object[]) => ({
    kind: 'dsse',
    apiVersion: '0.0.1',
    spec: { signatures: [{ verifier }, ...others] },
  })
  const verifier = { x509Certificate: { rawBytes } }

  it.each<[string, unknown]>([
    ['dsse', dsse(ours)],
    ['dsse 2', { kind: 'dsse', apiVersion: '0.0.2', spec: { dsseV002: { signatures: [{ verifier }] } } }],
    ['intoto', { kind: 'intoto', apiVersion: '0.0.1', spec: { publicKey: ours } }],
    ['intoto 2', intotoEntry(signed, der, true)],
    [
      'hashedrekord 2',
      { kind: 'hashedrekord', apiVersion: '0.0.2', spec: { hashedRekordV002: { signature: { verifier } } } },
    ],
  ])('of the kind %s by our certificate is ours', (_kind, body) => {
    expect(problemOf(body)).toBeUndefined()
  })

  it.each<[string, unknown, RegExp]>([
    ['that is no JSON', '{', /^malformed/u],
    ['of null', 'null', /^malformed/u],
    ['of a kind that nobody knows', { kind: 'rpm', apiVersion: '0.0.1', spec: {} }, /^unsupported: .*rpm@0\.0\.1/u],
    ['that names nobody', dsse(''), /^log-mismatch: .*not name one/u],
    ['with text before its certificate', dsse(inPem(`x${pem('CERTIFICATE', der)}`)), /not name one/u],
    ['with text after it', dsse(inPem(`${pem('CERTIFICATE', der)}x`)), /not name one/u],
    ['of two certificates', dsse(ours, { verifier: ours }), /not name one/u],
    ['with a key of the same bytes', dsse(inPem(pem('PUBLIC KEY', der))), /another key or certificate/u],
    ['with another certificate', dsse(inPem(pem('CERTIFICATE', sigstore.leaf(keys.publicKey)))), /another key/u],
    [
      'about other bytes',
      {
        kind: 'hashedrekord',
        apiVersion: '0.0.1',
        spec: { data: { hash: { value: 'ab' } }, signature: { publicKey: { content: ours } } },
      },
      /^log-mismatch: .*about other bytes/u,
    ],
  ])('%s is not ours', (_title, body, expected) => {
    expect(problemOf(body)).toMatch(expected)
  })
})

describe('a log entry of the old kind', () => {
  const read = readLayer(attested, false)
  const root = readTrustRoot(ownRoot(sigstore))
  if (!read.ok || !root.ok) throw new Error('it was not read')
  const { bundle } = read.value
  const logs = root.value.material.tlogs
  const [entry] = bundle.verificationMaterial.tlogEntries
  if (entry === undefined) throw new Error('it has no entry')
  const at = Number(entry.integratedTime) * 1000
  type Body = { kind: string; apiVersion: string; spec: { content: Record<string, object> } }
  const body = JSON.parse(entry.canonicalizedBody.toString()) as Body
  const check = (change: Partial<Parameters<typeof oldIntotoProblem>[0]>): string | null => {
    const problem = oldIntotoProblem({ entry, bundle, envelope: attested.blob, logs, ...change })
    return problem === null ? null : problem.detail
  }
  const saying = (change: Partial<Body>): string | null =>
    check({ entry: { ...entry, canonicalizedBody: Buffer.from(JSON.stringify({ ...body, ...change })) } })
  const spanned = (start: number, end: number): typeof logs =>
    logs.map((log) => ({ ...log, validFor: { start: new Date(start), end: new Date(end) } }))
  const hashed = (content: Record<string, object>): Partial<Body> => ({
    spec: { content: { ...body.spec.content, ...content } },
  })
  const sha = (value: string): object => ({ algorithm: 'sha256', value })

  it('is promised by its log, from its first to its last moment', () => {
    expect(check({})).toBeNull()
    expect(check({ logs: spanned(at, at) })).toBeNull()
    for (const span of [spanned(at + 1, at + 9), spanned(at - 9, at - 1), []]) {
      expect(check({ logs: span })).toContain('promised')
    }
    const { inclusionPromise: _promise, ...bare } = entry
    expect(check({ entry: { ...bare, inclusionPromise: undefined } })).toContain('promised')
    expect(check({ logs: logs.map((log) => ({ ...log, logID: Buffer.alloc(32) })) })).toContain('promised')
  })

  it('may be promised with an Ed25519 key', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const words = json.canonicalize({
      body: entry.canonicalizedBody.toString('base64'),
      integratedTime: Number(entry.integratedTime),
      logIndex: Number(entry.logIndex),
      logID: entry.logId.keyId.toString('hex'),
    })
    const signedEntryTimestamp = sign(null, Buffer.from(words), privateKey)
    const promised = { ...entry, inclusionPromise: { signedEntryTimestamp } }
    expect(check({ entry: promised, logs: logs.map((log) => ({ ...log, publicKey })) })).toBeNull()
    expect(check({ entry: promised })).toContain('promised')
  })

  it.each<[string, Partial<Body>, string]>([
    ['of another kind', { kind: 'dsse' }, 'not what it says'],
    ['of another version', { apiVersion: '0.0.2' }, 'not what it says'],
    ['with a longer hash', hashed({ hash: sha('a'.repeat(65)) }), 'not what it says'],
    ['with a hash of other letters', hashed({ hash: sha(`z${'a'.repeat(64)}`) }), 'not what it says'],
    ['about another envelope', hashed({ hash: sha('a'.repeat(64)) }), 'another envelope'],
    ['about another payload', hashed({ payloadHash: sha('a'.repeat(64)) }), 'another payload'],
    ['with one word more', { spec: { content: { ...body.spec.content, more: {} } } }, 'promised'],
    ['without the hash of its payload', { spec: { content: { hash: body.spec.content['hash'] ?? {} } } }, 'promised'],
  ])('%s is nothing', (_title, change, expected) => {
    expect(saying(change)).toContain(expected)
  })

  it('is about an envelope, never about a message', () => {
    const message = readBundle(signMessage(sigstore, Buffer.from('a file')))
    if (!message.ok) throw new Error(message.error.detail)
    expect(check({ bundle: message.value })).toContain('not what it says')
  })
})

describe('a certificate', () => {
  const der = sigstore.leaf(pair().publicKey)
  const [intermediate, root] = sigstore.chain.map((one) => new KeptCertificate(one))
  if (intermediate === undefined || root === undefined) throw new Error('there is no chain')

  it('loses nothing when something is taken out of its copy', () => {
    const leaf = new KeptCertificate(der)
    const before = leaf.extensions.length
    const copy = leaf.clone()
    expect(copy.tbsCertificate.toDER()).toEqual(leaf.tbsCertificate.toDER())
    copy.extensions.splice(0, 1)
    expect([copy.extensions.length, leaf.extensions.length]).toEqual([before - 1, before])
  })

  it('is signed by who signed it, also where that is itself', () => {
    expect(new KeptCertificate(der).verify(intermediate)).toBe(true)
    expect(new KeptCertificate(der).verify(root)).toBe(false)
    expect(root.verify()).toBe(true)
    expect(intermediate.verify()).toBe(false)
    expect(intermediate.verify(X509Certificate.parse(Buffer.from(root.der)))).toBe(true)
  })

  it('is equal to the same bytes alone', () => {
    expect(intermediate.equals(new KeptCertificate(intermediate.der))).toBe(true)
    expect(intermediate.equals(root)).toBe(false)
    expect(intermediate.equals(X509Certificate.parse(Buffer.from(intermediate.der)))).toBe(true)
  })

  it('that is trusted needs nobody, and is still not signed by anybody', () => {
    const anchor = new TrustAnchor(intermediate.der)
    expect([anchor.verify(), anchor.verify(anchor), anchor.verify(root)]).toEqual([true, true, true])
    expect(anchor.verify(new KeptCertificate(der))).toBe(false)
  })

  it('names one signer by each kind of name, to the first and last letter that can be seen', () => {
    const named = (kind: 'uri' | 'email' | 'other', value: string) => {
      const identity = identityOf(new KeptCertificate(sigstore.leaf(pair().publicKey, { names: [{ kind, value }] })))
      return identity.ok ? identity.value.subject : null
    }
    for (const kind of ['uri', 'email', 'other'] as const) expect(named(kind, WORKFLOW)).toBe(WORKFLOW)
    expect([named('uri', 'a!~'), named('uri', 'a b'), named('uri', 'a\u007f')]).toEqual(['a!~', null, null])
  })
})

describe('a trusted root', () => {
  const read = (change: (root: TrustedRootJson) => unknown): string => {
    const json = JSON.parse(sigstore.trustedRoot()) as TrustedRootJson
    const changed = change(json)
    const root: TrustRoot = {
      kind: 'custom',
      json: typeof changed === 'string' ? changed : JSON.stringify(changed ?? json),
      require: { log: 1, sct: 1, timestamp: 1 },
    }
    const found = readTrustRoot(root)
    return found.ok ? 'read' : found.error
  }

  it.each<[string, (root: TrustedRootJson) => unknown, RegExp]>([
    ['as it is', () => undefined, /^read$/u],
    [
      'whose spans are in local time',
      (root) => {
        const validFor = { start: '2020-01-01T00:00:00+02:00' }
        for (const { publicKey } of root.tlogs) publicKey.validFor = validFor
        for (const authority of root.certificateAuthorities) authority.validFor = validFor
      },
      /^read$/u,
    ],
    [
      'with a stamper that may sign code as well',
      (root) => {
        const { chain } = createStamper('both', new Date(0), new Date(4e12), [TIME_STAMPING, CODE_SIGNING])
        const certificates = chain.map((one) => ({ rawBytes: one.toString('base64') }))
        for (const authority of root.timestampAuthorities) authority.certChain = { certificates }
      },
      /not for time stamping/u,
    ],
    ['that is no JSON', () => '{', /has to be JSON/u],
    ['that is no object', () => '3', /at its top/u],
    ['of another type', (root) => ({ ...root, mediaType: `${root.mediaType}x` }), /at mediaType: ./u],
    ['of another type', (root) => ({ ...root, mediaType: `x${root.mediaType}` }), /at mediaType: ./u],
    ['of a log alone', (root) => ({ ...root, timestampAuthorities: [] }), /^read$/u],
    ['of a timestamp authority alone', (root) => ({ ...root, tlogs: [] }), /^read$/u],
    ['of neither', (root) => ({ ...root, tlogs: [], timestampAuthorities: [] }), /neither a log/u],
    [
      'with an authority that may not stamp, of two',
      (root) => ({ ...root, timestampAuthorities: [...root.timestampAuthorities, ...root.certificateAuthorities] }),
      /not for time stamping/u,
    ],
    [
      'with a certificate that is none',
      (root) => {
        for (const one of root.certificateAuthorities) one.certChain.certificates = [{ rawBytes: 'AAAA' }]
      },
      /cannot be read/u,
    ],
  ])('%s', (_title, change, expected) => {
    expect(read(change)).toMatch(expected)
  })

  const weak = 'the trusted root has an RSA key of less than 2048 bits'

  it.each([
    [2_048, 'pkcs1', 'PKCS1_RSA_PKCS1V5', 'read'],
    [1_024, 'pkcs1', 'PKCS1_RSA_PKCS1V5', weak],
    [2_048, 'spki', 'PKIX_RSA_PSS', 'read'],
    [1_024, 'spki', 'PKIX_RSA_PSS', weak],
  ] as const)(
    'with an RSA key of %i bits among others, as %s of %s: %s',
    (modulusLength, type, keyDetails, expected) => {
      const { publicKey } = generateKeyPairSync('rsa', { modulusLength })
      const change = (root: TrustedRootJson): void => {
        const [log] = root.ctlogs
        if (log === undefined) throw new Error('there is no log')
        const rawBytes = publicKey.export({ format: 'der', type }).toString('base64')
        root.ctlogs = [{ ...log, publicKey: { ...log.publicKey, rawBytes, keyDetails } }]
      }
      expect(read(change)).toBe(expected)
    },
  )
})

describe('a message', () => {
  const bytes = Buffer.from('a file')
  const message = readBundle(signMessage(sigstore, bytes))
  const envelope = readBundle(signBundle(sigstore, statement(SUBJECT)))
  if (!message.ok || !envelope.ok) throw new Error('it was not read')
  const { content } = message.value
  if (content.$case !== 'messageSignature') throw new Error('it is no message')
  const subject = `sha256:${content.messageSignature.messageDigest.digest.toString('hex')}` as typeof SUBJECT
  const by = (algorithm: number) => ({
    ...message.value,
    content: {
      ...content,
      messageSignature: {
        ...content.messageSignature,
        messageDigest: { ...content.messageSignature.messageDigest, algorithm },
      },
    },
  })

  it('has the digest of its bytes, or is of the digest that is asked for', () => {
    expect(isDigestOf(message.value, { bytes, digest: subject })).toBe(true)
    expect(isDigestOf(message.value, { bytes: Buffer.from('x'), digest: subject })).toBe(false)
    expect(isDigestOf(message.value, { bytes: null, digest: subject })).toBe(true)
    expect(isDigestOf(message.value, { bytes: null, digest: OTHER })).toBe(false)
  })

  it('by a hash that nobody knows is none; for an envelope nobody asks', () => {
    expect(isDigestOf(by(0), { bytes: null, digest: 'undefined:' as typeof SUBJECT })).toBe(false)
    expect(isDigestOf(by(2), { bytes, digest: subject })).toBe(false)
    expect(isDigestOf(envelope.value, { bytes: null, digest: OTHER })).toBe(true)
  })
})

describe('a bundle', () => {
  it.each<[string, string, RegExp]>([
    ['that is no JSON', '{', /^malformed: the bundle: /u],
    ['that is no object', '3', /at its top: ./u],
    ['of another type', '{"mediaType":"x"}', /^unsupported: .*at mediaType/u],
    [
      'of another type',
      JSON.stringify({
        ...signBundle(sigstore, statement(SUBJECT)),
        mediaType: 'xapplication/vnd.dev.sigstore.bundle+json;version=0.1',
      }),
      /^unsupported/u,
    ],
    [
      'of nothing',
      '{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{}}}',
      /^malformed: .*exactly one of messageSignature/u,
    ],
  ])('%s is refused', (_title, text, expected) => {
    const read = parseBundle(Buffer.from(text))
    expect(read.ok ? '' : `${read.error.reason}: ${read.error.detail}`).toMatch(expected)
  })
})

describe('a signer', () => {
  const identity = { subject: WORKFLOW, issuer: 'https://issuer.example', claims: { ref: 'refs/heads/main' } }
  const of = (claims: Record<string, { equals: string } | { pattern: string }>, subject = WORKFLOW): string | null =>
    difference(
      workflowSigner({ issuer: { equals: 'https://issuer.example' }, subject: { equals: subject }, claims }),
      identity,
    )

  it('is told by what differs first', () => {
    expect(of({})).toBeNull()
    expect(of({ ref: { equals: 'refs/heads/main' } })).toBeNull()
    expect(of({ ref: { pattern: 'refs/heads/.*' } })).toBeNull()
    expect(of({}, 'x')).toBe(`subject ${WORKFLOW}`)
    expect(of({ ref: { equals: 'x' } })).toBe('ref refs/heads/main')
    expect(of({ ref: { pattern: 'heads' } })).toBe('ref refs/heads/main')
    expect(of({ ref: { pattern: '(' } })).toBe('ref refs/heads/main')
    expect(of({ gone: { pattern: '.*' } })).toBe('no claim gone')
    expect(of({ toString: { pattern: '.*' } })).toBe('no claim toString')
  })

  it('with a layer of a stranger and none of his own is not found', async () => {
    const signers = { ci: workflowSigner({ subject: { equals: 'x' } }) }
    expect(outcomeOf(await verifyLayer(layer, ask(sigstore, { signers })))).toBe('wrong-identity')
  })
})

describe('a refusal', () => {
  it('is cut where somebody wrote a novel', () => {
    expect(reject('malformed', `a${'x'.repeat(9_999)}`).detail).toBe(`a${'x'.repeat(511)}`)
  })

  it.each<[string, unknown, string, string]>([
    ['of the library', new VerificationError({ code: 'SIGNATURE_ERROR', message: 'no' }), 'bad-signature', 'no'],
    [
      'with its cause',
      new VerificationError({ code: 'TLOG_ERROR', message: 'no', cause: 'why' }),
      'not-logged',
      'no: why',
    ],
    [
      'of a certificate log',
      new VerificationError({ code: 'CERTIFICATE_ERROR', message: 'no SCT' }),
      'no-sct',
      'no SCT',
    ],
    [
      'of a kind that nobody named',
      new VerificationError({ code: 'NOT_IMPLEMENTED_ERROR', message: 'no' }),
      'malformed',
      'no',
    ],
    ['of a parser', new Error('at 3'), 'malformed', 'it cannot be read: at 3'],
    ['of something else', 'at 3', 'malformed', 'it cannot be read: at 3'],
  ])('%s has a reason', (_title, error, reason, detail) => {
    expect(rejectionOf(error)).toEqual({ reason, detail })
  })

  it('has one where a root is not there, or has no name of its own', () => {
    for (const trust of ['gone', 'constructor']) {
      expect(rootOf(trust, ask(sigstore))).toMatchObject({ ok: false, error: { reason: 'no-trust-root' } })
    }
    expect(rootOf('own', ask(sigstore)).ok).toBe(true)
  })
})

describe('claims of a certificate', () => {
  const read = (...extra: readonly Buffer[]) => {
    const identity = identityOf(new KeptCertificate(sigstore.leaf(pair().publicKey, { extra })))
    return identity.ok ? identity.value.claims : null
  }
  const FULCIO = '1.3.6.1.4.1.57264.1'

  it('are read in their new form and in the old one', () => {
    expect(read(extension(`${FULCIO}.2`, Buffer.from('push')))).toMatchObject({ githubWorkflowTrigger: 'push' })
    expect(read(claim(12, 'https://github.com/acme/app'))).toMatchObject({
      sourceRepositoryURI: 'https://github.com/acme/app',
    })
    expect(Object.keys(read() ?? {})).toEqual(['issuer'])
  })

  describe('and no issuer of the new form', () => {
    const ISSUER = Buffer.from([0x2b, 6, 1, 4, 1, 0x83, 0xbf, 0x30, 1, 8])
    const issuerOf = (...extra: readonly Buffer[]): string | null => {
      const der = sigstore.leaf(pair().publicKey, { extra })
      // Its number becomes one that nobody reads.
      der[der.indexOf(ISSUER) + ISSUER.length - 1] = 0x63
      const identity = identityOf(new KeptCertificate(der))
      return identity.ok ? identity.value.issuer : null
    }
    const old = extension(`${FULCIO}.1`, Buffer.from('https://issuer.example'))

    it('are by the issuer of the old form', () => {
      expect(issuerOf(old)).toBe('https://issuer.example')
    })

    it.each<[string, readonly Buffer[]]>([
      ['without any issuer', []],
      ['with an old issuer that is not UTF-8', [extension(`${FULCIO}.1`, Buffer.from([0xff]))]],
      ['with an old issuer beside a claim that cannot be read', [old, extension(`${FULCIO}.2`, Buffer.from([0xff]))]],
    ])('are nobody’s %s', (_title, extra) => {
      expect(issuerOf(...extra)).toBeNull()
    })
  })

  it.each([
    ['of another kind of text', extension(`${FULCIO}.12`, tagged(0x16, Buffer.from('x')))],
    ['of two texts', extension(`${FULCIO}.12`, Buffer.concat([utf8('x'), utf8('y')]))],
    ['that are not UTF-8', extension(`${FULCIO}.12`, tagged(0x0c, Buffer.from([0xff])))],
    ['that are not UTF-8, in the old form', extension(`${FULCIO}.2`, Buffer.from([0xff]))],
  ])('%s make it nobody’s', (_title, extra) => {
    expect(read(extra)).toBeNull()
  })
})
