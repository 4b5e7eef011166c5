/** What else a bundle and a certificate may look like: chains, RSA keys, names and claims of every kind. */

import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { alternativeNames, extension } from '../../../helpers/sigstore/certificates.ts'
import { context, oid, tagged } from '../../../helpers/sigstore/der.ts'
import { createSigstore, WORKFLOW, type LeafOptions } from '../../../helpers/sigstore/instance.ts'
import { ask, keySigner, outcomeOf, SUBJECT, verifyBundle, workflowSigner } from '../../../helpers/sigstore/question.ts'
import { signBundle, statement, type BundleJson } from '../../../helpers/sigstore/signatures.ts'

const sigstore = createSigstore()
const [intermediate, root] = sigstore.chain.map((der) => der.toString('base64'))

describe('a bundle of version 0.1', () => {
  function withChain(...others: readonly (string | undefined)[]): BundleJson {
    const bundle = signBundle(sigstore, statement(SUBJECT))
    const { certificate, ...material } = bundle.verificationMaterial
    const certificates = [certificate, ...others.map((rawBytes) => ({ rawBytes }))]
    const verificationMaterial = { ...material, x509CertificateChain: { certificates } }
    const mediaType = 'application/vnd.dev.sigstore.bundle+json;version=0.1'
    return { ...bundle, mediaType, verificationMaterial }
  }

  it('may bring its certificate alone, or those between it and the root', async () => {
    expect(outcomeOf(await verifyBundle(withChain(), ask(sigstore)))).toBe('signature')
    expect(outcomeOf(await verifyBundle(withChain(intermediate), ask(sigstore)))).toBe('signature')
  })

  it('may not bring a root, wherever it stands', async () => {
    expect(outcomeOf(await verifyBundle(withChain(root), ask(sigstore)))).toBe('malformed')
    expect(outcomeOf(await verifyBundle(withChain(intermediate, root), ask(sigstore)))).toBe('malformed')
  })

  it('may not bring a chain in version 0.3', async () => {
    const bundle = { ...withChain(intermediate), mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json' }
    expect((await verifyBundle(bundle, ask(sigstore))).kind).toBe('rejected')
  })
})

it.each([
  ['application/vnd.dev.sigstore.bundle.v0.4+json'],
  ['application/vnd.dev.sigstore.bundle+json;version=0.10'],
  ['application/json'],
])('is refused as %s, which this version does not know', async (mediaType) => {
  const bundle = { ...signBundle(sigstore, statement(SUBJECT)), mediaType }
  expect(outcomeOf(await verifyBundle(bundle, ask(sigstore)))).toBe('unsupported')
})

it.each([
  [2_048, 'signature'],
  [1_024, 'bad-signature'],
] as const)('an RSA key of %i bits: %s', async (modulusLength, outcome) => {
  const keys = generateKeyPairSync('rsa', { modulusLength })
  const bundle = signBundle(sigstore, statement(SUBJECT), { keys, by: 'key', log: 'none', stampedAt: null })
  const signers = { key: keySigner(keys.publicKey, 'ignore') }
  expect(outcomeOf(await verifyBundle(bundle, ask(sigstore, { signers })))).toBe(outcome)
})

describe('the name in a certificate', () => {
  const anybody = { ci: workflowSigner({ subject: { pattern: '(?s).*' } }) }

  async function named(leaf: LeafOptions): Promise<string> {
    return outcomeOf(
      await verifyBundle(signBundle(sigstore, statement(SUBJECT), { leaf }), ask(sigstore, { signers: anybody })),
    )
  }

  it('counts as it is', async () => {
    expect(await named({ names: [{ kind: 'uri', value: WORKFLOW }] })).toBe('signature')
  })

  it.each<[string, LeafOptions]>([
    ['has letters that are not ASCII', { names: [{ kind: 'uri', value: 'https://github.com/acmé' }] }],
    ['has a space', { names: [{ kind: 'uri', value: 'https://github.com/acme app' }] }],
    ['is empty', { names: [{ kind: 'email', value: '' }] }],
    ['has a line break', { names: [{ kind: 'other', value: 'a\nb' }] }],
    ['is not UTF-8', { names: [{ kind: 'other', value: Buffer.from([0xff]) }] }],
    ['is missing', { names: [] }],
    ['is a list of none', { names: [], extra: [alternativeNames()] }],
    [
      'is one of two',
      {
        names: [],
        extra: [alternativeNames({ kind: 'uri', value: WORKFLOW }, { kind: 'email', value: 'a@b.example' })],
      },
    ],
    [
      'is of another kind of other name',
      {
        names: [],
        extra: [
          extension('2.5.29.17', tagged(0x30, context(0, oid('1.2.3'), context(0, tagged(0x0c, Buffer.from('a')))))),
        ],
      },
    ],
    [
      'is a host',
      { names: [], extra: [extension('2.5.29.17', tagged(0x30, tagged(0x82, Buffer.from('acme.example'))))] },
    ],
    ['comes twice', { extra: [alternativeNames({ kind: 'uri', value: WORKFLOW })] }],
  ])('counts as nobody’s where it %s', async (_title, leaf) => {
    expect(await named(leaf)).toBe('bad-certificate')
  })
})

describe('claims', () => {
  it('of old certificates are known by their names', async () => {
    const extra = [extension('1.3.6.1.4.1.57264.1.2', Buffer.from('push'))]
    const signers = { ci: workflowSigner({ claims: { githubWorkflowTrigger: { equals: 'push' } } }) }
    const bundle = signBundle(sigstore, statement(SUBJECT), { leaf: { extra } })
    const fact = await verifyBundle(bundle, ask(sigstore, { signers }))
    expect(fact).toMatchObject({ kind: 'signature', claims: { githubWorkflowTrigger: 'push' } })
  })

  it('that are no text are nobody’s', async () => {
    const extra = [extension('1.3.6.1.4.1.57264.1.12', tagged(0x02, Buffer.from([1])))]
    const bundle = signBundle(sigstore, statement(SUBJECT), { leaf: { extra } })
    expect(outcomeOf(await verifyBundle(bundle, ask(sigstore)))).toBe('bad-certificate')
  })
})
