/** Which commit verified evidence names. */

import { expect, it } from 'vitest'
import type { AttestationFact, Evidence, SignatureFact } from '../../../src/domain/evidence.ts'
import { Digest } from '../../../src/domain/image.ts'
import { builtFrom } from '../../../src/domain/provenance.ts'
import { isIn, Source, urlOf } from '../../../src/domain/source.ts'
import type { Policy } from '../../../src/domain/verification-policy.ts'

const id = 'a'.repeat(40)
const policy: Policy = {
  require: [{ kind: 'signature', anyOf: ['ci'], atLeast: 1 }],
  wait: 0,
  fresh: 1,
  reconsider: false,
}
const proven = {
  format: 'sigstore-bundle',
  source: 'x',
  subject: Digest.parse(`sha256:${'1'.repeat(64)}`),
  signers: ['ci'],
  by: 'ci',
  log: null,
  at: 0,
  claims: {},
} as const
const claims = { sourceRepositoryURI: 'https://github.com/Acme/Payments', sourceRepositoryDigest: id }
const signed = (given: Partial<SignatureFact> = {}): Evidence => ({
  kind: 'signature',
  ...proven,
  signers: ['ci'],
  ...given,
})
const attested = (predicateType: string, predicate: unknown, given: Partial<AttestationFact> = {}): Evidence => {
  return { kind: 'attestation', ...proven, signers: ['ci'], predicateType, predicate, ...given }
}
const repository = 'https://github.com/acme/payments'
const V1 = 'https://slsa.dev/provenance/v1'
const v1 = (uri = `git+${repository}.git@refs/heads/main`, gitCommit: unknown = id) => ({
  buildDefinition: {
    externalParameters: { workflow: { repository } },
    resolvedDependencies: [{ uri: 'https://proxy.example/x' }, { uri, digest: { gitCommit } }],
  },
})

it.each<[string, readonly Evidence[]]>([
  ['a certificate', [signed({ claims })]],
  ['SLSA provenance 1', [attested(V1, v1())]],
  [
    'SLSA provenance 0.2',
    [
      attested('https://slsa.dev/provenance/v0.2', {
        invocation: { configSource: { uri: `git+${repository}@refs/heads/main`, digest: { sha1: id } } },
      }),
    ],
  ],
  ['two that agree', [signed({ claims }), attested(V1, v1())]],
  ['one that says it, beside one that does not', [signed(), signed({ claims })]],
])('is named by %s', (_title, evidence) => {
  expect(builtFrom(evidence, policy)).toEqual({ repository, id })
})

it.each<[string, readonly Evidence[]]>([
  ['nothing', []],
  ['a signature without claims', [signed()]],
  ['a signer whom the policy does not name', [signed({ claims, signers: ['other-team'] })]],
  ['two that do not agree', [signed({ claims }), attested(V1, v1(undefined, 'b'.repeat(40)))]],
  ['a dependency that is not the source', [attested(V1, v1('git+https://github.com/acme/library'))]],
  ['something that is no commit', [attested(V1, v1(undefined, 'main'))]],
  ['a predicate of another type', [attested('https://example.com/x', v1())]],
  ['a predicate of another shape', [attested(V1, { buildDefinition: 7 })]],
  ['a repository that is none', [signed({ claims: { ...claims, sourceRepositoryURI: 'javascript:x' } })]],
])('is not named by %s', (_title, evidence) => {
  expect(builtFrom(evidence, policy)).toBeNull()
})

it.each([
  ['github.com', { github: 'Acme/Payments' }, 'https://github.com/acme/payments'],
  [
    'an Enterprise Server',
    { github: 'acme/payments', api: 'https://ghe.example.com/api/v3' },
    'https://ghe.example.com/acme/payments',
  ],
  [
    'data residency',
    { github: 'acme/payments', api: 'https://api.acme.ghe.com' },
    'https://acme.ghe.com/acme/payments',
  ],
])('is looked for where people see it: %s', (_title, given, url) => {
  expect(urlOf(Source.parse(given))).toBe(url)
  expect(isIn(Source.parse(given), { repository: url, id })).toBe(true)
  expect(isIn(Source.parse(given), { repository: 'https://evil.example/acme/payments', id })).toBe(false)
})
