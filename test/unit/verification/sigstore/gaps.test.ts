/**
 * What the library leaves to its caller, gap by gap: what it says alone, and what comes of it here. Should a new version of it close
 * one, its row fails and goes.
 */

import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { bundleFromJSON } from '@sigstore/bundle'
import { dsse } from '@sigstore/core'
import { TrustedRoot } from '@sigstore/protobuf-specs'
import { toSignedEntity, toTrustMaterial, Verifier, type TrustMaterial } from '@sigstore/verify'
import { describe, expect, it } from 'vitest'
import type { SigstoreQuestion } from '../../../../src/verification/sigstore/verify.ts'
import { extension, spki } from '../../../helpers/sigstore/certificates.ts'
import { octets } from '../../../helpers/sigstore/der.ts'
import { createSigstore, pair, WORKFLOW, type TrustedRootJson } from '../../../helpers/sigstore/instance.ts'
import {
  ask,
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
  intotoEntry,
  signBundle,
  signMessage,
  statement,
  type BundleJson,
  type SignOptions,
} from '../../../helpers/sigstore/signatures.ts'

const sigstore = createSigstore()
const FILE = Buffer.from('a file')
type Change = (root: TrustedRootJson) => TrustedRootJson
type Keys = { readonly publicKey: KeyObject; readonly privateKey: KeyObject }

/** The library by itself, as its documentation shows it. */
function alone(bundle: object, change?: Change): 'accepts' | 'refuses' {
  return attempt(() => {
    const material = toTrustMaterial(TrustedRoot.fromJSON(JSON.parse(sigstore.trustedRoot(change))))
    new Verifier(material).verify(toSignedEntity(bundleFromJSON(bundle)))
  })
}

/** Of a key, without a log. */
function aloneByKey(bundle: object, publicKey: KeyObject, artifact?: Buffer): 'accepts' | 'refuses' {
  return attempt(() => {
    const root = toTrustMaterial(TrustedRoot.fromJSON(JSON.parse(sigstore.trustedRoot())))
    const material: TrustMaterial = { ...root, publicKey: () => ({ publicKey, validFor: () => true }) }
    const nothing = { tlogThreshold: 0, ctlogThreshold: 0, tsaThreshold: 0, timestampThreshold: 0 }
    new Verifier(material, nothing).verify(toSignedEntity(bundleFromJSON(bundle), artifact))
  })
}

function attempt(work: () => void): 'accepts' | 'refuses' {
  try {
    work()
    return 'accepts'
  } catch {
    return 'refuses'
  }
}

const signed = (options: SignOptions = {}, content: object | string = statement(SUBJECT)): BundleJson =>
  signBundle(sigstore, content, options)
const stranger = pair()
const retired: Change = (root) => {
  for (const { publicKey } of root.tlogs) Object.assign(publicKey.validFor ?? {}, { end: '2020-01-01T00:00:00Z' })
  return root
}
const withoutStart: Change = (root) => {
  for (const { publicKey } of root.tlogs) publicKey.validFor = {}
  return root
}
const { _type: _kind, ...untyped } = statement(SUBJECT) as { _type: string }

describe('the library accepts alone, and it is refused here:', () => {
  it.each<[string, object, string, Change?]>([
    ['a statement about another digest', signed({}, statement(OTHER)), 'wrong-subject'],
    ['an envelope of another payload type', signed({ payloadType: 'application/json' }), 'wrong-payload'],
    ['a statement without its _type', signed({}, untyped), 'wrong-payload'],
    [
      'a statement without a predicateType',
      signed({}, { ...statement(SUBJECT), predicateType: undefined }),
      'wrong-payload',
    ],
    ['a payload that is no JSON', signed({}, 'no JSON'), 'wrong-payload'],
    ['a certificate for servers', signed({ leaf: { uses: ['1.3.6.1.5.5.7.3.1'] } }), 'bad-certificate'],
    ['a certificate for nothing', signed({ leaf: { uses: [] } }), 'bad-certificate'],
    ['a certificate that is an authority', signed({ leaf: { isAuthority: true } }), 'bad-certificate'],
    [
      'a critical extension that nobody knows',
      signed({ leaf: { extra: [extension('1.2.3.4', octets(Buffer.from('x')), true)] } }),
      'bad-certificate',
    ],
    [
      'a log entry made with another certificate, in the first Rekor',
      signed({ entryVerifier: sigstore.leaf(stranger.publicKey) }),
      'log-mismatch',
    ],
    [
      'a log entry made with another certificate, in the second one',
      signed({ log: 'v2', entryVerifier: sigstore.leaf(stranger.publicKey) }),
      'log-mismatch',
    ],
    ['a checkpoint by a key of the second Rekor that was retired', signed({ log: 'v2' }), 'unknown-log', retired],
    ['a trusted root whose log key has no beginning', signed(), 'no-trust-root', withoutStart],
    [
      'a bundle of a version that there is not',
      { ...signed(), mediaType: 'application/vnd.dev.sigstore.bundle.v9.9+json' },
      'unsupported',
    ],
    [
      'a certificate of two names',
      signed({
        leaf: {
          names: [
            { kind: 'uri', value: WORKFLOW },
            { kind: 'email', value: 'mallory@example.com' },
          ],
        },
      }),
      'bad-certificate',
    ],
  ])('%s', async (_title, bundle, reason, change) => {
    expect(alone(bundle, change)).toBe('accepts')
    const trustRoots = { own: ownRoot(sigstore, change === undefined ? {} : { change }) }
    expect(outcomeOf(await verifyBundle(bundle, ask(sigstore, { trustRoots })))).toBe(reason)
  })

  it('a name that only contains the one that is asked for, for its policy is an unanchored expression', async () => {
    const bundle = signed({ leaf: { names: [{ kind: 'uri', value: `${WORKFLOW}.evil.example` }] } })
    const material = toTrustMaterial(TrustedRoot.fromJSON(JSON.parse(sigstore.trustedRoot())))
    const verify = () =>
      new Verifier(material).verify(toSignedEntity(bundleFromJSON(bundle)), {
        subjectAlternativeName: WORKFLOW,
        extensions: { issuer: 'https://token.actions.githubusercontent.com' },
      })
    expect(verify).not.toThrow()
    expect(outcomeOf(await verifyBundle(bundle, ask(sigstore)))).toBe('wrong-identity')
  })
})

describe('the library refuses alone, and it counts here:', () => {
  /** Signed with the hash that belongs to the curve, which the library does not name. */
  function keyed(curve: 'P-256' | 'P-384' | 'P-521', hash: string): { bundle: object; key: KeyObject } {
    const keys = pair(curve)
    const bundle = signed({ keys, by: 'key', log: 'none', stampedAt: null })
    const { payload, payloadType } = bundle.dsseEnvelope
    const bytes = dsse.preAuthEncoding(payloadType, Buffer.from(payload, 'base64'))
    const sig = sign(hash, bytes, keys.privateKey).toString('base64')
    const dsseEnvelope = { ...bundle.dsseEnvelope, signatures: [{ sig }] }
    return { bundle: { ...bundle, dsseEnvelope }, key: keys.publicKey }
  }

  it.each([
    ['P-384', 'sha384'],
    ['P-521', 'sha512'],
  ] as const)('a statement by a key on %s with %s', async (curve, hash) => {
    const { bundle, key } = keyed(curve, hash)
    const usual = keyed('P-256', 'sha256')
    expect([aloneByKey(usual.bundle, usual.key), aloneByKey(bundle, key)]).toEqual(['accepts', 'refuses'])
    const signers = { key: keySigner(key, 'ignore') }
    expect(outcomeOf(await verifyBundle(bundle, ask(sigstore, { signers })))).toBe('signature')
  })

  it('the bytes of a message by an Ed25519 key', async () => {
    const keys: Keys = generateKeyPairSync('ed25519')
    const unlogged = signMessage(sigstore, FILE, { by: 'key', log: 'none', stampedAt: null })
    const signature = sign(null, FILE, keys.privateKey).toString('base64')
    const bundle = { ...unlogged, messageSignature: { ...unlogged.messageSignature, signature } }
    expect(aloneByKey(bundle, keys.publicKey, FILE)).toBe('refuses')
    const subject = `sha256:${Buffer.from(unlogged.messageSignature.messageDigest.digest, 'base64').toString('hex')}`
    const question = { subject: subject as typeof SUBJECT, signers: { key: keySigner(keys.publicKey, 'ignore') } }
    expect(outcomeOf(await verifyBundle(bundle, ask(sigstore, { ...question, artifact: FILE })))).toBe('signature')
  })

  it('an attestation that was logged as intoto 0.0.1', async () => {
    const layer = attestLayer(sigstore, statement(SUBJECT, { predicateType: 'https://slsa.dev/provenance/v1' }))
    expect(outcomeOf(await verifyLayer(layer, ask(sigstore)))).toBe('attestation')
    const keys = pair()
    const bundle = signed({ keys, log: 'none', stampedAt: null })
    const body = { ...intotoEntry(bundle, spki(keys.publicKey), false), apiVersion: '0.0.1' }
    const tlogEntries = [sigstore.logs.v1.append(body, { at: sigstore.now })]
    const logged = { ...bundle, verificationMaterial: { ...bundle.verificationMaterial, tlogEntries } }
    expect(alone(logged)).toBe('refuses')
  })

  it('a chain of the trusted root that ends in an intermediate', async () => {
    const change: Change = (root) => {
      for (const { certChain } of root.certificateAuthorities) certChain.certificates.splice(1)
      return root
    }
    expect(alone(signed(), change)).toBe('refuses')
    const trustRoots = { own: ownRoot(sigstore, { change }) }
    expect(outcomeOf(await verifyBundle(signed(), ask(sigstore, { trustRoots })))).toBe('signature')
  })

  it('a name of the kind that Fulcio has for what is neither address nor e-mail', async () => {
    const value = 'system:serviceaccount:ci:builder'
    const bundle = signed({ leaf: { names: [{ kind: 'other', value }] } })
    const question: Partial<SigstoreQuestion> = { signers: { ci: workflowSigner({ subject: { equals: value } }) } }
    expect(await verifyBundle(bundle, ask(sigstore, question))).toMatchObject({ kind: 'signature', by: value })
  })
})

describe('the library throws what is no error of its own, and it is a reason here:', () => {
  it.each<[string, (bundle: BundleJson) => unknown]>([
    ['a log entry that is no JSON', (bundle) => withBody(bundle, '{')],
    ['a log entry of null', (bundle) => withBody(bundle, 'null')],
    ['a certificate that is none', (bundle) => withMaterial(bundle, { certificate: { rawBytes: 'AAAA' } })],
    ['a log index that is no number', (bundle) => withEntry(bundle, { logIndex: 'x' })],
  ])('%s', async (_title, change) => {
    const fact = await verifyBundle(change(signed()), ask(sigstore))
    expect(fact).toMatchObject({ kind: 'rejected', reason: expect.stringMatching(/^[a-z-]+$/u) as string })
  })

  function withMaterial(bundle: BundleJson, more: object): object {
    return { ...bundle, verificationMaterial: { ...bundle.verificationMaterial, ...more } }
  }

  function withEntry(bundle: BundleJson, more: object): object {
    const [entry] = bundle.verificationMaterial.tlogEntries
    return withMaterial(bundle, { tlogEntries: [{ ...entry, ...more }] })
  }

  function withBody(bundle: BundleJson, body: string): object {
    return withEntry(bundle, { canonicalizedBody: Buffer.from(body).toString('base64') })
  }
})
