/** One test for each known way in which others accepted what they should not have, named by its id. */

import { describe, expect, it } from 'vitest'
import { createSigstore, pair, WORKFLOW } from '../../../helpers/sigstore/instance.ts'
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
import { signBundle, signLayer, statement, type BundleJson } from '../../../helpers/sigstore/signatures.ts'
import { spki } from '../../../helpers/sigstore/certificates.ts'

const sigstore = createSigstore()
const VULN = 'https://cosign.sigstore.dev/attestation/vuln/v1'

it('CVE-2022-23649: a valid log bundle of another signature does not count for this one', async () => {
  const [ours, another] = [signLayer(sigstore, SUBJECT, { log: 'none' }), signLayer(sigstore, OTHER)]
  const bundle = another.annotations['dev.sigstore.cosign/bundle'] ?? ''
  const layer = { ...ours, annotations: { ...ours.annotations, 'dev.sigstore.cosign/bundle': bundle } }
  expect(outcomeOf(await verifyLayer(layer, ask(sigstore)))).toBe('log-mismatch')
})

describe('CVE-2022-36056: the bundle is tied to the signature', () => {
  it('when the log entry holds another signature', async () => {
    const other = Buffer.from('MEUCIQ==', 'base64')
    const bundle = signBundle(sigstore, statement(SUBJECT), { entrySignature: other })
    expect(outcomeOf(await verifyBundle(bundle, ask(sigstore)))).toBe('log-mismatch')
  })

  it('and the identity is looked at on the way of bundles and of layers', async () => {
    const signers = { ci: workflowSigner({ subject: { equals: WORKFLOW.replace('acme', 'evil') } }) }
    const question = ask(sigstore, { signers })
    expect(outcomeOf(await verifyBundle(signBundle(sigstore, statement(SUBJECT)), question))).toBe('wrong-identity')
    expect(outcomeOf(await verifyLayer(signLayer(sigstore, SUBJECT), question))).toBe('wrong-identity')
  })

  it('and a log entry that cannot be read is no success', async () => {
    const bundle = signBundle(sigstore, statement(SUBJECT))
    const entries = bundle.verificationMaterial.tlogEntries
    const spoilt = entries.map((entry) => ({ ...entry, canonicalizedBody: Buffer.from('{').toString('base64') }))
    Object.assign(bundle.verificationMaterial, { tlogEntries: spoilt })
    expect((await verifyBundle(bundle, ask(sigstore))).kind).toBe('rejected')
  })
})

it('CVE-2022-35929, CVE-2022-35930: an attestation of another type is that type, and never a signature', async () => {
  const fact = await verifyBundle(signBundle(sigstore, statement(SUBJECT, { predicateType: VULN })), ask(sigstore))
  expect(fact).toMatchObject({ kind: 'attestation', predicateType: VULN })
})

it.each([['not JSON'], ['[]'], ['null'], ['{"_type":1}']])(
  'CVE-2026-39395: a payload that cannot be parsed is refused (%s)',
  async (payload) => {
    const bundle = signBundle(sigstore, payload)
    expect(outcomeOf(await verifyBundle(bundle, ask(sigstore)))).toBe('wrong-payload')
  },
)

describe('CVE-2026-22703: the log entry was made with this key, not with any', () => {
  const other = pair()

  it.each(['v1', 'v2'] as const)('in the bundle of a certificate (%s)', async (log) => {
    const bundle = signBundle(sigstore, statement(SUBJECT), { log, entryVerifier: sigstore.leaf(other.publicKey) })
    expect(outcomeOf(await verifyBundle(bundle, ask(sigstore)))).toBe('log-mismatch')
  })

  it.each(['v1', 'v2'] as const)('in the bundle of a key (%s)', async (log) => {
    const keys = pair()
    const entryVerifier = spki(other.publicKey)
    const bundle = signBundle(sigstore, statement(SUBJECT), { by: 'key', keys, log, entryVerifier, stampedAt: null })
    const signers = { key: keySigner(keys.publicKey) }
    expect(outcomeOf(await verifyBundle(bundle, ask(sigstore, { signers })))).toBe('log-mismatch')
  })

  it("in a layer of cosign's", async () => {
    const layer = signLayer(sigstore, SUBJECT, { entryVerifier: sigstore.leaf(other.publicKey) })
    expect(outcomeOf(await verifyLayer(layer, ask(sigstore)))).toBe('log-mismatch')
  })
})

it('CVE-2026-24122: an intermediate that had expired proves nothing, with and without a log', async () => {
  const intermediateUntil = new Date(sigstore.now.getTime() - 60_000)
  const expired = createSigstore({ name: 'expired', now: sigstore.now, intermediateUntil })
  const noLog = ownRoot(expired, { require: { ...FULL, log: 0 } })
  const logged = await verifyBundle(signBundle(expired, statement(SUBJECT)), ask(expired))
  const bundle = signBundle(expired, statement(SUBJECT), { log: 'none' })
  expect(outcomeOf(logged)).toBe('untrusted-chain')
  expect(outcomeOf(await verifyBundle(bundle, ask(expired, { trustRoots: { own: noLog } })))).toBe('untrusted-chain')
})

it('CVE-2026-48816: the time of a log entry counts with its promise alone', async () => {
  const bundle = signBundle(sigstore, statement(SUBJECT), { append: { promise: false } })
  expect(outcomeOf(await verifyBundle(bundle, ask(sigstore)))).toBe('no-timestamp')
})

it('CVE-2026-48816: an edited time breaks the promise', async () => {
  const bundle = signBundle(sigstore, statement(SUBJECT))
  const [entry] = bundle.verificationMaterial.tlogEntries
  const edited = { ...entry, integratedTime: String(Number(entry?.integratedTime) + 60) }
  Object.assign(bundle.verificationMaterial, { tlogEntries: [edited] })
  expect(outcomeOf(await verifyBundle(bundle, ask(sigstore)))).toBe('not-logged')
})

it('CVE-2026-48815: a claim that is asked for is looked at', async () => {
  const bundle = signBundle(sigstore, statement(SUBJECT), { leaf: { claims: { sourceRepositoryIdentifier: '1' } } })
  const signers = { ci: workflowSigner({ claims: { sourceRepositoryIdentifier: { equals: '2' } } }) }
  expect(outcomeOf(await verifyBundle(bundle, ask(sigstore, { signers })))).toBe('wrong-identity')
})

describe('sigstore-js 4.1.1, CVE-2026-49834: what is there twice counts once', () => {
  const twice = ownRoot(sigstore, { require: { ...FULL, log: 2 } })

  it('a log entry', async () => {
    const bundle = signBundle(sigstore, statement(SUBJECT))
    const { tlogEntries } = bundle.verificationMaterial
    Object.assign(bundle.verificationMaterial, { tlogEntries: [...tlogEntries, ...tlogEntries] })
    expect((await verifyBundle(bundle, ask(sigstore, { trustRoots: { own: twice } }))).kind).toBe('rejected')
  })

  it('a timestamp', async () => {
    const bundle = signBundle(sigstore, statement(SUBJECT), { log: 'v2' })
    const data = bundle.verificationMaterial['timestampVerificationData'] as { rfc3161Timestamps: object[] }
    data.rfc3161Timestamps.push(...data.rfc3161Timestamps)
    expect(outcomeOf(await verifyBundle(bundle, ask(sigstore)))).toBe('no-timestamp')
  })
})

it('CVE-2026-54787: a time outside of the log key’s validity proves nothing, checkpoint or promise', async () => {
  const end = new Date(sigstore.now.getTime() - 60_000).toISOString()
  const own = ownRoot(sigstore, {
    change: (root) => {
      for (const { publicKey } of root.tlogs) Object.assign(publicKey.validFor ?? {}, { end })
      return root
    },
  })
  for (const log of ['v1', 'v2'] as const) {
    const fact = await verifyBundle(
      signBundle(sigstore, statement(SUBJECT), { log }),
      ask(sigstore, { trustRoots: { own } }),
    )
    expect(outcomeOf(fact)).toBe('unknown-log')
  }
})

describe('CVE-2026-44310: nothing that an attacker writes makes the verifier throw', () => {
  const whole = signBundle(sigstore, statement(SUBJECT))
  const values = [null, true, -1, 1e300, '', 'x', 'AAAA', [], {}, [[]], '9'.repeat(400)]

  it.each(pathsOf(whole).map((path) => [path.join('.'), path] as const))('%s', async (_title, path) => {
    for (const value of values) {
      const mutated = structuredClone(whole)
      assign(mutated, path, value)
      const fact = await verifyBundle(mutated, ask(sigstore))
      expect(['rejected', 'signature']).toContain(fact.kind)
    }
  })

  it('cut off anywhere', async () => {
    const text = JSON.stringify(whole)
    for (let length = 0; length < text.length; length += 97) {
      expect(outcomeOf(await verifyBundle(text.slice(0, length), ask(sigstore)))).toBe('malformed')
    }
  })
})

it('CVE-2026-39984: a timestamp authority whose certificate is not for stamping is refused with its root', async () => {
  const own = ownRoot(sigstore, { change: (root) => ({ ...root, timestampAuthorities: root.certificateAuthorities }) })
  const bundle = signBundle(sigstore, statement(SUBJECT), { log: 'v2' })
  expect(outcomeOf(await verifyBundle(bundle, ask(sigstore, { trustRoots: { own } })))).toBe('no-trust-root')
})

describe('CVE-2026-25542, CVE-2026-22772, CVE-2025-29778: a pattern holds for the whole text', () => {
  const bundle = signBundle(sigstore, statement(SUBJECT), {
    leaf: { names: [{ kind: 'uri', value: 'https://github.com/acme/app/x?https://github.com/good/app' }] },
  })

  it.each([['https://github\\.com/good/app'], ['https://github.com/acme'], ['a|https://github\\.com/good/app'], ['']])(
    '%s',
    async (pattern) => {
      const signers = { ci: workflowSigner({ subject: { pattern } }) }
      expect(outcomeOf(await verifyBundle(bundle, ask(sigstore, { signers })))).toBe('wrong-identity')
    },
  )

  it('and the pattern of the issuer as well', async () => {
    const signers = { ci: workflowSigner({ subject: { pattern: '.*' }, issuer: { pattern: 'https://accounts\\..*' } }) }
    expect(outcomeOf(await verifyBundle(bundle, ask(sigstore, { signers })))).toBe('wrong-identity')
  })
})

it('TanStack: another workflow of the same repository, or another trigger, is another signer', async () => {
  const claims = { buildTrigger: 'pull_request_target', sourceRepositoryURI: 'https://github.com/acme/app' }
  const bundle = signBundle(sigstore, statement(SUBJECT), { leaf: { claims } })
  const byTrigger = { ci: workflowSigner({ claims: { buildTrigger: { equals: 'push' } } }) }
  const byWorkflow = { ci: workflowSigner({ subject: { equals: WORKFLOW.replace('release', 'ci') } }) }
  expect(outcomeOf(await verifyBundle(bundle, ask(sigstore, { signers: byTrigger })))).toBe('wrong-identity')
  expect(outcomeOf(await verifyBundle(bundle, ask(sigstore, { signers: byWorkflow })))).toBe('wrong-identity')
})

describe('CVE-2023-46737, CVE-2024-29902, CVE-2024-29903, CVE-2024-45395: what is endless is refused before it costs', () => {
  const entry = signBundle(sigstore, statement(SUBJECT)).verificationMaterial.tlogEntries[0]

  it.each<[string, (bundle: BundleJson) => unknown]>([
    ['a bundle of 5 MiB', (bundle) => ({ ...bundle, padding: 'x'.repeat(5 * 1024 * 1024) })],
    ['a thousand log entries', (bundle) => withMaterial(bundle, { tlogEntries: many(entry) })],
    [
      'a thousand timestamps',
      (bundle) =>
        withMaterial(bundle, {
          timestampVerificationData: { rfc3161Timestamps: many({ signedTimestamp: 'AAAA' }) },
        }),
    ],
    [
      'a proof of a thousand hashes',
      (bundle) => withMaterial(bundle, { tlogEntries: [{ ...entry, inclusionProof: { hashes: many('AAAA') } }] }),
    ],
    [
      'a chain of a thousand certificates',
      (bundle) =>
        withMaterial(
          { ...bundle, mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1' },
          { certificate: undefined, x509CertificateChain: { certificates: many({ rawBytes: 'AAAA' }) } },
        ),
    ],
  ])('%s', async (_title, change) => {
    const bundle = change(signBundle(sigstore, statement(SUBJECT)))
    expect(outcomeOf(await verifyBundle(bundle, ask(sigstore)))).toBe('too-large')
  })

  it('a JSON of a hundred thousand levels', async () => {
    expect(outcomeOf(await verifyBundle('{"a":'.repeat(100_000), ask(sigstore)))).toBe('malformed')
    expect(outcomeOf(await verifyBundle('['.repeat(100_000) + ']'.repeat(100_000), ask(sigstore)))).toBe('malformed')
  })
})

function many<T>(one: T): readonly T[] {
  return Array.from({ length: 1_000 }, () => one)
}

function withMaterial(bundle: BundleJson, change: object): BundleJson {
  return { ...bundle, verificationMaterial: { ...bundle.verificationMaterial, ...change } }
}

/** Every place of a document, leaves and branches. */
function pathsOf(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path]
  const below = Object.entries(value).flatMap(([key, child]) => pathsOf(child, [...path, key]))
  return path.length === 0 ? below : [path, ...below]
}

function assign(target: object, path: readonly string[], value: unknown): void {
  const parent = path
    .slice(0, -1)
    .reduce<Record<string, unknown>>((at, key) => at[key] as Record<string, unknown>, target as Record<string, unknown>)
  parent[path.at(-1) ?? ''] = value
}
