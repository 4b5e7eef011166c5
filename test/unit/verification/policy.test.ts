import { describe, expect, it } from 'vitest'
import type { Evidence } from '../../../src/domain/evidence.ts'
import type { ImageFacts } from '../../../src/domain/image-facts.ts'
import type { Verdict } from '../../../src/domain/verdict.ts'
import type { AttestationRule, Requirement, ScanRule, SourceRule } from '../../../src/domain/verification-policy.ts'
import { judgePolicy } from '../../../src/verification/policy.ts'
import { aDigest, aPinnedImage, NOW } from '../../helpers/build.ts'
import { aCase, anAttestation, aScan, aSignature } from '../../helpers/evidence.ts'

const DAY_MS = 86_400_000
const byCi: Requirement = { kind: 'signature', anyOf: ['ci'], atLeast: 1 }
const attested: AttestationRule = {
  kind: 'attestation',
  name: 'slsa-provenance',
  types: ['https://slsa.dev/provenance/v1'],
  anyOf: ['ci'],
  atLeast: 1,
  where: [],
}
const scanned: ScanRule = {
  kind: 'scan',
  maximum: { critical: 0 },
  fixableOnly: false,
  except: [],
  signers: [],
  vex: [],
  allowUnsupported: false,
}
const source: SourceRule = { kind: 'source', anyOf: ['ci'], atLeast: 1, notOlder: true }
const unseen: Evidence = { kind: 'indeterminate', source: 'referrers', detail: 'more than 200 referrers' }

type Given = Parameters<typeof aCase>[0]

function verdictOf(given: Given): Verdict['state'] {
  return judgePolicy(aCase(given)).verdict.state
}

function detailOf(given: Given): string {
  return judgePolicy(aCase(given))
    .verdict.outcomes.map(({ detail }) => detail)
    .join('\n')
}

it('denies where nothing is demanded: an empty policy never passes', () => {
  expect(verdictOf({ require: [], evidence: [aSignature()] })).toBe('distrusted')
})

describe('a signature', () => {
  it.each<[string, readonly Evidence[], Verdict['state']]>([
    ['by the signer', [aSignature()], 'trusted'],
    ['by nobody', [], 'undecided'],
    ['by somebody else', [aSignature({ signers: ['qa'] })], 'undecided'],
    ['by nobody that is configured', [aSignature({ signers: ['mallory'] })], 'undecided'],
    ['of another digest', [aSignature({ subject: aDigest(2) })], 'undecided'],
    [
      'that proved nothing',
      [{ kind: 'rejected', source: 'x', format: null, reason: 'bad-signature', detail: '' }],
      'undecided',
    ],
    ['that nobody could look for', [unseen], 'distrusted'],
    ['that was found before the bound was hit', [aSignature(), unseen], 'trusted'],
    ['that is an attestation', [anAttestation()], 'undecided'],
  ])('%s', (_title, evidence, expected) => {
    expect(verdictOf({ require: [byCi], evidence })).toBe(expected)
  })

  it.each<[number, readonly Evidence[], Verdict['state']]>([
    [2, [aSignature(), aSignature()], 'undecided'],
    [2, [aSignature({ signers: ['ci', 'qa'] })], 'trusted'],
    [2, [aSignature(), aSignature({ signers: ['qa'] })], 'trusted'],
    [3, [aSignature(), aSignature({ signers: ['qa'] })], 'undecided'],
  ])('counts %i distinct signers, however often each signed', (atLeast, evidence, expected) => {
    const rule: Requirement = { kind: 'signature', anyOf: ['ci', 'qa', 'security'], atLeast }
    expect(verdictOf({ require: [rule], evidence })).toBe(expected)
  })

  it('by a signer of other images does not count for this one', () => {
    const rule: Requirement = { kind: 'signature', anyOf: ['other'], atLeast: 1 }
    expect(verdictOf({ require: [rule], evidence: [aSignature({ signers: ['other'] })] })).toBe('undecided')
  })

  it.each([
    [['docker.io/acme/payments'], 'trusted'],
    [['docker.io/acme/*'], 'trusted'],
    [['docker.io/acme/pay*'], 'undecided'],
    [['docker.io/acme/payment'], 'undecided'],
    [['ghcr.io/acme/payments'], 'undecided'],
  ])('by a signer who may sign %j is %s', (images, expected) => {
    const ci = { kind: 'key', pem: 'PEM', log: 'required', trust: 'public-good', images } as const
    expect(
      verdictOf({ require: [byCi], evidence: [aSignature()], signers: { ci: { ...ci, images: [...images] } } }),
    ).toBe(expected)
  })

  it('says who signed instead, and what was found and not counted', () => {
    const rejected: Evidence = {
      kind: 'rejected',
      source: 'x',
      format: null,
      reason: 'wrong-identity',
      detail: 'mallory',
    }
    const evidence = [aSignature({ signers: ['qa'], by: 'qa@acme.example' }), rejected, rejected]
    const detail = detailOf({ require: [byCi], evidence })
    expect(detail).toContain('signed by qa@acme.example, who is not asked for here')
    expect(detail.match(/wrong-identity/gu)).toHaveLength(1)
  })
})

describe('an attestation', () => {
  it.each<[string, Partial<AttestationRule>, readonly Evidence[], Verdict['state']]>([
    ['of the type, by the signer', {}, [anAttestation()], 'trusted'],
    ['that is a signature', {}, [aSignature()], 'undecided'],
    [
      'of another type (CVE-2022-35929)',
      {},
      [anAttestation({ predicateType: 'https://cosign.sigstore.dev/attestation/vuln/v1' })],
      'undecided',
    ],
    ['by somebody else', {}, [anAttestation({ signers: ['qa'] })], 'undecided'],
    ['of another digest', {}, [anAttestation({ subject: aDigest(2) })], 'undecided'],
    ['there is none of (CVE-2025-25204)', {}, [], 'undecided'],
    [
      'of a version of the type',
      { types: ['https://openvex.dev/ns*'] },
      [anAttestation({ predicateType: 'https://openvex.dev/ns/v0.2.0' })],
      'trusted',
    ],
    ['young enough', { maxAge: 60_000 }, [anAttestation()], 'trusted'],
    ['too old', { maxAge: 59_000 }, [anAttestation()], 'undecided'],
    ['without a verified time', { maxAge: DAY_MS }, [anAttestation({ at: null })], 'undecided'],
    ['whose own words claim to be young', { maxAge: 59_000 }, [anAttestation({ predicate: { at: NOW } })], 'undecided'],
  ])('%s', (_title, rule, evidence, expected) => {
    expect(verdictOf({ require: [{ ...attested, ...rule }], evidence })).toBe(expected)
  })

  const predicate = { a: { b: [{ c: 'x' }] }, n: 3, t: 'https://x.example/1', no: false, nothing: null }

  it.each<[AttestationRule['where'][number], boolean]>([
    [{ field: 'a.b[0].c', is: { kind: 'equals', value: 'x' } }, true],
    [{ field: 'a.b[0].c', is: { kind: 'equals', value: 'y' } }, false],
    [{ field: 'a.b[1].c', is: { kind: 'equals', value: 'x' } }, false],
    [{ field: 'n', is: { kind: 'equals', value: '3' } }, false],
    [{ field: 'no', is: { kind: 'equals', value: false } }, true],
    [{ field: 'n', is: { kind: 'one-of', values: [1, 3] } }, true],
    [{ field: 'n', is: { kind: 'one-of', values: [1, 2] } }, false],
    [{ field: 't', is: { kind: 'matches', pattern: 'https://x\\.example/.' } }, true],
    [{ field: 't', is: { kind: 'matches', pattern: 'x\\.example' } }, false],
    [{ field: 'n', is: { kind: 'matches', pattern: '.*' } }, false],
    [{ field: 't', is: { kind: 'matches', pattern: '(' } }, false],
    [{ field: 'n', is: { kind: 'at-least', value: 3 } }, true],
    [{ field: 'n', is: { kind: 'at-least', value: 4 } }, false],
    [{ field: 'n', is: { kind: 'at-most', value: 3 } }, true],
    [{ field: 'n', is: { kind: 'at-most', value: 2 } }, false],
    [{ field: 'gone', is: { kind: 'at-most', value: 2 } }, false],
    [{ field: 'a', is: { kind: 'exists' } }, true],
    [{ field: 'gone', is: { kind: 'exists' } }, false],
    [{ field: 'nothing', is: { kind: 'exists' } }, false],
    [{ field: 'constructor', is: { kind: 'exists' } }, false],
    [{ field: '__proto__', is: { kind: 'exists' } }, false],
    [{ field: 'a.b.length', is: { kind: 'exists' } }, false],
  ])('is asked for a field: %j', (condition, holds) => {
    const require = [{ ...attested, where: [condition] }]
    expect(verdictOf({ require, evidence: [anAttestation({ predicate })] })).toBe(holds ? 'trusted' : 'undecided')
  })

  it('needs all its conditions of one and the same', () => {
    const where: AttestationRule['where'] = [
      { field: 'a', is: { kind: 'equals', value: 1 } },
      { field: 'b', is: { kind: 'equals', value: 2 } },
    ]
    const halves = [anAttestation({ predicate: { a: 1 } }), anAttestation({ predicate: { b: 2 } })]
    expect(verdictOf({ require: [{ ...attested, where }], evidence: halves })).toBe('undecided')
    expect(
      verdictOf({ require: [{ ...attested, where }], evidence: [anAttestation({ predicate: { a: 1, b: 2 } })] }),
    ).toBe('trusted')
  })
})

describe('a source', () => {
  const claims = {
    sourceRepositoryURI: 'https://github.com/acme/payments',
    sourceRepositoryRef: 'refs/tags/v1.5.0',
    sourceRepositoryDigest: '0123456789abcdef0123456789abcdef01234567',
  }
  const of = (rule: Partial<SourceRule>, more: Partial<Given> = {}): Verdict['state'] =>
    verdictOf({ require: [{ ...source, ...rule }], evidence: [aSignature({ claims })], ...more })

  it.each([
    ['https://github.com/acme/payments', 'trusted'],
    ['https://github.com/Acme/Payments.git', 'trusted'],
    ['https://github.com/acme/payments-fork', 'undecided'],
    ['https://github.com/acme', 'undecided'],
    ['https://evil.example/github.com/acme/payments', 'undecided'],
  ])('%s is %s', (repository, expected) => {
    expect(of({ repository })).toBe(expected)
  })

  it.each<[string, SourceRule['tag'], Verdict['state']]>([
    ['1.5.0', 'git-tag', 'trusted'],
    ['v1.5.0', 'git-tag', 'trusted'],
    ['1.9.9', 'git-tag', 'undecided'],
    ['1.5', 'git-tag', 'undecided'],
    ['0123456', 'commit', 'trusted'],
    ['1.5.0-0123456', 'commit', 'trusted'],
    ['main-g0123456789ab', 'commit', 'trusted'],
    ['1.5.0-0123457', 'commit', 'undecided'],
    ['012345', 'commit', 'undecided'],
    ['1.5.0', 'commit', 'undecided'],
    ['1.5.0', 'auto', 'trusted'],
    ['1.5.0-0123456', 'auto', 'trusted'],
    ['1.5.0-fffffff', 'auto', 'undecided'],
    ['1.9.9', 'auto', 'undecided'],
  ])('binds the tag %s by %s: %s', (tag, how, expected) => {
    expect(of({ tag: how }, { image: aPinnedImage({ tag }) })).toBe(expected)
  })

  it('is not what somebody else says', () => {
    expect(
      of({ repository: claims.sourceRepositoryURI }, { evidence: [aSignature({ claims, signers: ['qa'] })] }),
    ).toBe('undecided')
  })

  it.each([
    [
      'https://slsa.dev/provenance/v1',
      {
        buildDefinition: {
          externalParameters: { workflow: { repository: 'https://github.com/acme/payments', ref: 'refs/tags/v1.5.0' } },
          resolvedDependencies: [{ digest: { gitCommit: claims.sourceRepositoryDigest } }],
        },
      },
    ],
    [
      'https://slsa.dev/provenance/v0.2',
      {
        invocation: {
          configSource: {
            uri: 'git+https://github.com/acme/payments@refs/tags/v1.5.0',
            digest: { sha1: claims.sourceRepositoryDigest },
          },
        },
      },
    ],
  ])('is read out of provenance that a key signed: %s', (predicateType, predicate) => {
    const evidence = [anAttestation({ predicateType, predicate, claims: {} })]
    const rule = { repository: claims.sourceRepositoryURI, tag: 'git-tag' } as const
    expect(of(rule, { evidence })).toBe('trusted')
    expect(of({ ...rule, tag: 'commit' }, { evidence, image: aPinnedImage({ tag: '1.5.0-0123456' }) })).toBe('trusted')
  })

  it('is not read out of an attestation of another type', () => {
    const predicate = {
      buildDefinition: { externalParameters: { workflow: { repository: claims.sourceRepositoryURI } } },
    }
    const evidence = [anAttestation({ predicateType: 'https://evil.example/v1', predicate, claims: {} })]
    expect(of({ repository: claims.sourceRepositoryURI }, { evidence })).toBe('undecided')
  })

  it.each<[string, number | null, number | null, Verdict['state']]>([
    ['is newer than what runs', NOW, NOW - 1, 'trusted'],
    ['is as old', NOW, NOW, 'trusted'],
    ['is an older image under a newer tag', NOW - DAY_MS, NOW, 'distrusted'],
    ['has no time, and what runs has one', null, NOW, 'distrusted'],
    ['has no time, like what runs', null, null, 'trusted'],
    ['has a time, and nobody knows of what runs', NOW - DAY_MS, null, 'trusted'],
  ])('that %s', (_title, at, runningBuiltAt, expected) => {
    expect(of({}, { evidence: [aSignature({ claims, at })], runningBuiltAt })).toBe(expected)
  })

  it('counts the earliest signature as the build: signing again makes nothing younger', () => {
    const evidence = [aSignature({ claims, at: NOW - DAY_MS }), aSignature({ claims, at: NOW })]
    expect(of({}, { evidence, runningBuiltAt: NOW - 1 })).toBe('distrusted')
    expect(of({ notOlder: false }, { evidence, runningBuiltAt: NOW - 1 })).toBe('trusted')
    expect(judgePolicy(aCase({ require: [source], evidence })).builtAt).toBe(NOW - DAY_MS)
  })

  it('is built when those signed whose word counts, not when strangers did', () => {
    const evidence = [aSignature({ signers: ['mallory'], at: 1 }), aSignature({ at: NOW })]
    expect(judgePolicy(aCase({ require: [byCi], evidence })).builtAt).toBe(NOW)
  })
})

describe('a scan', () => {
  const critical = { id: 'CVE-2026-1', severity: 'critical', package: 'x', version: '1', fixedIn: null } as const
  const purl = `pkg:oci/app@${aDigest().replace(':', '%3A')}`

  it('of an image whose platforms nobody could read is no scan', () => {
    expect(verdictOf({ require: [scanned], evidence: [aScan()], platforms: null })).toBe('distrusted')
  })

  it('by a signed report needs all reports to be seen', () => {
    const require = [{ ...scanned, signers: ['ci'] }]
    const report = aScan({ scanner: 'attestation', signers: ['ci'] })
    expect(verdictOf({ require, evidence: [report] })).toBe('trusted')
    expect(verdictOf({ require, evidence: [report, unseen] })).toBe('distrusted')
  })

  it('by the report, or the VEX, of a signer of other images counts for nothing', () => {
    const report = aScan({ scanner: 'attestation', signers: ['other'] })
    const bad = aScan({ counts: { critical: 1 }, findings: [critical] })
    const statements = [{ vulnerability: { name: critical.id }, products: [{ '@id': purl }], status: 'fixed' }]
    const predicate = {
      '@context': 'https://openvex.dev/ns',
      author: 'x',
      timestamp: new Date(NOW).toISOString(),
      statements,
    }
    const vexBy = (name: string) =>
      anAttestation({ signers: [name], predicateType: 'https://openvex.dev/ns', predicate })
    expect(verdictOf({ require: [{ ...scanned, signers: ['other'] }], evidence: [report] })).toBe('undecided')
    expect(verdictOf({ require: [{ ...scanned, vex: ['other'] }], evidence: [bad, vexBy('other')] })).toBe('distrusted')
    expect(verdictOf({ require: [{ ...scanned, vex: ['qa'] }], evidence: [bad, vexBy('qa')] })).toBe('trusted')
  })

  it('of another digest is no scan of this one', () => {
    expect(verdictOf({ require: [scanned], evidence: [aScan({ subject: aDigest(2) })] })).toBe('undecided')
  })
})

/** Each part of the policy in each state that it can be in. */
describe('all combinations of signature × attestation × scan × source × image', () => {
  const facts: ImageFacts = {
    digest: aDigest(),
    annotations: {},
    platforms: [{ platform: null, digest: aDigest(), layers: [], user: '1000', labels: {}, annotations: {} }],
  }
  type Part = {
    readonly evidence: readonly Evidence[]
    readonly state: 'held' | 'failed' | 'waiting'
    readonly given?: Partial<Given>
  }
  const claims = { sourceRepositoryURI: 'https://github.com/acme/payments' }
  const imageRule = (rules: object): Requirement => ({ kind: 'image', rules })
  const parts: readonly (readonly (Part & { readonly rule: Requirement })[])[] = [
    [
      { rule: byCi, evidence: [aSignature()], state: 'held' },
      { rule: byCi, evidence: [], state: 'waiting' },
      { rule: byCi, evidence: [aSignature({ signers: ['qa'] })], state: 'waiting' },
    ],
    [
      {
        rule: { ...attested, anyOf: ['security'] },
        evidence: [anAttestation({ signers: ['security'] })],
        state: 'held',
      },
      { rule: { ...attested, anyOf: ['security'] }, evidence: [], state: 'waiting' },
      {
        rule: { ...attested, anyOf: ['security'], maxAge: 1 },
        evidence: [anAttestation({ signers: ['security'] })],
        state: 'waiting',
      },
    ],
    [
      { rule: scanned, evidence: [aScan()], state: 'held' },
      { rule: scanned, evidence: [], state: 'waiting' },
      { rule: scanned, evidence: [aScan({ state: 'pending' })], state: 'waiting' },
      { rule: scanned, evidence: [aScan({ counts: { critical: 1 } })], state: 'failed' },
      { rule: scanned, evidence: [aScan({ state: 'unsupported' })], state: 'failed' },
    ],
    [
      {
        rule: { ...source, anyOf: ['qa'], repository: claims.sourceRepositoryURI },
        evidence: [anAttestation({ signers: ['qa'], claims })],
        state: 'held',
      },
      { rule: { ...source, anyOf: ['qa'], repository: claims.sourceRepositoryURI }, evidence: [], state: 'waiting' },
      {
        rule: { ...source, anyOf: ['qa'] },
        evidence: [anAttestation({ signers: ['qa'], claims, at: NOW - DAY_MS })],
        state: 'failed',
        given: { runningBuiltAt: NOW },
      },
    ],
    [
      { rule: imageRule({ notRoot: true }), evidence: [], state: 'held' },
      { rule: imageRule({ platforms: ['linux/arm64'] }), evidence: [], state: 'failed' },
      { rule: imageRule({ minimumAge: DAY_MS }), evidence: [], state: 'waiting' },
    ],
  ]
  const combinations = parts.reduce<readonly (readonly (Part & { readonly rule: Requirement })[])[]>(
    (all, part) => all.flatMap((some) => part.map((one) => [...some, one])),
    [[]],
  )

  it('are trusted only where every part holds', () => {
    let trusted = 0
    for (const combination of combinations) {
      const given = Object.assign({}, ...combination.map((part) => part.given ?? {}))
      const states = combination.map(({ state }) => state)
      const expected = states.includes('failed') ? 'distrusted' : states.includes('waiting') ? 'undecided' : 'trusted'
      const found = verdictOf({
        require: combination.map(({ rule }) => rule),
        evidence: combination.flatMap(({ evidence }) => evidence),
        facts: { image: facts, running: null, bases: {}, since: NOW },
        ...given,
      })
      expect(found, JSON.stringify(states)).toBe(expected)
      if (found === 'trusted') trusted += 1
    }
    expect(combinations).toHaveLength(3 * 3 * 5 * 3 * 3)
    expect(trusted).toBe(1)
  })
})
