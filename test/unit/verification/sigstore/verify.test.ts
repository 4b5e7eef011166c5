/** Signatures by a Sigstore of our own: what is accepted, and for each step of the check what is not. */

import { sign } from 'node:crypto'
import { bundleFromJSON } from '@sigstore/bundle'
import { TrustedRoot } from '@sigstore/protobuf-specs'
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify'
import { describe, expect, it } from 'vitest'
import { agreementUsage, extension, spki } from '../../../helpers/sigstore/certificates.ts'
import { octets } from '../../../helpers/sigstore/der.ts'
import { createSigstore, GITHUB_ISSUER, pair, WORKFLOW } from '../../../helpers/sigstore/instance.ts'
import {
  ask,
  FULL,
  keySigner,
  OTHER,
  outcomeOf,
  ownRoot,
  SUBJECT,
  verifyBundle,
  verifyLayer,
  workflowSigner,
} from '../../../helpers/sigstore/question.ts'
import {
  attestLayer,
  signBundle,
  signLayer,
  stamps,
  statement,
  type SignOptions,
} from '../../../helpers/sigstore/signatures.ts'

const sigstore = createSigstore()
const foreign = createSigstore({ name: 'foreign' })
const LATER = new Date(sigstore.now.getTime() + 3_600_000)
const PROVENANCE = { predicateType: 'https://slsa.dev/provenance/v1', predicate: { buildDefinition: { a: 1 } } }

describe('a signature that holds', () => {
  it.each<[string, SignOptions]>([
    ['logged by the first Rekor', {}],
    ['logged by the second one, stamped', { log: 'v2' }],
    ['logged by the first one, stamped too', { stampedAt: sigstore.now }],
    ['logged by the first one as a hash of what was signed', { hashed: 'signed' }],
  ])('counts when it is %s', async (_title, options) => {
    const fact = await verifyBundle(signBundle(sigstore, statement(SUBJECT), options), ask(sigstore))
    expect(fact).toMatchObject({ kind: 'signature', signers: ['ci'], subject: SUBJECT, by: WORKFLOW })
  })

  it.each(['v1', 'v2'] as const)('is accepted by the library alone too (%s)', (log) => {
    const material = toTrustMaterial(TrustedRoot.fromJSON(JSON.parse(sigstore.trustedRoot())))
    const bundle = bundleFromJSON(signBundle(sigstore, statement(SUBJECT), { log }))
    expect(() => new Verifier(material).verify(toSignedEntity(bundle))).not.toThrow()
  })

  it('says when it was made, where it is logged, and what its certificate claims', async () => {
    const claims = { sourceRepositoryURI: 'https://github.com/acme/app', runnerEnvironment: 'github-hosted' }
    const bundle = signBundle(sigstore, statement(SUBJECT), { leaf: { claims } })
    expect(await verifyBundle(bundle, ask(sigstore))).toMatchObject({
      at: Math.floor(sigstore.now.getTime() / 1000) * 1000,
      log: expect.stringMatching(/^entry \d+ of rekor\.offline\.test$/u),
      claims: { ...claims, issuer: GITHUB_ISSUER },
    })
  })

  it('counts from a root that demands a time alone, as for private repositories of GitHub', async () => {
    const bundle = signBundle(sigstore, statement(SUBJECT), { log: 'none', leaf: { sct: 'none' } })
    const own = ownRoot(sigstore, { require: { log: 0, sct: 0, timestamp: 1 } })
    expect(outcomeOf(await verifyBundle(bundle, ask(sigstore, { trustRoots: { own } })))).toBe('signature')
    expect(outcomeOf(await verifyBundle(bundle, ask(sigstore)))).not.toBe('signature')
  })

  it('counts where the trusted chain ends in an intermediate', async () => {
    const own = ownRoot(sigstore, {
      change: (root) => {
        for (const authority of root.certificateAuthorities) authority.certChain.certificates.splice(1)
        return root
      },
    })
    const bundle = signBundle(sigstore, statement(SUBJECT))
    expect(outcomeOf(await verifyBundle(bundle, ask(sigstore, { trustRoots: { own } })))).toBe('signature')
  })

  it('names each signer that it satisfies, and no other', async () => {
    const signers = {
      ci: workflowSigner(),
      same: workflowSigner({ subject: { pattern: 'https://github\\.com/acme/.*' } }),
      other: workflowSigner({ issuer: { equals: 'https://accounts.google.com' } }),
    }
    const fact = await verifyBundle(signBundle(sigstore, statement(SUBJECT)), ask(sigstore, { signers }))
    expect(fact).toMatchObject({ signers: ['ci', 'same'] })
  })

  it.each([
    ['email', 'release@acme.example'],
    ['other', 'system:serviceaccount:ci:builder'],
  ] as const)('has a name of the kind %s', async (kind, value) => {
    const signers = { person: workflowSigner({ subject: { equals: value } }) }
    const bundle = signBundle(sigstore, statement(SUBJECT), { leaf: { names: [{ kind, value }] } })
    expect(await verifyBundle(bundle, ask(sigstore, { signers }))).toMatchObject({ kind: 'signature', by: value })
  })

  it.each(['P-256', 'P-384', 'P-521'] as const)(
    'is made with a key on %s, with the hash of its size or SHA-256',
    async (curve) => {
      const keys = pair(curve)
      const bundle = signBundle(sigstore, statement(SUBJECT), { keys, by: 'key', log: 'none', stampedAt: null })
      const signers = { key: keySigner(keys.publicKey, 'ignore') }
      expect(outcomeOf(await verifyBundle(bundle, ask(sigstore, { signers, trustRoots: {} })))).toBe('signature')
    },
  )
})

it('may be about several digests, of which ours is one', async () => {
  const several = {
    ...statement(SUBJECT),
    subject: [OTHER, SUBJECT].map((one) => ({ digest: { sha256: one.slice(7) } })),
  }
  expect(outcomeOf(await verifyBundle(signBundle(sigstore, several), ask(sigstore)))).toBe('signature')
})

describe('an attestation', () => {
  it('is no signature, and says what it attests', async () => {
    const bundle = signBundle(sigstore, statement(SUBJECT, PROVENANCE))
    expect(await verifyBundle(bundle, ask(sigstore))).toMatchObject({ kind: 'attestation', ...PROVENANCE })
  })

  it('of the older cosign is read from its tag, with its log entry', async () => {
    const layer = attestLayer(sigstore, statement(SUBJECT, PROVENANCE))
    expect(await verifyLayer(layer, ask(sigstore))).toMatchObject({
      kind: 'attestation',
      format: 'cosign-tag-layer',
      ...PROVENANCE,
    })
  })

  it.each<[string, Parameters<typeof attestLayer>[2]]>([
    ['is about another envelope', { entryEnvelope: Buffer.from('{}') }],
    ['is about another payload', { entryPayload: Buffer.from('{}') }],
    ['was made with another certificate', { entryVerifier: sigstore.leaf(pair().publicKey) }],
    ['was promised by another log', { append: { key: pair().privateKey } }],
  ])('of the older cosign does not count when its log entry %s', async (_title, options) => {
    const fact = await verifyLayer(attestLayer(sigstore, statement(SUBJECT, PROVENANCE), options), ask(sigstore))
    expect(fact.kind).toBe('rejected')
  })
})

describe('a signature that does not hold', () => {
  it.each<[string, SignOptions, string]>([
    ['the certificate had ended when it was logged', { append: { at: LATER } }, 'untrusted-chain'],
    ['the certificate had ended when it was stamped', { log: 'v2', stampedAt: LATER }, 'untrusted-chain'],
    ['one of two times does not fit', { stampedAt: LATER }, 'untrusted-chain'],
    ['no CT log promised the certificate', { leaf: { sct: 'none' } }, 'no-sct'],
    ['a CT log that nobody trusts promised it', { leaf: { sct: 'foreign' } }, 'no-sct'],
    ['another authority made the certificate', { leaf: { issuerKey: pair().privateKey } }, 'untrusted-chain'],
    ['the certificate is an authority', { leaf: { isAuthority: true } }, 'bad-certificate'],
    ['the certificate is for servers', { leaf: { uses: ['1.3.6.1.5.5.7.3.1'] } }, 'bad-certificate'],
    ['the certificate is for nothing', { leaf: { uses: [] } }, 'bad-certificate'],
    ['the key of the certificate may not sign', { leaf: { usage: agreementUsage() } }, 'bad-certificate'],
    [
      'the certificate has a critical extension that nobody knows',
      { leaf: { extra: [extension('1.2.3.4', octets(), true)] } },
      'bad-certificate',
    ],
    [
      'the certificate has a claim twice',
      { leaf: { extra: [extension('1.3.6.1.4.1.57264.1.8', Buffer.from([0x0c, 1, 0x61]))] } },
      'bad-certificate',
    ],
    [
      'the certificate has two names',
      {
        leaf: {
          names: [
            { kind: 'uri', value: WORKFLOW },
            { kind: 'email', value: 'a@b.example' },
          ],
        },
      },
      'bad-certificate',
    ],
    [
      'a byte of the name would be a letter of ours without its eighth bit',
      { leaf: { names: [{ kind: 'uri', value: Buffer.from(WORKFLOW.replace('acme', 'acm\u00e5'), 'latin1') }] } },
      'bad-certificate',
    ],
    ['it is in no log', { log: 'none' }, 'not-logged'],
    ['the log entry was signed with another key', { append: { key: pair().privateKey } }, 'not-logged'],
    ['the log gave proof and no promise, so no time', { append: { promise: false } }, 'no-timestamp'],
    ['there is a promise and no proof, in version 0.3', { append: { proof: false } }, 'malformed'],
    ['the second Rekor logged it and nobody stamped it', { log: 'v2', stampedAt: null }, 'no-timestamp'],
    ['the log entry is about another payload', { entryPayload: Buffer.from('other') }, 'log-mismatch'],
    ['the log entry is a hash of the payload alone', { hashed: 'payload' }, 'log-mismatch'],
    ['what is signed is no statement', { payloadType: 'application/json' }, 'wrong-payload'],
  ])('is refused when %s', async (_title, options, reason) => {
    const fact = await verifyBundle(signBundle(sigstore, statement(SUBJECT), options), ask(sigstore))
    expect(outcomeOf(fact)).toBe(reason)
  })

  it.each<[string, unknown]>([
    ['about another digest', statement(OTHER)],
    ['without a subject', { ...statement(SUBJECT), subject: [] }],
    ['with the digest in the name alone', { ...statement(SUBJECT), subject: [{ name: SUBJECT, digest: {} }] }],
    [
      'with the hex of another algorithm',
      { ...statement(SUBJECT), subject: [{ digest: { sha512: SUBJECT.slice(7) } }] },
    ],
    ['of another type', { ...statement(SUBJECT), _type: 'https://in-toto.io/Statement/v2' }],
    ['that is no JSON', 'image'],
    [
      'with a subject twice',
      JSON.stringify(statement(OTHER)).replace(
        '{',
        `{"subject":${JSON.stringify([{ digest: { sha256: SUBJECT.slice(7) } }])},`,
      ),
    ],
  ])('is refused over a statement %s', async (_title, content) => {
    const fact = await verifyBundle(signBundle(sigstore, content as object | string), ask(sigstore))
    expect(['wrong-subject', 'wrong-payload']).toContain(outcomeOf(fact))
  })

  it('is refused when the payload was replaced after it was signed', async () => {
    const bundle = signBundle(sigstore, statement(OTHER))
    bundle.dsseEnvelope.payload = Buffer.from(JSON.stringify(statement(SUBJECT))).toString('base64')
    expect((await verifyBundle(bundle, ask(sigstore))).kind).toBe('rejected')
  })

  it('is refused from another Sigstore', async () => {
    const fact = await verifyBundle(signBundle(foreign, statement(SUBJECT)), ask(sigstore))
    expect(outcomeOf(fact)).toBe('unknown-log')
    expect(fact).toMatchObject({ detail: expect.stringContaining('drayage trust update') })
  })

  it.each<[string, Parameters<typeof workflowSigner>[0], string]>([
    ['another workflow', { subject: { equals: `${WORKFLOW}x` } }, 'wrong-identity'],
    ['another issuer with ours as its beginning', { issuer: { equals: `${GITHUB_ISSUER}/acme` } }, 'wrong-identity'],
    ['a pattern for a part of the name', { subject: { pattern: 'github\\.com/acme' } }, 'wrong-identity'],
    ['a pattern that is none', { subject: { pattern: '(' } }, 'wrong-identity'],
    ['a claim that is not there', { claims: { buildTrigger: { equals: 'push' } } }, 'wrong-identity'],
    ['a claim that nobody knows', { claims: { constructor: { pattern: '.*' } } }, 'wrong-identity'],
    ['a root that nobody configured', { trust: 'missing' }, 'no-trust-root'],
  ])('is refused for a signer with %s', async (_title, change, reason) => {
    const signers = { ci: workflowSigner(change) }
    const fact = await verifyBundle(signBundle(sigstore, statement(SUBJECT)), ask(sigstore, { signers }))
    expect(outcomeOf(fact)).toBe(reason)
  })

  it.each([
    ['key', 'certificate'],
    ['certificate', 'key'],
  ] as const)('is refused where a %s is asked for and a %s was used', async (asked, used) => {
    const keys = pair()
    const signers = { one: asked === 'key' ? keySigner(keys.publicKey) : workflowSigner() }
    const bundle = signBundle(sigstore, statement(SUBJECT), { keys, by: used })
    expect(outcomeOf(await verifyBundle(bundle, ask(sigstore, { signers })))).toBe('wrong-material')
  })
})

describe('a key', () => {
  const keys = pair()
  const signers = { release: keySigner(keys.publicKey) }

  it.each(['v1', 'v2'] as const)('proves a signature that is logged (%s)', async (log) => {
    const bundle = signBundle(sigstore, statement(SUBJECT), { keys, by: 'key', log, stampedAt: null })
    expect(await verifyBundle(bundle, ask(sigstore, { signers }))).toMatchObject({
      kind: 'signature',
      signers: ['release'],
    })
  })

  it('proves nothing without the log that is required', async () => {
    const bundle = signBundle(sigstore, statement(SUBJECT), { keys, by: 'key', log: 'none', stampedAt: null })
    expect(outcomeOf(await verifyBundle(bundle, ask(sigstore, { signers })))).toBe('not-logged')
  })

  it.each<[string, (pem: string) => string]>([
    ['is none', () => 'hello'],
    ['cannot be read', () => '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'],
    ['is one of two', (pem) => `${pem}${pem}`],
    ['is a private one', (pem) => pem.replaceAll('PUBLIC', 'PRIVATE')],
  ])('proves nothing where it %s', async (_title, change) => {
    const signer = keySigner(keys.publicKey)
    const bundle = signBundle(sigstore, statement(SUBJECT), { keys, by: 'key' })
    const question = ask(sigstore, { signers: { release: { ...signer, pem: change(signer.pem) } } })
    expect(outcomeOf(await verifyBundle(bundle, question))).toBe('wrong-key')
  })

  it('of two signers says the time that one of them asks the log for', async () => {
    const both = { a: keySigner(keys.publicKey, 'ignore'), b: keySigner(keys.publicKey) }
    const bundle = signBundle(sigstore, statement(SUBJECT), { keys, by: 'key' })
    const fact = await verifyBundle(bundle, ask(sigstore, { signers: both }))
    expect(fact).toMatchObject({ signers: ['a', 'b'], at: expect.any(Number), log: expect.any(String) })
  })

  it('is not the one that the bundle hints at', async () => {
    const attacker = pair()
    const bundle = signBundle(sigstore, statement(SUBJECT), { keys: attacker, by: 'key' })
    bundle.verificationMaterial['publicKey'] = { hint: 'release' }
    expect((await verifyBundle(bundle, ask(sigstore, { signers }))).kind).toBe('rejected')
  })

  it('takes no time from a log that nobody asked', async () => {
    const bundle = signBundle(foreign, statement(SUBJECT), { keys, by: 'key' })
    const ignoring = { release: keySigner(keys.publicKey, 'ignore') }
    expect(await verifyBundle(bundle, ask(sigstore, { signers: ignoring }))).toMatchObject({
      kind: 'signature',
      at: null,
      log: null,
    })
  })

  it('proves a message over the bytes themselves, or by their digest alone', async () => {
    const artifact = Buffer.from('{"schemaVersion":2}')
    const { createHash } = await import('node:crypto')
    const digest = createHash('sha256').update(artifact).digest()
    const bundle = {
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: { publicKey: { hint: '' }, tlogEntries: [] },
      messageSignature: {
        messageDigest: { algorithm: 'SHA2_256', digest: digest.toString('base64') },
        signature: sign('sha256', artifact, keys.privateKey).toString('base64'),
      },
    }
    const subject = `sha256:${digest.toString('hex')}` as typeof SUBJECT
    const ignoring = { release: keySigner(keys.publicKey, 'ignore') }
    const question = ask(sigstore, { signers: ignoring, subject })
    expect(outcomeOf(await verifyBundle(bundle, { ...question, artifact }))).toBe('signature')
    expect(outcomeOf(await verifyBundle(bundle, question))).toBe('signature')
    for (const known of [{ artifact }, {}]) {
      const other = { ...question, ...known, subject: SUBJECT }
      expect((await verifyBundle(bundle, other)).kind).toBe('rejected')
    }
    const misnamed = structuredClone(bundle)
    misnamed.messageSignature.messageDigest.digest = Buffer.alloc(32).toString('base64')
    expect(outcomeOf(await verifyBundle(misnamed, { ...question, artifact }))).toBe('wrong-subject')
    const spoilt = structuredClone(bundle)
    spoilt.messageSignature.signature = sign('sha256', Buffer.from('x'), keys.privateKey).toString('base64')
    expect(outcomeOf(await verifyBundle(spoilt, question))).toBe('bad-signature')
  })
})

describe("a layer of cosign's tag", () => {
  it.each<[string, Parameters<typeof signLayer>[2], string]>([
    ['counts', {}, 'signature'],
    ['is refused without a log entry', { log: 'none' }, 'no-timestamp'],
    ["is refused when its payload is not cosign's", { type: 'atomic container signature' }, 'wrong-payload'],
    ['is refused when its entry is about another payload', { entryPayload: Buffer.from('x') }, 'log-mismatch'],
    [
      'is refused when another certificate was logged',
      { entryVerifier: sigstore.leaf(pair().publicKey) },
      'log-mismatch',
    ],
  ])('%s', async (_title, options, outcome) => {
    expect(outcomeOf(await verifyLayer(signLayer(sigstore, SUBJECT, options), ask(sigstore)))).toBe(outcome)
  })

  it('is refused about another digest', async () => {
    expect(outcomeOf(await verifyLayer(signLayer(sigstore, OTHER), ask(sigstore)))).toBe('wrong-subject')
  })

  it.each(['\n', '\r\n'])('has line breaks in its signature, as real ones do', async (end) => {
    const layer = signLayer(sigstore, SUBJECT)
    layer.annotations['dev.cosignproject.cosign/signature'] += end
    expect(outcomeOf(await verifyLayer(layer, ask(sigstore)))).toBe('signature')
  })

  it.each<[string, string, string]>([
    ['no signature', 'dev.cosignproject.cosign/signature', ''],
    ['a signature that is not base64', 'dev.cosignproject.cosign/signature', '!!!!'],
    ['a log bundle that is no JSON', 'dev.sigstore.cosign/bundle', '{'],
    [
      'a log bundle whose body is a number',
      'dev.sigstore.cosign/bundle',
      '{"SignedEntryTimestamp":"aaaa","Payload":{"body":1}}',
    ],
    ['a certificate that is none', 'dev.sigstore.cosign/certificate', 'hello'],
    ['a timestamp that is none', 'dev.sigstore.cosign/rfc3161timestamp', '[]'],
  ])('is refused with %s', async (_title, annotation, value) => {
    const layer = signLayer(sigstore, SUBJECT)
    layer.annotations[annotation] = value
    expect(outcomeOf(await verifyLayer(layer, ask(sigstore)))).toBe('malformed')
  })

  it('has its chain annotation never believed', async () => {
    const layer = signLayer(foreign, SUBJECT)
    expect((await verifyLayer(layer, ask(sigstore))).kind).toBe('rejected')
  })
})

describe('a trusted root', () => {
  const bundle = signBundle(sigstore, statement(SUBJECT))
  const stampedBundle = signBundle(sigstore, statement(SUBJECT), { log: 'v2' })
  const retired = { end: new Date(sigstore.now.getTime() - 86_400_000).toISOString() }

  it.each<[string, object, Parameters<typeof ownRoot>[1]]>([
    ['whose log key was retired before', bundle, { change: (root) => withSpan(root, 'tlogs') }],
    ['whose second log key was retired before', stampedBundle, { change: (root) => withSpan(root, 'tlogs') }],
    ['whose CT log was retired before', bundle, { change: (root) => withSpan(root, 'ctlogs') }],
    ['whose authority was retired before', bundle, { change: (root) => withSpan(root, 'certificateAuthorities') }],
    [
      'whose timestamp authority was retired before',
      stampedBundle,
      { change: (root) => withSpan(root, 'timestampAuthorities') },
    ],
    ['that has no CT log', bundle, { change: (root) => ({ ...root, ctlogs: [] }) }],
    ['that demands two log entries', bundle, { require: { ...FULL, log: 2 } }],
    ['that demands two times', bundle, { require: { ...FULL, timestamp: 2 } }],
  ])('proves nothing %s', async (_title, json, options) => {
    const trustRoots = { own: ownRoot(sigstore, options) }
    expect((await verifyBundle(json, ask(sigstore, { trustRoots }))).kind).toBe('rejected')
  })

  function withSpan<T extends object>(root: T, key: keyof T): T {
    for (const one of root[key] as { validFor?: object; publicKey?: { validFor?: object } }[]) {
      if (one.publicKey) Object.assign(one.publicKey.validFor ?? {}, retired)
      else Object.assign(one.validFor ?? {}, retired)
    }
    return root
  }

  it.each<[string, (root: ReturnType<typeof JSON.parse>) => unknown]>([
    [
      'no start of a log key',
      (root) => ({
        ...root,
        tlogs: root.tlogs.map((log: object) => ({ ...log, publicKey: { rawBytes: 'AAAA', validFor: {} } })),
      }),
    ],
    [
      'an authority without a chain',
      (root) => ({
        ...root,
        certificateAuthorities: [{ validFor: { start: '2026-01-01T00:00:00Z' }, certChain: { certificates: [] } }],
      }),
    ],
    ['neither log nor timestamp authority', (root) => ({ ...root, tlogs: [], timestampAuthorities: [] })],
    ['another media type', (root) => ({ ...root, mediaType: 'application/json' })],
    [
      'a certificate that is none',
      (root) => ({
        ...root,
        certificateAuthorities: root.certificateAuthorities.map((one: object) => ({
          ...one,
          certChain: { certificates: [{ rawBytes: 'AAAA' }] },
        })),
      }),
    ],
    [
      'a timestamp authority that may not stamp',
      (root) => ({ ...root, timestampAuthorities: root.certificateAuthorities }),
    ],
  ])('is refused as a whole with %s', async (_title, change) => {
    const json = JSON.stringify(change(JSON.parse(sigstore.trustedRoot())))
    const trustRoots = { own: { kind: 'custom', json, require: FULL } as const }
    expect(outcomeOf(await verifyBundle(bundle, ask(sigstore, { trustRoots })))).toBe('no-trust-root')
  })

  it('that is built in is stale after its time, and says what to do', async () => {
    const builtin = { kind: 'builtin', builtin: 'sigstore', require: FULL } as const
    const question = ask(sigstore, { trustRoots: { own: builtin }, now: Date.UTC(2040, 0) })
    expect(await verifyBundle(bundle, question)).toMatchObject({
      reason: 'stale-trust-root',
      detail: expect.stringContaining('drayage trust update'),
    })
  })
})

describe('a timestamp', () => {
  it.each<[string, Parameters<typeof stamps>]>([
    ['over another signature', [sigstore, Buffer.from('other'), sigstore.now]],
    ['by an authority that nobody trusts', [foreign, Buffer.from(''), sigstore.now]],
  ])('%s proves no time', async (_title, [by, over, at]) => {
    const bundle = signBundle(sigstore, statement(SUBJECT), { log: 'v2', stampedAt: null })
    const signature = Buffer.from(bundle.dsseEnvelope.signatures[0]?.sig ?? '', 'base64')
    Object.assign(bundle.verificationMaterial, stamps(by, over.length > 0 ? over : signature, at))
    expect(outcomeOf(await verifyBundle(bundle, ask(sigstore)))).toBe('no-timestamp')
  })

  it.each<[string, Parameters<typeof stamps>[3]]>([
    ['was not granted', { status: 2 }],
    ['has two signers', { signers: 2 }],
    ['has no signer', { signers: 0 }],
    ['signs something else', { contentType: '1.2.840.113549.1.7.1' }],
  ])('that %s proves no time', async (_title, options) => {
    const bundle = signBundle(sigstore, statement(SUBJECT), { log: 'v2', stampedAt: null })
    const signature = Buffer.from(bundle.dsseEnvelope.signatures[0]?.sig ?? '', 'base64')
    Object.assign(bundle.verificationMaterial, stamps(sigstore, signature, sigstore.now, options))
    expect((await verifyBundle(bundle, ask(sigstore))).kind).toBe('rejected')
  })
})

it('knows the key of a log entry by its bytes', async () => {
  const keys = pair()
  const bundle = signBundle(sigstore, statement(SUBJECT), { keys, by: 'key', entryVerifier: spki(pair().publicKey) })
  const signers = { release: keySigner(keys.publicKey) }
  expect(outcomeOf(await verifyBundle(bundle, ask(sigstore, { signers })))).toBe('log-mismatch')
})
