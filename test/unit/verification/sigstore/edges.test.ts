/** Where two proofs disagree, or one is not what it says to be: times, log entries of the old kind, certificates beside keys. */

import { generateKeyPairSync } from 'node:crypto'
import { dsse } from '@sigstore/core'
import { describe, expect, it } from 'vitest'
import { parseStrictJson } from '../../../../src/verification/sigstore/strict-json.ts'
import { spki } from '../../../helpers/sigstore/certificates.ts'
import { createSigstore, pair, type TrustedRootJson } from '../../../helpers/sigstore/instance.ts'
import { sha256 } from '../../../helpers/sigstore/log.ts'
import {
  ask,
  keySigner,
  outcomeOf,
  ownRoot,
  SUBJECT,
  verifyBundle,
  verifyLayer,
  workflowSigner,
} from '../../../helpers/sigstore/question.ts'
import { attestLayer, signBundle, signLayer, statement } from '../../../helpers/sigstore/signatures.ts'

const sigstore = createSigstore()
const CERTIFICATE = 'dev.sigstore.cosign/certificate'
const PROVENANCE = { predicateType: 'https://slsa.dev/provenance/v1', predicate: {} }
const at = (minutes: number): Date => new Date(Math.floor(sigstore.now.getTime() / 1000) * 1000 + minutes * 60_000)

describe('of two verified times', () => {
  it.each([
    [2, 4],
    [4, 2],
  ])('logged after %i minutes and stamped after %i: the earlier one counts', async (logged, stamped) => {
    const bundle = signBundle(sigstore, statement(SUBJECT), { append: { at: at(logged) }, stampedAt: at(stamped) })
    expect(await verifyBundle(bundle, ask(sigstore))).toMatchObject({ kind: 'signature', at: at(2).getTime() })
  })
})

describe('a signer of another root', () => {
  it('did not sign what this one proves, whatever name it has', async () => {
    const foreign = createSigstore({ name: 'foreign' })
    const trustRoots = { own: ownRoot(sigstore), theirs: ownRoot(foreign) }
    const signers = { ci: workflowSigner(), theirs: workflowSigner({ trust: 'theirs' }) }
    const question = ask(sigstore, { trustRoots, signers })
    expect(await verifyBundle(signBundle(sigstore, statement(SUBJECT)), question)).toMatchObject({ signers: ['ci'] })
    expect(await verifyBundle(signBundle(foreign, statement(SUBJECT)), question)).toMatchObject({ signers: ['theirs'] })
  })
})

describe('a log entry of the kind intoto 0.0.1', () => {
  const attested = statement(SUBJECT, PROVENANCE)
  const rooted = (change: (root: TrustedRootJson) => void) =>
    ask(sigstore, {
      trustRoots: {
        own: ownRoot(sigstore, {
          change: (root) => {
            change(root)
            return root
          },
        }),
      },
    })
  const spanned = (start: Date, end?: Date) =>
    rooted((root) => {
      for (const log of root.tlogs) {
        log.publicKey.validFor = {
          start: start.toISOString(),
          ...(end === undefined ? {} : { end: end.toISOString() }),
        }
      }
    })

  it('is promised by a log that is trusted at that time', async () => {
    expect(outcomeOf(await verifyLayer(attestLayer(sigstore, attested), ask(sigstore)))).toBe('attestation')
    expect(outcomeOf(await verifyLayer(attestLayer(sigstore, attested), spanned(at(-1), at(1))))).toBe('attestation')
  })

  it('is nothing before the log was trusted, and nothing after', async () => {
    for (const question of [spanned(at(1)), spanned(at(-60), at(-30))]) {
      expect((await verifyLayer(attestLayer(sigstore, attested), question)).kind).toBe('rejected')
    }
  })

  it('is nothing without a promise, or with one of another key', async () => {
    for (const append of [{ promise: false }, { key: pair().privateKey }]) {
      expect((await verifyLayer(attestLayer(sigstore, attested, { append }), ask(sigstore))).kind).toBe('rejected')
    }
  })

  it.each(['dsse', 'hashedrekord'] as const)('is not one that is a %s', async (kind) => {
    const bundle = signBundle(sigstore, statement(SUBJECT), kind === 'dsse' ? {} : { hashed: 'signed' })
    for (const entry of bundle.verificationMaterial.tlogEntries) {
      Object.assign(entry, { kindVersion: { kind: 'intoto', version: '0.0.1' } })
    }
    expect((await verifyBundle(bundle, ask(sigstore))).kind).toBe('rejected')
  })
})

describe('a layer that is signed by a key', () => {
  const keys = pair()
  const signers = { release: keySigner(keys.publicKey, 'ignore') }
  const keyed = { by: 'key', log: 'none' } as const

  it('counts with a certificate beside it, which cosign may keep there', async () => {
    const layer = signLayer(sigstore, SUBJECT, { ...keyed, keys })
    const other = signLayer(sigstore, SUBJECT)
    const annotations = { ...layer.annotations, [CERTIFICATE]: other.annotations[CERTIFICATE] ?? '' }
    expect(await verifyLayer({ ...layer, annotations }, ask(sigstore, { signers }))).toMatchObject({
      kind: 'signature',
      signers: ['release'],
    })
  })

  it('that nobody here has is refused for its key, for there is no certificate', async () => {
    const layer = signLayer(sigstore, SUBJECT, { ...keyed, keys: pair() })
    const { kind } = await verifyLayer(signLayer(sigstore, SUBJECT, { ...keyed, keys }), ask(sigstore, { signers }))
    expect([kind, outcomeOf(await verifyLayer(layer, ask(sigstore, { signers })))]).toEqual([
      'signature',
      'bad-signature',
    ])
  })

  it('is refused for its certificate first, where it brings one', async () => {
    const strangers = { leaf: { names: [{ kind: 'email', value: 'mallory@example.com' }] } } as const
    const question = ask(sigstore)
    const both = { ...question, signers: { ...question.signers, ...signers } }
    expect(outcomeOf(await verifyLayer(signLayer(sigstore, SUBJECT, strangers), both))).toBe('wrong-identity')
  })
})

describe('a key on a curve that nobody uses here', () => {
  it('proves nothing', async () => {
    const keys = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
    expect(spki(keys.publicKey).length).toBeGreaterThan(0)
    const bundle = signBundle(sigstore, statement(SUBJECT), { keys, by: 'key', log: 'none', stampedAt: null })
    const signers = { key: keySigner(keys.publicKey, 'ignore') }
    expect(outcomeOf(await verifyBundle(bundle, ask(sigstore, { signers })))).toBe('bad-signature')
  })
})

describe('a key that is of a kind nobody uses here', () => {
  it('proves nothing', async () => {
    const { publicKey } = generateKeyPairSync('ed448')
    const bundle = signBundle(sigstore, statement(SUBJECT), { by: 'key', log: 'none', stampedAt: null })
    const signers = { key: keySigner(publicKey, 'ignore') }
    expect(outcomeOf(await verifyBundle(bundle, ask(sigstore, { signers })))).toBe('bad-signature')
  })
})

describe('a chain of the trusted root', () => {
  it('whose intermediate another root signed proves nothing', async () => {
    const [, stranger] = createSigstore({ name: 'foreign' }).chain
    const own = ownRoot(sigstore, {
      change: (root) => {
        for (const { certChain } of root.certificateAuthorities) {
          certChain.certificates = [
            ...certChain.certificates.slice(0, 1),
            { rawBytes: stranger?.toString('base64') ?? '' },
          ]
        }
        return root
      },
    })
    const bundle = signBundle(sigstore, statement(SUBJECT))
    expect(outcomeOf(await verifyBundle(bundle, ask(sigstore)))).toBe('signature')
    expect(outcomeOf(await verifyBundle(bundle, ask(sigstore, { trustRoots: { own } })))).toBe('untrusted-chain')
  })
})

describe('a signature that is logged twice', () => {
  it('counts, as a dsse and as a hash of what was signed', async () => {
    const bundle = signBundle(sigstore, statement(SUBJECT))
    const { tlogEntries } = bundle.verificationMaterial
    const { payload, payloadType } = bundle.dsseEnvelope
    const { spec } = JSON.parse(Buffer.from(tlogEntries[0]?.canonicalizedBody ?? '', 'base64').toString()) as {
      spec: { signatures: [{ signature: string; verifier: string }] }
    }
    const [{ signature, verifier }] = spec.signatures
    const value = sha256(dsse.preAuthEncoding(payloadType, Buffer.from(payload, 'base64'))).toString('hex')
    const data = { hash: { algorithm: 'sha256', value } }
    const by = { content: signature, publicKey: { content: verifier } }
    const body = { apiVersion: '0.0.1', kind: 'hashedrekord', spec: { data, signature: by } }
    // Of one log, one time is enough, and two are too many.
    tlogEntries.push(sigstore.logs.v1.append(body, { at: sigstore.now, promise: false }))
    const own = ownRoot(sigstore, { require: { log: 2, sct: 1, timestamp: 1 } })
    expect(outcomeOf(await verifyBundle(bundle, ask(sigstore, { trustRoots: { own } })))).toBe('signature')
  })
})

describe('JSON', () => {
  const read = (text: string): unknown => {
    const json = parseStrictJson(Buffer.from(text))
    return json.ok ? json.value : null
  }

  it.each([
    [String.raw`{"a":"x\\","b":1}`, { a: 'x\\', b: 1 }],
    [String.raw`{"a":"x\"","b":1}`, { a: 'x"', b: 1 }],
    [String.raw`{"a\"":1,"a":2}`, { 'a"': 1, a: 2 }],
    [String.raw`{"a":{"b":1},"c":{"b":1}}`, { a: { b: 1 }, c: { b: 1 } }],
    [String.raw`[{"a":1},{"a":2}]`, [{ a: 1 }, { a: 2 }]],
    [String.raw`{"a":["a","a"]}`, { a: ['a', 'a'] }],
  ])('%s is read', (text, value) => {
    expect(read(text)).toEqual(value)
  })

  it.each([
    String.raw`{"a":1,"a":2}`,
    String.raw`{"a":1,"\u0061":2}`,
    String.raw`{"a":{"b":1,"b":2}}`,
    String.raw`[{"a":1,"b":{},"a":2}]`,
    String.raw`{"a":"}","a":2}`,
    String.raw`{"a":"\\","a":2}`,
  ])('%s has a key twice', (text) => {
    expect(read(text)).toBeNull()
  })
})
