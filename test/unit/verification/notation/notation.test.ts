/** Notation's verifier against a PKI of our own: each rule has an envelope that breaks it, and nothing else. */

import { describe, expect, it } from 'vitest'
import type { NotationSigner } from '../../../../src/domain/signer.ts'
import { ENVELOPE_BYTES_MAX } from '../../../../src/verification/notation/envelope.ts'
import { verifyNotation, type NotationContext } from '../../../../src/verification/notation/notation.ts'
import { encode, Tagged } from '../../../helpers/cbor-writer.ts'
import {
  aChain,
  aStamper,
  authority,
  DAY_MS,
  EKU,
  extension,
  issue,
  NOTARY,
  NOTATION_NOW,
  pem,
  SIGNER_NAME,
  signCose,
  signJws,
  stamp,
  SUBJECT,
  type CertificateOptions,
  type CoseOptions,
  type EnvelopeOptions,
  type TimestampOptions,
} from '../../../helpers/notation-pki.ts'
import { integer, nil, sequence, tlv } from '../../../helpers/der-writer.ts'

const IDENTITY = 'x509.subject: C=DE, ST=BE, O=Acme'
const known = aChain()

function aSigner(over: Partial<NotationSigner> = {}): NotationSigner {
  return {
    kind: 'notation',
    level: 'strict',
    override: { revocation: 'skip' },
    trustStores: { ca: [pem(known.root)], signingAuthority: [], tsa: [] },
    identities: [IDENTITY],
    verifyTimestamp: 'always',
    revocation: 'network',
    ...over,
  }
}

function verify(
  bytes: Uint8Array,
  {
    signer = aSigner(),
    mediaType = 'application/jose+json',
    ...context
  }: { signer?: NotationSigner; mediaType?: string } & Partial<NotationContext> = {},
) {
  return verifyNotation(
    { source: 'here', mediaType, bytes },
    { descriptor: SUBJECT, signers: { acme: signer }, now: NOTATION_NOW, revocation: {}, ...context },
  )
}

const JWS = 'application/jose+json'
const COSE = 'application/cose'
const good = { signer: known.signer, chain: known.chain }
const jws = (over: Partial<EnvelopeOptions> = {}): Buffer => signJws({ ...good, ...over })
const cose = (over: Partial<CoseOptions> = {}): Buffer => signCose({ ...good, ...over })

const refused = async (bytes: Uint8Array, options: Parameters<typeof verify>[1] = {}): Promise<unknown> => {
  const fact = await verify(bytes, options)
  return fact.kind === 'rejected' ? fact.reason : fact
}

describe('a good signature', () => {
  it.each([
    ['JWS', JWS, jws(), 'notation-jws'],
    ['COSE', COSE, cose(), 'notation-cose'],
  ])('in %s is evidence of its signer', async (_name, mediaType, bytes, format) => {
    expect(await verify(bytes, { mediaType })).toEqual({
      kind: 'signature',
      format,
      source: 'here',
      subject: SUBJECT.digest,
      signers: ['acme'],
      by: 'C=DE, ST=BE, O=Acme, CN=release',
      log: null,
      at: null,
      claims: {
        signingScheme: 'notary.x509',
        signingTime: '2026-11-01T00:00:00.000Z',
        notEnforced: 'acme: revocation: not looked at, as configured',
      },
    })
  })

  it.each(['P-256', 'P-384', 'P-521', 'RSA-2048', 'RSA-3072', 'RSA-4096'] as const)(
    'of a key %s holds in both forms',
    async (keyKind) => {
      const { root, signer, chain } = aChain({ keyKind })
      const trusting = aSigner({ trustStores: { ca: [pem(root)], signingAuthority: [], tsa: [] } })
      expect(await verify(signJws({ signer, chain }), { signer: trusting })).toMatchObject({ signers: ['acme'] })
      expect(await verify(signCose({ signer, chain }), { signer: trusting, mediaType: COSE })).toMatchObject({
        signers: ['acme'],
      })
    },
    30_000,
  )

  it.each(['sha256', 'sha384', 'sha512'] as const)('under certificates signed with %s holds', async (hash) => {
    for (const keyKind of ['P-384', 'RSA-2048'] as const) {
      const root = authority({ keyKind, hash })
      const signer = issue({ hash }, root)
      const trusting = aSigner({ trustStores: { ca: [pem(root)], signingAuthority: [], tsa: [] } })
      expect(await verify(signJws({ signer, chain: [signer, root] }), { signer: trusting })).toMatchObject({
        kind: 'signature',
      })
    }
  })

  it('under certificates signed with RSA-PSS holds', async () => {
    const root = authority({ keyKind: 'RSA-2048', pss: true })
    const signer = issue({ pss: true }, root)
    const trusting = aSigner({ trustStores: { ca: [pem(root)], signingAuthority: [], tsa: [] } })
    expect(await verify(signJws({ signer, chain: [signer, root] }), { signer: trusting })).toMatchObject({ at: null })
  })

  it('of a single certificate that issues itself holds', async () => {
    const alone = issue()
    const trusting = aSigner({ trustStores: { ca: [pem(alone)], signingAuthority: [], tsa: [] } })
    expect(await verify(signJws({ signer: alone, chain: [alone] }), { signer: trusting })).toMatchObject({
      by: 'C=DE, ST=BE, O=Acme, CN=release',
    })
  })

  it('is trusted by its intermediate or by its own certificate as well', async () => {
    for (const anchor of [known.intermediate, known.signer]) {
      const trusting = aSigner({ trustStores: { ca: [pem(anchor)], signingAuthority: [], tsa: [] } })
      expect(await verify(jws(), { signer: trusting })).toMatchObject({ kind: 'signature' })
    }
  })

  it('names all signers that it satisfies, and shows its annotations', async () => {
    const target = { ...SUBJECT, annotations: { build: '7' } }
    const signers = {
      acme: aSigner(),
      all: aSigner({ identities: ['*'] }),
      other: aSigner({ identities: ['x509.subject: C=DE, ST=BE, O=Other'] }),
    }
    expect(await verify(jws({ target }), { signers })).toMatchObject({
      signers: ['acme', 'all'],
      claims: { 'annotation:build': '7' },
    })
  })

  it('shows an annotation up to a bound', async () => {
    const target = { ...SUBJECT, annotations: { build: 'x'.repeat(1_025) } }
    expect(await verify(jws({ target }))).toMatchObject({ claims: { 'annotation:build': 'x'.repeat(1_024) } })
  })

  it('is compared with what is known of the artifact', async () => {
    const { digest } = SUBJECT
    expect(await verify(jws(), { descriptor: { digest } })).toMatchObject({ kind: 'signature' })
    expect(await verify(jws(), { descriptor: { digest, size: 1234 } })).toMatchObject({ kind: 'signature' })
  })

  it('by AWS Signer names its profile', async () => {
    expect(await verify(jws(aws()), { signer: awsSigner() })).toMatchObject({
      by: `${PROFILE}/ABCDEF1234`,
      at: Date.parse('2026-11-01T00:00:00Z'),
      claims: { signingJob: JOB },
    })
  })
})

/** As text of JSON, so that what JSON cannot hold twice can be written. */
const rewritten = (bytes: Buffer, from: string, to: string): Buffer => {
  const text = bytes.toString()
  if (!text.includes(from)) throw new Error(`no ${from}`)
  return Buffer.from(text.replace(from, to))
}

/** The protected header is signed as written, so a hand-made one needs a hand-made signature. */
const headed = (critical: readonly (string | number)[], attributes: EnvelopeOptions['attributes'] = {}) => ({
  critical,
  attributes,
})
const SCHEME = `${NOTARY}signingScheme`
const TIME = `${NOTARY}signingTime`
const AUTHENTIC = `${NOTARY}authenticSigningTime`
const EXPIRY = `${NOTARY}expiry`

describe('an envelope in JWS', () => {
  it.each<[string, Buffer, string]>([
    ['is not JSON', Buffer.from('{'), 'malformed'],
    ['is not UTF-8', Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}')]), 'malformed'],
    ['has a name twice', rewritten(jws(), '"signature":', '"signature":"AA","signature":'), 'malformed'],
    ['has a further member', rewritten(jws(), '{"payload"', '{"x":1,"payload"'), 'malformed'],
    ['has a list of signatures', rewritten(jws(), '{"payload"', '{"signatures":[],"payload"'), 'malformed'],
    [
      'lacks its unprotected header',
      Buffer.from(JSON.stringify({ ...JSON.parse(jws().toString()), header: undefined })),
      'malformed',
    ],
    ['repeats alg unprotected', jws({ unprotected: { alg: 'ES256' } }), 'malformed'],
    ['repeats crit unprotected', jws({ unprotected: { crit: [] } }), 'malformed'],
    ['repeats cty unprotected', jws({ unprotected: { cty: 'x' } }), 'malformed'],
    ['repeats an attribute unprotected', jws({ unprotected: { [SCHEME]: 'notary.x509' } }), 'malformed'],
    ['signs b64', jws(headed([SCHEME], { b64: false })), 'malformed'],
    ['signs a key of its own', jws(headed([SCHEME], { jwk: {} })), 'malformed'],
    ['has no certificates', jws({ unprotected: { x5c: [] } }), 'malformed'],
    ['has certificates that are no list', jws({ unprotected: { x5c: 'AA==' } }), 'malformed'],
    ['has a certificate that is no text', jws({ unprotected: { x5c: [1] } }), 'malformed'],
    ['has certificates with line breaks', jws({ unprotected: { x5c: ['AA==\n'] } }), 'malformed'],
    ['has more certificates than any chain', jws({ chain: Array.from({ length: 11 }, () => known.root) }), 'malformed'],
    ['has a certificate that is none', jws({ unprotected: { x5c: ['AAAA'] } }), 'bad-certificate'],
    ['has a timestamp that is not base64', jws({ unprotected: { [`${NOTARY}timestampSignature`]: '*' } }), 'malformed'],
    ['pads its signature', Buffer.from(jws().toString().replace(/"\}$/u, '=="}')), 'malformed'],
    [
      'has a payload with bits left over',
      Buffer.from(JSON.stringify({ ...JSON.parse(jws().toString()), payload: 'AB' })),
      'malformed',
    ],
    [
      'has a protected header that is not base64url',
      Buffer.from(JSON.stringify({ ...JSON.parse(jws().toString()), protected: '+/' })),
      'malformed',
    ],
    [
      'has a protected header that is no object',
      Buffer.from(JSON.stringify({ ...JSON.parse(jws().toString()), protected: 'W10' })),
      'malformed',
    ],
    ['has no crit', jws({ critical: [] }), 'malformed'],
    ['has a crit of numbers', jws({ critical: [1] }), 'malformed'],
    [
      'has another payload than was signed',
      Buffer.from(
        JSON.stringify({
          ...JSON.parse(jws().toString()),
          payload: JSON.parse(jws({ target: { ...SUBJECT, size: 1 } }).toString()).payload,
        }),
      ),
      'bad-signature',
    ],
    ['names another algorithm', jws({ algorithm: 'ES384' }), 'bad-signature'],
    ['names no algorithm', jws({ attributes: { alg: 'none' } }), 'bad-signature'],
  ])('that %s is refused', async (_name, bytes, reason) => {
    expect(await refused(bytes)).toBe(reason)
  })
})

describe('an envelope in COSE', () => {
  it.each<[string, Buffer, string]>([
    ['has no tag', cose().subarray(1), 'malformed'],
    ['is empty', Buffer.alloc(0), 'malformed'],
    ['is not CBOR', Buffer.from([0xd2, 0xff]), 'malformed'],
    [
      'has five parts',
      encode(new Tagged(18, [Buffer.alloc(0), new Map(), Buffer.alloc(0), Buffer.alloc(0), 1])),
      'malformed',
    ],
    [
      'has a payload that is no byte string',
      encode(new Tagged(18, [Buffer.alloc(0), new Map(), 'x', Buffer.alloc(0)])),
      'malformed',
    ],
    [
      'has a signature that is no byte string',
      encode(new Tagged(18, [Buffer.alloc(0), new Map(), Buffer.alloc(0), 'x'])),
      'malformed',
    ],
    [
      'has a protected header that is no map',
      encode(new Tagged(18, [encode([]), new Map(), Buffer.alloc(0), Buffer.alloc(0)])),
      'malformed',
    ],
    [
      'has an unprotected header that is no map',
      encode(new Tagged(18, [encode(new Map()), [], Buffer.alloc(0), Buffer.alloc(0)])),
      'malformed',
    ],
    ['has something after its end', Buffer.concat([cose(), Buffer.from([0])]), 'malformed'],
    ['is tagged twice', Buffer.concat([Buffer.from([0xd2]), cose()]), 'malformed'],
    ['has a label in both headers', cose({ freeLabels: [[SCHEME, 'notary.x509']] }), 'malformed'],
    ['has alg unprotected', cose({ labels: [[1, undefined]], freeLabels: [[1, -7]] }), 'malformed'],
    ['has crit unprotected', cose({ labels: [[2, undefined]], freeLabels: [[2, [SCHEME]]] }), 'malformed'],
    ['has its content type unprotected', cose({ labels: [[3, undefined]], freeLabels: [[3, 'x']] }), 'malformed'],
    ['is a hash envelope', cose({ labels: [[258, -16]] }), 'unsupported'],
    ['names the preimage of a hash', cose({ labels: [[259, 'x']] }), 'unsupported'],
    ['names the place of a preimage', cose({ labels: [[260, 'x']] }), 'unsupported'],
    ['has no crit', cose({ labels: [[2, undefined]] }), 'malformed'],
    ['has an empty crit', cose({ critical: [] }), 'malformed'],
    ['has a crit that is no list', cose({ labels: [[2, SCHEME]] }), 'malformed'],
    ['has a crit of labels that all know', cose({ critical: [SCHEME, 3] }), 'malformed'],
    ['has a crit of something else', cose({ labels: [[2, [SCHEME, true]]] }), 'malformed'],
    ['has no certificates', cose({ freeLabels: [[33, undefined]] }), 'malformed'],
    ['has an empty list of certificates', cose({ freeLabels: [[33, []]] }), 'malformed'],
    ['has a certificate that is text', cose({ freeLabels: [[33, ['x']]] }), 'malformed'],
    [
      'has more certificates than any chain',
      cose({ freeLabels: [[33, Array.from({ length: 11 }, () => known.root.der)]] }),
      'malformed',
    ],
    ['has a timestamp that is text', cose({ freeLabels: [[`${NOTARY}timestampSignature`, 'x']] }), 'malformed'],
    ['has an algorithm that nobody knows', cose({ labels: [[1, 7]] }), 'bad-signature'],
    ['has another algorithm than its key', cose({ labels: [[1, -35]] }), 'bad-signature'],
    ['has no algorithm', cose({ labels: [[1, undefined]] }), 'bad-signature'],
    ['has a time that is no instant', cose({ attributes: { [TIME]: '2026-11-01T00:00:00Z' } }), 'malformed'],
    ['has a time with a fraction', cose({ attributes: { [TIME]: new Tagged(1, 1.5) } }), 'malformed'],
    ['has a time before all', cose({ attributes: { [TIME]: new Tagged(1, -1) } }), 'malformed'],
    [
      'has a time under another tag',
      cose({ attributes: { [TIME]: new Tagged(0, '2026-11-01T00:00:00Z') } }),
      'malformed',
    ],
  ])('that %s is refused', async (_name, bytes, reason) => {
    expect(await refused(bytes, { mediaType: COSE })).toBe(reason)
  })

  it('may have its certificates in the protected header', async () => {
    const chain = known.chain.map(({ der }) => der)
    const bytes = cose({ labels: [[33, chain]], freeLabels: [[33, undefined]] })
    expect(await verify(bytes, { mediaType: COSE })).toMatchObject({ kind: 'signature' })
  })

  it('with a name twice is refused, and so is one nested beyond any stack', async () => {
    const twice = Buffer.concat([Buffer.from([0xa2]), encode(1), encode(-7), encode(1), encode(-7)])
    const bytes = encode(new Tagged(18, [twice, new Map(), Buffer.alloc(0), Buffer.alloc(0)]))
    expect(await refused(bytes, { mediaType: COSE })).toBe('malformed')
    expect(
      await refused(Buffer.concat([Buffer.from([0xd2]), Buffer.alloc(1_000_000, 0x81)]), { mediaType: COSE }),
    ).toBe('malformed')
  })
})

describe('an envelope of any form', () => {
  it('of another media type is unsupported', async () => {
    expect(await verify(jws(), { mediaType: 'application/json' })).toMatchObject({ format: null })
    expect(await refused(jws(), { mediaType: 'application/json' })).toBe('unsupported')
  })

  it.each([
    ['at the bound is read', 0, 'malformed'],
    ['beyond it is too large', 1, 'too-large'],
  ])('%s', async (_name, more, reason) => {
    expect(await refused(Buffer.alloc(ENVELOPE_BYTES_MAX + more, 0x20))).toBe(reason)
  })

  it('that is about nothing with a digest is refused', async () => {
    expect(await refused(jws({ target: { ...SUBJECT, digest: 'md5:1' } }), { descriptor: { digest: 'md5:1' } })).toBe(
      'wrong-subject',
    )
  })
})

describe('signed attributes', () => {
  it.each<[string, ReturnType<typeof headed>, string]>([
    ['no scheme', headed([TIME], { [SCHEME]: undefined }), 'malformed'],
    ['an unknown scheme', headed([SCHEME], { [SCHEME]: 'notary.x510' }), 'malformed'],
    [
      'an unknown scheme with an authentic time',
      headed([SCHEME, AUTHENTIC], { [SCHEME]: 'notary.x510', [TIME]: undefined, [AUTHENTIC]: '2026-11-01T00:00:00Z' }),
      'malformed',
    ],
    ['a scheme that is no text', headed([SCHEME], { [SCHEME]: 7 }), 'malformed'],
    ['a scheme that is not critical', headed(['x'], { x: 'y' }), 'malformed'],
    ['a crit that names what is not there', headed([SCHEME, 'x']), 'malformed'],
    ['a crit that names something twice', headed([SCHEME, SCHEME]), 'malformed'],
    ['a critical attribute that nobody knows', headed([SCHEME, 'x'], { x: 'y' }), 'unsupported'],
    ['a signing time that is critical', headed([SCHEME, TIME]), 'unsupported'],
    [
      "AWS's attributes without its plug-in",
      headed([SCHEME, 'com.amazonaws.signer.signingJob'], { 'com.amazonaws.signer.signingJob': 'x' }),
      'unsupported',
    ],
    ['no signing time', headed([SCHEME], { [TIME]: undefined }), 'malformed'],
    ['a signing time that is none', headed([SCHEME], { [TIME]: 'yesterday' }), 'malformed'],
    ['a signing time without a zone', headed([SCHEME], { [TIME]: '2026-11-01T00:00:00' }), 'malformed'],
    ['a signing time in a month 13', headed([SCHEME], { [TIME]: '2026-13-01T00:00:00Z' }), 'malformed'],
    [
      'an authentic time in the plain scheme',
      headed([SCHEME, AUTHENTIC], { [AUTHENTIC]: '2026-11-01T00:00:00Z' }),
      'malformed',
    ],
    ['an expiry that is not critical', headed([SCHEME], { [EXPIRY]: '2027-11-01T00:00:00Z' }), 'malformed'],
    ['an expiry that is none', headed([SCHEME, EXPIRY], { [EXPIRY]: 'never' }), 'malformed'],
    ['a plug-in that is not critical', headed([SCHEME], { [`${NOTARY}verificationPlugin`]: 'x' }), 'malformed'],
    [
      'a plug-in that nobody knows',
      headed([SCHEME, `${NOTARY}verificationPlugin`], { [`${NOTARY}verificationPlugin`]: 'x' }),
      'unsupported',
    ],
    [
      'a plug-in that is no text',
      headed([SCHEME, `${NOTARY}verificationPlugin`], { [`${NOTARY}verificationPlugin`]: 1 }),
      'unsupported',
    ],
    [
      'the version of no plug-in',
      headed([SCHEME, `${NOTARY}verificationPluginMinVersion`], { [`${NOTARY}verificationPluginMinVersion`]: '1.0.0' }),
      'unsupported',
    ],
  ])('with %s are refused', async (_name, options, reason) => {
    expect(await refused(jws(options))).toBe(reason)
  })

  it('with further ones that are not critical are read', async () => {
    const attributes = { text: 'x', number: 1, yes: true, list: [], long: 'x'.repeat(5_000) }
    expect(await verify(jws({ attributes }))).toMatchObject({ kind: 'signature' })
    expect(await verify(cose({ attributes }), { mediaType: COSE })).toMatchObject({ kind: 'signature' })
  })

  it.each(['2026-11-01T00:00:00.25Z', '2026-11-01T01:00:00+01:00'])('with the time %s are read', async (time) => {
    expect(await verify(jws({ attributes: { [TIME]: time } }))).toMatchObject({ kind: 'signature' })
  })
})

describe('a payload', () => {
  it.each<[string, Partial<EnvelopeOptions>, string]>([
    ['of another content type', { contentType: 'application/json' }, 'wrong-payload'],
    ['that is not JSON', { payload: 'x' }, 'wrong-payload'],
    [
      'with a name twice',
      { payload: `{"targetArtifact":${JSON.stringify(SUBJECT)},"targetArtifact":${JSON.stringify(SUBJECT)}}` },
      'wrong-payload',
    ],
    [
      'with something beside the artifact',
      { payload: JSON.stringify({ targetArtifact: SUBJECT, x: 1 }) },
      'wrong-payload',
    ],
    ['with something beside the digest', { target: { ...SUBJECT, x: 1 } }, 'wrong-payload'],
    ['without a media type', { target: { digest: SUBJECT.digest, size: 1234 } }, 'wrong-payload'],
    ['with an annotation that is no text', { target: { ...SUBJECT, annotations: { a: 1 } } }, 'wrong-payload'],
    [
      'with too many annotations',
      {
        target: {
          ...SUBJECT,
          annotations: Object.fromEntries(Array.from({ length: 257 }, (_, at) => [`a${at}`, 'x'])),
        },
      },
      'wrong-payload',
    ],
    ['of a negative size', { target: { ...SUBJECT, size: -1 } }, 'wrong-payload'],
    ['about another digest', { target: { ...SUBJECT, digest: `sha256:${'b2'.repeat(32)}` } }, 'wrong-subject'],
    ['about another size', { target: { ...SUBJECT, size: 1235 } }, 'wrong-subject'],
    ['about another media type', { target: { ...SUBJECT, mediaType: 'application/x' } }, 'wrong-subject'],
  ])('%s is refused', async (_name, options, reason) => {
    expect(await refused(jws(options))).toBe(reason)
  })

  it('may have 256 annotations', async () => {
    const annotations = Object.fromEntries(Array.from({ length: 256 }, (_, at) => [`a${at}`, 'x']))
    expect(await verify(jws({ target: { ...SUBJECT, annotations } }))).toMatchObject({ kind: 'signature' })
  })

  it('may name its artifact type', async () => {
    expect(await verify(jws({ target: { ...SUBJECT, artifactType: 'x' } }))).toMatchObject({ kind: 'signature' })
  })
})

/** A leaf like this, under good authorities that are trusted. */
const withLeaf = async (leaf: CertificateOptions): Promise<unknown> => {
  const { root, signer, chain } = aChain(leaf)
  return refused(signJws({ signer, chain }), {
    signer: aSigner({ trustStores: { ca: [pem(root)], signingAuthority: [], tsa: [] } }),
  })
}

describe("the signer's certificate", () => {
  it.each<[string, CertificateOptions]>([
    ['without key usage', { usage: null }],
    ['with key usage that is not critical', { usage: { bits: [0], critical: false } }],
    ['that may not sign', { usage: { bits: [1] } }],
    ['that may encipher keys', { usage: { bits: [0, 2] } }],
    ['that may encipher data', { usage: { bits: [0, 3] } }],
    ['that may agree on keys', { usage: { bits: [0, 4] } }],
    ['that may sign certificates', { usage: { bits: [0, 5] } }],
    ['that may sign lists', { usage: { bits: [0, 6] } }],
    ['that may only encipher', { usage: { bits: [0, 7] } }],
    ['that may only decipher', { usage: { bits: [0, 8] } }],
    ['that is an authority', { ca: {} }],
    ['for any purpose', { purposes: { oids: [EKU.codeSigning, EKU.any] } }],
    ['for servers', { purposes: { oids: [EKU.serverAuth] } }],
    ['for clients', { purposes: { oids: [EKU.clientAuth] } }],
    ['for mail', { purposes: { oids: [EKU.emailProtection] } }],
    ['for timestamps', { purposes: { oids: [EKU.timeStamping] } }],
    ['for OCSP', { purposes: { oids: [EKU.ocspSigning] } }],
    ['of a key of 1024 bits', { keyKind: 'RSA-1024' }],
    ['of a kind of key that Notation does not have', { keyKind: 'Ed25519' }],
    ['signed with SHA-1', { hash: 'sha1' }],
    ['with a critical extension that nobody knows', { extensions: [extension('1.2.3.4', true, nil)] }],
    ['with an extension twice', { extensions: [extension('1.2.3.4', false, nil), extension('1.2.3.4', false, nil)] }],
  ])('%s is refused', async (_name, leaf) => {
    expect(await withLeaf(leaf)).toBe('bad-certificate')
  })

  it.each<[string, CertificateOptions]>([
    ['for signing code', { purposes: { oids: [EKU.codeSigning] } }],
    ['that says that it is no authority', { ca: { ca: false, critical: false } }],
    ['that may also not repudiate', { usage: { bits: [0, 1] } }],
    ['with an extension that nobody knows', { extensions: [extension('1.2.3.4', false, nil)] }],
    [
      'with a critical extension about its names',
      { extensions: [extension('2.5.29.17', true, sequence(tlv(0x82, Buffer.from('x'))))] },
    ],
  ])('%s is fine', async (_name, leaf) => {
    expect(await withLeaf(leaf)).toMatchObject({ kind: 'signature' })
  })
})

describe('a chain', () => {
  const other = authority({ subject: [['CN', 'other']] })

  it.each<[string, readonly { readonly der: Buffer }[]]>([
    ['without its root', [known.signer, known.intermediate]],
    ['without its intermediate', [known.signer, known.root]],
    ['in another order', [known.signer, known.root, known.intermediate]],
    ['with a stranger at its end', [...known.chain, other]],
    ['with its root twice', [...known.chain, known.root]],
    ['of the leaf alone', [known.signer]],
  ])('%s is refused', async (_name, chain) => {
    expect(await refused(jws({ chain }))).toBe('bad-certificate')
  })

  it.each<[string, CertificateOptions]>([
    ['is no authority', { ca: null }],
    ['says that it is no authority', { ca: { ca: false } }],
    ['is one, but not critically', { ca: { critical: false } }],
    ['may not sign certificates', { usage: { bits: [6] } }],
    ['may sign them, but not critically', { usage: { bits: [5], critical: false } }],
    ['says nothing of its usage', { usage: null }],
  ])('with an intermediate that %s is refused', async (_name, options) => {
    const intermediate = authority(options, known.root)
    const signer = issue({}, intermediate)
    expect(await refused(signJws({ signer, chain: [signer, intermediate, known.root] }))).toBe('bad-certificate')
  })

  it.each([
    [0, 'bad-certificate'],
    [1, undefined],
  ])('below a root with the path length %d', async (pathLength, reason) => {
    const root = authority({ ca: { pathLength } })
    const { signer, chain } = aChain({}, root)
    const trusting = aSigner({ trustStores: { ca: [pem(root)], signingAuthority: [], tsa: [] } })
    const fact = await verify(signJws({ signer, chain }), { signer: trusting })
    expect(fact.kind === 'rejected' ? fact.reason : undefined).toBe(reason)
  })

  it('whose issuer has the right name and another key is refused', async () => {
    const twin = authority({ key: issue({ keyKind: 'P-384' }) }, known.root)
    expect(await refused(jws({ chain: [known.signer, twin, known.root] }))).toBe('bad-certificate')
  })

  it('whose issuer has the right key and another name is refused', async () => {
    const renamed = authority({ key: known.intermediate, subject: [['CN', 'renamed']] }, known.root)
    expect(await refused(jws({ chain: [known.signer, renamed, known.root] }))).toBe('bad-certificate')
  })
})

describe('trust', () => {
  it.each<[string, Partial<NotationSigner>, string]>([
    [
      'in another root of the same name',
      { trustStores: { ca: [pem(authority({ key: issue({ keyKind: 'P-384' }) }))], signingAuthority: [], tsa: [] } },
      'untrusted-chain',
    ],
    [
      'in the root as a signing authority alone',
      { trustStores: { ca: [], signingAuthority: [pem(known.root)], tsa: [] } },
      'untrusted-chain',
    ],
    ['in nobody', { trustStores: { ca: [], signingAuthority: [], tsa: [] } }, 'bad-policy'],
    [
      'in a root and something that is none',
      { trustStores: { ca: [pem(known.root), 'x'], signingAuthority: [], tsa: [] } },
      'bad-policy',
    ],
    [
      'in something that is no certificate',
      { trustStores: { ca: ['x'], signingAuthority: [], tsa: [] } },
      'bad-policy',
    ],
    [
      'in a certificate that cannot be read',
      { trustStores: { ca: [pem({ der: Buffer.from('x') })], signingAuthority: [], tsa: [] } },
      'bad-policy',
    ],
    [
      'in a certificate that is not base64',
      {
        trustStores: {
          ca: ['-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----'],
          signingAuthority: [],
          tsa: [],
        },
      },
      'bad-policy',
    ],
    [
      'in a timestamp authority that is no root',
      { trustStores: { ca: [pem(known.root)], signingAuthority: [], tsa: [pem(known.intermediate)] } },
      'bad-policy',
    ],
    [
      'in a timestamp authority that is no authority',
      { trustStores: { ca: [pem(known.root)], signingAuthority: [], tsa: [pem(issue())] } },
      'bad-policy',
    ],
    ['in another organisation', { identities: ['x509.subject: C=DE, ST=BE, O=Acme Inc'] }, 'wrong-identity'],
    ['in a part of a name', { identities: ['x509.subject: C=DE, ST=BE, O=Acm'] }, 'wrong-identity'],
    [
      'in a name that has one part more',
      { identities: ['x509.subject: C=DE, ST=BE, O=Acme, OU=Ops'] },
      'wrong-identity',
    ],
    [
      'in a profile of AWS Signer',
      { identities: ['arn:aws:signer:eu-west-1:111122223333:/signing-profiles/acme'] },
      'wrong-identity',
    ],
    ['in no identity', { identities: [] }, 'bad-policy'],
    ['in a name without a state', { identities: ['x509.subject: C=DE, O=Acme'] }, 'bad-policy'],
    ['in a name with a part twice', { identities: ['x509.subject: C=DE, ST=BE, O=Acme, O=Acme'] }, 'bad-policy'],
    ['in a name that is none', { identities: ['x509.subject: Acme'] }, 'bad-policy'],
    ['in a name with an empty part', { identities: ['x509.subject: C=DE, ST=BE, O=Acme, OU='] }, 'bad-policy'],
    ['in a name in hex', { identities: ['x509.subject: C=DE, ST=BE, O=Acme, OU=#04024869'] }, 'bad-policy'],
    ['in a name in quotes', { identities: ['x509.subject: C=DE, ST=BE, O=Acme, OU="Ops"'] }, 'bad-policy'],
    [
      'in a name with two parts in one',
      { identities: ['x509.subject: C=DE, ST=BE, O=Acme, OU=Ops+CN=x'] },
      'bad-policy',
    ],
    [
      'in a name that ends in a backslash',
      { identities: ['x509.subject: C=DE, ST=BE, O=Acme, OU=Ops\\'] },
      'bad-policy',
    ],
    [
      'in a name with bytes that are no text',
      { identities: ['x509.subject: C=DE, ST=BE, O=Acme, OU=\\FF'] },
      'bad-policy',
    ],
    ['in a name of a part without a type', { identities: ['x509.subject: C=DE, ST=BE, O=Acme, =x'] }, 'bad-policy'],
    ['in an identity of another kind', { identities: ['Acme'] }, 'bad-policy'],
    ['in everybody and somebody', { identities: ['*', IDENTITY] }, 'bad-policy'],
    [
      'in two identities of which one includes the other',
      { identities: [IDENTITY, `${IDENTITY}, CN=release`] },
      'bad-policy',
    ],
  ])('%s is not met', async (_name, over, reason) => {
    expect(await refused(jws(), { signer: aSigner(over) })).toBe(reason)
  })

  it.each([
    ['with S for ST', 'x509.subject: C=DE, S=BE, O=Acme'],
    ['in another order', 'x509.subject: O=Acme,ST=BE,C=DE'],
    ['with escapes', String.raw`x509.subject: C=DE, ST=BE, O=\41c\6de`],
    ['with a common name', 'x509.subject: C=DE, ST=BE, O=Acme, CN=release'],
  ])('in a name %s is met', async (_name, identity) => {
    expect(await verify(jws(), { signer: aSigner({ identities: [identity] }) })).toMatchObject({ kind: 'signature' })
  })

  it('in a name with a comma, a space or an umlaut is met', async () => {
    const subject = [...SIGNER_NAME.slice(0, 2), ['O', 'Acmé, Inc '] as const]
    const { root, signer, chain } = aChain({ subject })
    const identities = [String.raw`x509.subject: C=DE, ST=BE, O=Acm\C3\A9\, Inc\ `]
    const trusting = aSigner({ identities, trustStores: { ca: [pem(root)], signingAuthority: [], tsa: [] } })
    expect(await verify(signJws({ signer, chain }), { signer: trusting })).toMatchObject({ kind: 'signature' })
  })

  it('in a name is not met by a subject with a part twice; in everybody it is', async () => {
    const { root, signer, chain } = aChain({ subject: [...SIGNER_NAME, ['O', 'Other']] })
    const trustStores = { ca: [pem(root)], signingAuthority: [], tsa: [] }
    const bytes = signJws({ signer, chain })
    expect(await refused(bytes, { signer: aSigner({ trustStores }) })).toBe('wrong-identity')
    expect(await verify(bytes, { signer: aSigner({ trustStores, identities: ['*'] }) })).toMatchObject({
      kind: 'signature',
    })
  })

  it('in one signer who does not fit tells the reason alone', async () => {
    const identities = ['x509.subject: C=DE, ST=BE, O=One']
    expect(await verify(jws(), { signer: aSigner({ identities }) })).toMatchObject({
      detail: 'the subject is C=DE, ST=BE, O=Acme, CN=release',
    })
  })

  it('in several signers of which none fits tells each one’s reason', async () => {
    const signers = {
      one: aSigner({ identities: ['x509.subject: C=DE, ST=BE, O=One'] }),
      two: aSigner({ override: {} }),
    }
    expect(await verify(jws(), { signers })).toMatchObject({
      kind: 'rejected',
      reason: 'revocation-unknown',
      detail: expect.stringMatching(/one: .*two: /u),
    })
    expect(await refused(jws(), { signers: {} })).toBe('wrong-identity')
    expect(await refused(jws(), { signers: { one: signers.one, other: signers.one } })).toBe('wrong-identity')
  })
})

describe('time', () => {
  const at = (time: number): Partial<NotationContext> => ({ now: time })
  const { notBefore, notAfter } = { notBefore: NOTATION_NOW - 180 * DAY_MS, notAfter: NOTATION_NOW + 180 * DAY_MS }

  it.each([
    ['before its certificates', notBefore - 1_000, 'not-valid-then'],
    ['at their first moment', notBefore, undefined],
    ['at their last', notAfter, undefined],
    ['after them', notAfter + 1_000, 'not-valid-then'],
  ])('%s', async (_name, now, reason) => {
    const fact = await verify(jws(), at(now))
    expect(fact.kind === 'rejected' ? fact.reason : undefined).toBe(reason)
  })

  it.each([
    ['intermediate', (root: ReturnType<typeof authority>) => authority({ notAfter: NOTATION_NOW - 1_000 }, root)],
  ])('after that of its %s, with a signer that is still valid, is refused (CVE-2026-24122)', async (_name, make) => {
    const intermediate = make(known.root)
    const signer = issue({}, intermediate)
    expect(await refused(signJws({ signer, chain: [signer, intermediate, known.root] }))).toBe('not-valid-then')
  })

  it.each([
    ['before its end', '2026-11-20T12:00:01Z', undefined],
    ['at its end', '2026-11-20T12:00:00Z', 'signature-expired'],
    ['after its end', '2026-11-20T11:59:59Z', 'signature-expired'],
  ])('%s the signature of an expiry', async (_name, expiry, reason) => {
    const fact = await verify(jws(headed([SCHEME, EXPIRY], { [EXPIRY]: expiry })))
    expect(fact.kind === 'rejected' ? fact.reason : undefined).toBe(reason)
  })

  it('that is over is noted where the policy says so, and refused under strict (CVE-2024-23332)', async () => {
    const bytes = jws(headed([SCHEME, EXPIRY], { [EXPIRY]: '2026-11-01T00:00:00Z' }))
    const noted = { kind: 'signature', claims: { notEnforced: expect.stringContaining('signature-expired') } }
    expect(await verify(bytes, { signer: aSigner({ override: { expiry: 'log', revocation: 'skip' } }) })).toMatchObject(
      noted,
    )
    expect(await verify(bytes, { signer: aSigner({ level: 'permissive' }) })).toMatchObject(noted)
    expect(await refused(bytes, { signer: aSigner({ level: 'permissive', override: { expiry: 'enforce' } }) })).toBe(
      'signature-expired',
    )
    expect(await refused(bytes, { signer: aSigner({ override: { expiry: undefined, revocation: 'skip' } }) })).toBe(
      'signature-expired',
    )
  })
})

const stamper = aStamper()
const TSA = { trustStores: { ca: [pem(known.root)], signingAuthority: [], tsa: [pem(stamper.root)] } }
const stamped = (over: Partial<TimestampOptions> = {}, envelope: Partial<EnvelopeOptions> = {}): Buffer =>
  jws({ timestamp: stamp({ signer: stamper.signer, certificates: [stamper.signer], ...over }), ...envelope })

describe('a timestamp', () => {
  it('proves when it was signed, in both forms', async () => {
    const signer = aSigner(TSA)
    expect(await verify(stamped(), { signer })).toMatchObject({ at: NOTATION_NOW - DAY_MS })
    const timestamp = stamp({ signer: stamper.signer, certificates: [stamper.signer] })
    expect(await verify(cose({ timestamp }), { signer, mediaType: COSE })).toMatchObject({ at: NOTATION_NOW - DAY_MS })
  })

  it('proves no time for all where one of them asks for none', async () => {
    const signers = { acme: aSigner(TSA), plain: aSigner() }
    expect(await verify(stamped(), { signers })).toMatchObject({ signers: ['acme', 'plain'], at: null })
  })

  it.each<[string, number, object]>([
    ['of this moment', 0, {}],
    ['that may be of the moment before', 2_000, { accuracy: sequence(integer(2)) }],
  ])('%s is not of the future', async (_title, ms, over) => {
    const fact = await verify(stamped({ at: NOTATION_NOW, ...over }), { signer: aSigner(TSA) })
    expect(fact).toMatchObject({ at: NOTATION_NOW + ms })
  })

  it('keeps a signature good where its own certificate alone is over', async () => {
    const { root, signer, chain } = aChain({ notAfter: NOTATION_NOW - 1_000 })
    const trusting = aSigner({
      trustStores: { ...TSA.trustStores, ca: [pem(root)] },
      verifyTimestamp: 'afterCertExpiry',
    })
    expect(await verify(stamped({}, { signer, chain }), { signer: trusting })).toMatchObject({
      at: NOTATION_NOW - DAY_MS,
    })
  })

  it('with more bytes than any is refused, though it is good', async () => {
    const large = Array.from({ length: 6 }, (_, at) =>
      authority({ subject: [['CN', `large ${at}`]], extensions: [extension('1.2.3', false, Buffer.alloc(12_000))] }),
    )
    const certificates = [stamper.signer, ...large]
    expect(await verify(stamped({ certificates: certificates.slice(0, 3) }), { signer: aSigner(TSA) })).toMatchObject({
      kind: 'signature',
    })
    expect(await refused(stamped({ certificates }), { signer: aSigner(TSA) })).toBe('bad-timestamp')
  })

  it.each<[string, Partial<TimestampOptions>]>([
    [
      'beside another of its issuer',
      { certificates: [issue({ subject: [['CN', 'TSA']] }, stamper.root), stamper.signer] },
    ],
    ['with sixteen certificates', { certificates: Array.from({ length: 16 }, () => stamper.signer) }],
    ['with SHA-384', { hash: 'sha384', imprintHash: 'sha512', namedHash: 'sha384' }],
    ['that names its signer by SHA-1', { namedHash: 'sha1' }],
    ['with its root inside', { certificates: [stamper.signer, stamper.root] }],
  ])('%s holds', async (_name, over) => {
    expect(await verify(stamped(over), { signer: aSigner(TSA) })).toMatchObject({ at: NOTATION_NOW - DAY_MS })
  })

  it.each<[string, Partial<TimestampOptions>, number]>([
    ['of a second', { accuracy: sequence(integer(1)) }, 1_000],
    ['of milliseconds', { accuracy: sequence(tlv(0x80, Buffer.from([5]))) }, 5],
    ['of microseconds', { accuracy: sequence(tlv(0x81, Buffer.from([1]))) }, 1],
    ['of more than a thousand microseconds', { accuracy: sequence(tlv(0x81, Buffer.from([3, 0xe9]))) }, 2],
    ['by its policy', { policy: '0.4.0.2023.1.1' }, 1_000],
  ])('has an accuracy %s', async (_name, over, ms) => {
    expect(await verify(stamped(over), { signer: aSigner(TSA) })).toMatchObject({ at: NOTATION_NOW - DAY_MS + ms })
  })

  it('keeps a signature good after its certificates are over', async () => {
    const now = NOTATION_NOW + 400 * DAY_MS
    expect(await verify(stamped(), { signer: aSigner(TSA), now })).toMatchObject({ at: NOTATION_NOW - DAY_MS })
    expect(
      await verify(stamped(), { signer: aSigner({ ...TSA, verifyTimestamp: 'afterCertExpiry' }), now }),
    ).toMatchObject({ at: NOTATION_NOW - DAY_MS })
  })

  it('is not needed before they are over, where the policy says so', async () => {
    const signer = aSigner({ ...TSA, verifyTimestamp: 'afterCertExpiry' })
    expect(await verify(jws(), { signer })).toMatchObject({ kind: 'signature', at: null })
    expect(await verify(jws(), { signer, now: NOTATION_NOW + 180 * DAY_MS })).toMatchObject({ at: null })
    expect(await refused(jws(), { signer, now: NOTATION_NOW - 200 * DAY_MS })).toBe('not-valid-then')
    expect(await refused(jws(), { signer: aSigner(TSA) })).toBe('no-timestamp')
  })

  const another = aStamper({ keyKind: 'P-384' }, { keyKind: 'P-384' })
  it.each<[string, Partial<TimestampOptions>, string]>([
    ['over another signature', {}, 'bad-timestamp'],
    ['with a signature that does not hold', { corrupt: true }, 'bad-timestamp'],
    ['with SHA-1', { imprintHash: 'sha1' }, 'bad-timestamp'],
    ['signed with SHA-1', { hash: 'sha1' }, 'bad-timestamp'],
    ['of another version', { version: 2 }, 'bad-timestamp'],
    ['that holds no timestamp', { infoType: '1.2.840.113549.1.7.1' }, 'bad-timestamp'],
    ['that is no signed data', { outerType: '1.2.840.113549.1.7.1' }, 'bad-timestamp'],
    ['of an authority that is not there', { signer: another.signer, certificates: [another.signer] }, 'bad-timestamp'],
    ['with another content type', { contentType: '1.2.840.113549.1.7.1' }, 'bad-timestamp'],
    ['without a content type', { contentType: null }, 'bad-timestamp'],
    ['with the digest of something else', { messageDigest: Buffer.alloc(32) }, 'bad-timestamp'],
    ['without a digest', { messageDigest: null }, 'bad-timestamp'],
    ['that names another certificate', { named: another.signer }, 'bad-timestamp'],
    ['that names no certificate', { named: null }, 'bad-timestamp'],
    ['without its certificate', { certificates: [] }, 'bad-timestamp'],
    ['with too many certificates', { certificates: Array.from({ length: 17 }, () => stamper.signer) }, 'bad-timestamp'],
    ['with two signers', { signers: 2 }, 'bad-timestamp'],
    [
      'of an authority that is not trusted',
      { signer: another.signer, certificates: [another.signer, another.root] },
      'bad-timestamp',
    ],
    ['from before its own certificate', { at: NOTATION_NOW - 181 * DAY_MS }, 'bad-timestamp'],
    ['of the future', { at: NOTATION_NOW + 1_000 }, 'bad-timestamp'],
  ])('%s is refused', async (name, over, reason) => {
    const bytes =
      name === 'over another signature'
        ? jws({ timestamp: () => stamp({ signer: stamper.signer, certificates: [stamper.signer] })(Buffer.from('x')) })
        : stamped(over)
    expect(await refused(bytes, { signer: aSigner(TSA) })).toBe(reason)
  })

  it.each<[string, CertificateOptions]>([
    ['without a purpose', { purposes: null }],
    ['with a purpose that is not critical', { purposes: { oids: [EKU.timeStamping], critical: false } }],
    ['with a further purpose', { purposes: { oids: [EKU.timeStamping, EKU.codeSigning], critical: true } }],
    ['with another purpose (CVE-2026-39984)', { purposes: { oids: [EKU.codeSigning], critical: true } }],
    ['that may sign certificates', { usage: { bits: [0, 5] } }],
    ['with a critical extension that nobody knows', { extensions: [extension('1.2.3.4', true, nil)] }],
    ['with a short key', { keyKind: 'RSA-1024' }],
  ])('of an authority %s is refused', async (_name, leaf) => {
    const own = aStamper(leaf)
    const signer = aSigner({ trustStores: { ...TSA.trustStores, tsa: [pem(own.root)] } })
    expect(await refused(stamped({ signer: own.signer, certificates: [own.signer] }), { signer })).toBe('bad-timestamp')
  })

  it('through an intermediate that is no authority is refused, and through a good one it holds', async () => {
    for (const ca of [null, {}] as const) {
      const between = authority({ ca }, stamper.root)
      const leaf = issue(
        { subject: [['CN', 'TSA 2']], purposes: { oids: [EKU.timeStamping], critical: true } },
        between,
      )
      const fact = await verify(stamped({ signer: leaf, certificates: [leaf, between] }), { signer: aSigner(TSA) })
      expect(fact.kind).toBe(ca === null ? 'rejected' : 'signature')
    }
  })

  it('from before the signer’s certificate is refused', async () => {
    const { root, signer, chain } = aChain({ notBefore: NOTATION_NOW - 1_000 })
    const bytes = signJws({
      signer,
      chain,
      timestamp: stamp({ signer: stamper.signer, certificates: [stamper.signer] }),
    })
    const trusting = aSigner({ trustStores: { ...TSA.trustStores, ca: [pem(root)] } })
    expect(await refused(bytes, { signer: trusting })).toBe('not-valid-then')
  })

  it('that cannot be read, or is larger than any, is refused', async () => {
    for (const timestamp of [() => Buffer.from('x'), () => Buffer.alloc(70_000)]) {
      expect(await refused(jws({ timestamp }), { signer: aSigner(TSA) })).toBe('bad-timestamp')
    }
  })

  it('that fails is noted where the policy says so, and proves no time', async () => {
    const signer = aSigner({ ...TSA, override: { authenticTimestamp: 'log', revocation: 'skip' } })
    expect(await verify(stamped({ corrupt: true }), { signer })).toMatchObject({
      kind: 'signature',
      at: null,
      claims: { notEnforced: expect.stringContaining('bad-timestamp') },
    })
  })
})

const PROFILE = 'arn:aws:signer:eu-west-1:111122223333:/signing-profiles/ecr_prod'
const JOB = 'arn:aws:signer:eu-west-1:111122223333:/signing-jobs/1'
const AWS = {
  [SCHEME]: 'notary.x509.signingAuthority',
  [TIME]: undefined,
  [AUTHENTIC]: '2026-11-01T00:00:00Z',
  [`${NOTARY}verificationPlugin`]: 'com.amazonaws.signer.notation.plugin',
  [`${NOTARY}verificationPluginMinVersion`]: '1.0.0',
  'com.amazonaws.signer.signingProfileVersion': `${PROFILE}/ABCDEF1234`,
  'com.amazonaws.signer.signingJob': JOB,
}
function aws(over: Readonly<Record<string, unknown>> = {}): Partial<EnvelopeOptions> {
  const attributes: Readonly<Record<string, unknown>> = { ...AWS, ...over }
  return { attributes, critical: Object.keys(attributes).filter((name) => attributes[name] !== undefined) }
}
const awsSigner = (over: Partial<NotationSigner> = {}): NotationSigner =>
  aSigner({ identities: [PROFILE], trustStores: { ca: [], signingAuthority: [pem(known.root)], tsa: [] }, ...over })

describe('the scheme of a signing authority', () => {
  const ALIAS = 'arn:aws:signer:eu-west-1:111122223333:/aliases/prod'

  it.each<[string, string[], Readonly<Record<string, unknown>>]>([
    ['its profile', [PROFILE], {}],
    ['its profile in another case', [PROFILE.replace('ecr_prod', 'ECR_prod')], {}],
    ['this version of its profile', [`${PROFILE}/ABCDEF1234`], {}],
    ['one of several', [`${PROFILE}x`, PROFILE], {}],
    ['its alias in another case', [ALIAS], { 'com.amazonaws.signer.signingProfileAlias': ALIAS.toUpperCase() }],
    ['it at the very moment that it signs', [PROFILE], { [AUTHENTIC]: '2026-11-20T12:00:00Z' }],
    ['its alias', [ALIAS], { 'com.amazonaws.signer.signingProfileAlias': ALIAS }],
  ])('is trusted by %s', async (_name, identities, over) => {
    expect(await verify(jws(aws(over)), { signer: awsSigner({ identities }) })).toMatchObject({ kind: 'signature' })
  })

  it.each<[string, string[]]>([
    ['another profile', [`${PROFILE}2`]],
    ['the beginning of its name', [PROFILE.slice(0, -1)]],
    ['another version', [`${PROFILE}/ABCDEF1235`]],
    ['another account', [PROFILE.replace('111122223333', '444455556666')]],
    ['another region', [PROFILE.replace('eu-west-1', 'eu-west-2')]],
    ['an alias that it does not name', [ALIAS]],
    ['everybody', ['*']],
    ["its certificate's subject", [IDENTITY]],
  ])('is not trusted by %s', async (_name, identities) => {
    expect(await refused(jws(aws()), { signer: awsSigner({ identities }) })).toBe('wrong-identity')
  })

  it.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['without its time', { [AUTHENTIC]: undefined }, 'malformed'],
    ['with a signing time', { [TIME]: '2026-11-01T00:00:00Z' }, 'malformed'],
    ['that signed in the future', { [AUTHENTIC]: '2026-11-20T12:00:01Z' }, 'not-valid-then'],
    ['that signed before its certificates', { [AUTHENTIC]: '2025-11-01T00:00:00Z' }, 'not-valid-then'],
    ['that needs a newer plug-in', { [`${NOTARY}verificationPluginMinVersion`]: '2.0.0' }, 'unsupported'],
    ['that needs a plug-in of no version', { [`${NOTARY}verificationPluginMinVersion`]: 'new' }, 'malformed'],
    ['without a profile', { 'com.amazonaws.signer.signingProfileVersion': undefined }, 'malformed'],
    ['without a job', { 'com.amazonaws.signer.signingJob': undefined }, 'malformed'],
    ['with an alias that is no text', { 'com.amazonaws.signer.signingProfileAlias': 7 }, 'malformed'],
    ['with a further critical attribute', { 'com.amazonaws.signer.x': 'x' }, 'unsupported'],
  ])('%s is refused', async (_name, over, reason) => {
    expect(await refused(jws(aws(over)), { signer: awsSigner() })).toBe(reason)
  })

  it('is not trusted by an authority for plain signatures', async () => {
    expect(
      await refused(jws(aws()), {
        signer: awsSigner({ trustStores: { ca: [pem(known.root)], signingAuthority: [], tsa: [] } }),
      }),
    ).toBe('untrusted-chain')
  })
})

describe('revocation', () => {
  const asking = (state: 'good' | 'revoked' | 'unknown', signer: Partial<NotationSigner> = {}) => {
    const asked: unknown[] = []
    const check = async (question: object) => {
      asked.push(question)
      return { state, detail: state }
    }
    const bytes = jws()
    return {
      asked,
      fact: () => verify(bytes, { signer: aSigner({ override: {}, ...signer }), revocation: { network: check } }),
    }
  }

  it('is asked about the whole chain', async () => {
    const { asked, fact } = asking('good')
    const said = await fact()
    expect(said.kind === 'signature' && said.claims).toEqual({
      signingScheme: 'notary.x509',
      signingTime: '2026-11-01T00:00:00.000Z',
    })
    expect(asked).toMatchObject([{ chain: [{}, {}, {}], aws: null, signedAt: null, now: NOTATION_NOW }])
  })

  it.each<['revoked' | 'unknown', Partial<NotationSigner>, string]>([
    ['revoked', {}, 'revoked'],
    ['unknown', {}, 'revocation-unknown'],
    ['revoked', { level: 'permissive', override: { revocation: 'enforce' } }, 'revoked'],
  ])('that answers %s refuses', async (state, signer, reason) => {
    expect(await asking(state, signer).fact()).toMatchObject({ kind: 'rejected', reason })
  })

  it.each(['revoked', 'unknown'] as const)(
    'that answers %s is noted where the policy says so, never silently',
    async (state) => {
      expect(await asking(state, { override: { revocation: 'log' } }).fact()).toMatchObject({
        kind: 'signature',
        claims: { notEnforced: expect.stringContaining(state === 'revoked' ? 'revoked' : 'revocation-unknown') },
      })
    },
  )

  it('that is away, or is not there at all, is unknown', async () => {
    const away = async () => {
      throw new Error('away')
    }
    const signer = aSigner({ override: {} })
    expect(await refused(jws(), { signer, revocation: { network: away } })).toBe('revocation-unknown')
    expect(await refused(jws(), { signer, revocation: { 'aws-signer': away } })).toBe('revocation-unknown')
    expect(await refused(jws(), { signer })).toBe('revocation-unknown')
  })

  it('is asked about the timestamp’s chain too', async () => {
    const chains: number[] = []
    const check = async ({ chain }: { chain: readonly unknown[] }) => {
      chains.push(chain.length)
      return { state: chain.length === 2 ? ('revoked' as const) : ('good' as const), detail: 'x' }
    }
    expect(
      await refused(stamped(), { signer: aSigner({ ...TSA, override: {} }), revocation: { network: check } }),
    ).toBe('revoked')
    expect(chains).toEqual([3, 2])
  })

  it('knows when a signing authority signed', async () => {
    const times: unknown[] = []
    const check = async ({ signedAt }: { signedAt: number | null }) => {
      times.push(signedAt)
      return { state: 'good' as const, detail: '' }
    }
    await verify(jws(aws()), {
      signer: awsSigner({ override: {}, revocation: 'aws-signer' }),
      revocation: { 'aws-signer': check },
    })
    expect(times).toEqual([Date.parse('2026-11-01T00:00:00Z')])
  })
})

describe('hostile bytes', () => {
  it('never throw, wherever a bit of an envelope is turned over', async () => {
    for (const [bytes, mediaType] of [
      [jws(), JWS],
      [cose(), COSE],
    ] as const) {
      for (let at = 0; at < bytes.length; at += 7) {
        const turned = Buffer.from(bytes)
        turned[at] = (turned[at] ?? 0) ^ (1 << (at % 8))
        const fact = await verify(turned, { mediaType })
        // What is not signed (the agent's name) may differ; what counts must not.
        if (fact.kind === 'signature')
          expect(fact).toMatchObject({ subject: SUBJECT.digest, by: 'C=DE, ST=BE, O=Acme, CN=release' })
      }
    }
  }, 60_000)
})
