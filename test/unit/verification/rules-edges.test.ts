/** Who is named in a verdict, and what binds a signature to its source: to the letter. */

import { describe, expect, it } from 'vitest'
import type { Evidence } from '../../../src/domain/evidence.ts'
import type {
  AttestationRule,
  Requirement,
  SignatureRule,
  SourceRule,
} from '../../../src/domain/verification-policy.ts'
import { judgeAttestation } from '../../../src/verification/attestation-rule.ts'
import { judgeSignature } from '../../../src/verification/signature-rule.ts'
import { maySign } from '../../../src/verification/case.ts'
import { judgePolicy } from '../../../src/verification/policy.ts'
import { builtAtOf, judgeSource, sourceOf } from '../../../src/verification/source-rule.ts'
import { aDigest, aPinnedImage, NOW } from '../../helpers/build.ts'
import { aCase, anAttestation, aScan, aSignature } from '../../helpers/evidence.ts'

const signature: SignatureRule = { kind: 'signature', anyOf: ['ci', 'qa'], atLeast: 1 }
const given = (evidence: readonly Evidence[], require: readonly Requirement[] = [signature]) =>
  aCase({ require, evidence })
const rejected = (reason: string, detail = `it was ${reason}`): Evidence => ({
  kind: 'rejected',
  source: 'x',
  format: null,
  reason,
  detail,
})
const ANNA = 'anna@acme.example'
const MALLORY = 'mallory@example.com'

describe('a signature', () => {
  it('names those whose signatures count, and nobody else', () => {
    const held = judgeSignature(
      signature,
      given([aSignature({ by: ANNA, signers: ['other', 'qa'] }), aSignature({ by: MALLORY, signers: [] })]),
    )
    expect(held.state).toBe('held')
    expect(held.detail).toContain(ANNA)
    expect(held.detail).not.toContain(MALLORY)
  })

  it('that is missing names who signed instead, and not who counts already', () => {
    const both = { ...signature, atLeast: 2 }
    const { state, detail } = judgeSignature(
      both,
      given([aSignature({ by: ANNA, signers: ['qa'] }), aSignature({ by: MALLORY, signers: [] })]),
    )
    expect(state).toBe('waiting')
    expect(detail).toContain('1 of 2')
    expect(detail).toContain(MALLORY)
    expect(detail).not.toContain(ANNA)
  })

  it('that nobody made is said to be none, with each reason for refusing others once', () => {
    const { detail } = judgeSignature(
      signature,
      given([rejected('revoked'), rejected('revoked', 'again'), rejected('malformed'), anAttestation()]),
    )
    expect(detail).not.toMatch(/again|undefined|asked for/u)
    expect(detail).not.toMatch(/\d of \d/u)
    expect(detail.split('it was revoked')).toHaveLength(2)
    expect(detail.split('it was malformed')).toHaveLength(2)
  })

  it('may be made by whoever one of a signer’s patterns names', () => {
    const aKey = { kind: 'key', pem: 'PEM', log: 'required', trust: 'public-good' } as const
    const images = ['docker.io/acme/other', 'docker.io/acme/*']
    const signers = { ci: { ...aKey, images } }
    expect(judgeSignature(signature, { ...given([aSignature()]), signers }).state).toBe('held')
    const none = { ci: { ...aKey, images: ['docker.io/acme/other'] } }
    expect(judgeSignature(signature, { ...given([aSignature()]), signers: none }).state).not.toBe('held')
  })
})

describe('names', () => {
  const people = [1, 2, 3, 4, 5, 6].map((n) => `person ${n}`)

  it('of signers are five at most', () => {
    const by = (signers: string[]) => given(people.map((one) => aSignature({ by: one, signers })))
    for (const { detail } of [judgeSignature(signature, by(['ci'])), judgeSignature(signature, by([]))]) {
      expect(detail).toContain('person 5')
      expect(detail).not.toContain('person 6')
    }
  })

  it('of reasons are five at most, and none where nothing was refused', () => {
    const { detail } = judgeSignature(signature, given(people.map((one) => rejected(one))))
    expect(detail).toContain('it was person 5')
    expect(detail).not.toContain('it was person 6')
    expect(judgeSignature(signature, given([])).detail).not.toContain('not counted')
  })

  it.each([
    ['docker.io/acme/*', 'acme/app', true],
    ['docker.io/acme/*', 'acme/deep/app', true],
    ['docker.io/acme/*', 'acme-evil/app', false],
    ['docker.io/acme/*', 'acmeevil', false],
    ['docker.io/acme*', 'acme/app', false],
  ])('of images: %s takes %s: %s', (pattern, repository, expected) => {
    const ci = { kind: 'key', pem: 'PEM', log: 'required', trust: 'public-good', images: [pattern] } as const
    expect(maySign('ci', { signers: { ci: { ...ci, images: [pattern] } }, image: aPinnedImage({ repository }) })).toBe(
      expected,
    )
  })
})

describe('an attestation', () => {
  const rule: AttestationRule = {
    kind: 'attestation',
    name: 'slsa-provenance',
    types: ['https://slsa.dev/provenance/v1'],
    anyOf: ['ci'],
    atLeast: 1,
    where: [],
  }

  it('of somebody else names them', () => {
    const { state, detail } = judgeAttestation(rule, given([anAttestation({ by: MALLORY, signers: [] })]))
    expect(state).toBe('waiting')
    expect(detail).toContain(MALLORY)
  })

  it('that does not hold says why; one of two says how many there are', () => {
    const where = [{ field: 'a', is: { kind: 'equals', value: 1 } as const }]
    expect(judgeAttestation({ ...rule, where }, given([anAttestation({ predicate: { a: 2 } })])).detail).toMatch(
      /a is 2/u,
    )
    const two = { ...rule, anyOf: ['ci', 'qa'], atLeast: 2 }
    expect(judgeAttestation(two, given([anAttestation()])).detail).toContain('1 of 2')
  })

  it('that nobody made is said to be none', () => {
    expect(judgeAttestation(rule, given([])).detail).toContain('no such attestation')
  })

  it.each<[string, Partial<AttestationRule>, Evidence[], string]>([
    ['names three at most', {}, [1, 2, 3, 4].map((n) => anAttestation({ by: `person ${n}`, signers: [] })), 'person'],
    [
      'tells three reasons at most',
      { where: [{ field: 'n', is: { kind: 'equals', value: 'no' } }] },
      [1, 2, 3, 4].map((n) => anAttestation({ predicate: { n } })),
      'n is',
    ],
  ])('%s', (_title, more, evidence, text) => {
    const { detail } = judgeAttestation({ ...rule, ...more }, given(evidence))
    expect(detail).toContain(`${text} 3`)
    expect(detail).not.toContain(`${text} 4`)
  })

  it('needs no time where no age is asked for; where one is, an unknown one is said to be unknown', () => {
    const timeless = given([anAttestation({ at: null })])
    expect(judgeAttestation(rule, timeless).state).toBe('held')
    expect(judgeAttestation({ ...rule, maxAge: 1 }, timeless).detail).toContain('no verified time')
    const old = given([anAttestation({ at: NOW - 7_200_000 })])
    expect(judgeAttestation({ ...rule, maxAge: 3_600_000 }, old).detail).toContain('2h old, limit 1h')
    expect(judgeAttestation({ ...rule, maxAge: 7_200_000 }, old).state).toBe('held')
  })

  it.each([
    ['a..b', 'missing'],
    ['gone', 'missing'],
    ['long', 'xxx'],
  ])('shows what it says of %s: %s', (field, shown) => {
    const where = [{ field, is: { kind: 'equals', value: 1 } as const }]
    const { state, detail } = judgeAttestation(
      { ...rule, where },
      given([anAttestation({ predicate: { long: 'x'.repeat(9_999) } })]),
    )
    expect([state, detail.includes(shown), detail.length < 300]).toEqual(['waiting', true, true])
  })

  it('is one of several types, and no signature', () => {
    const types = ['https://evil.example/*', 'https://slsa.dev/provenance/*']
    expect(judgeAttestation({ ...rule, types }, given([aSignature(), anAttestation()])).state).toBe('held')
  })

  it.each([
    ['https://slsa.dev/provenance/*', 'https://slsa.dev/provenance-v1', 'waiting'],
    ['https://slsa.dev/provenance/v1', 'https://slsa.dev/provenance/v1', 'held'],
    ['https://slsa.dev/provenance/v1', 'https://slsa.dev/provenance/v1.1', 'waiting'],
    ['https://slsa.dev/provenance/*', 'https://slsa.dev/provenance/v1.1', 'held'],
    ['https://slsa.dev/provenance/v1', 'https://slsa.dev/provenance/v0', 'waiting'],
  ])('of the type %s takes %s: %s', (type, predicateType, state) => {
    expect(judgeAttestation({ ...rule, types: [type] }, given([anAttestation({ predicateType })])).state).toBe(state)
  })
})

describe('a source', () => {
  const rule: SourceRule = { kind: 'source', anyOf: ['ci'], atLeast: 1, notOlder: true }
  const from = (claims: Readonly<Record<string, string>>, more: Partial<SourceRule> = {}) =>
    judgeSource({ ...rule, ...more }, given([aSignature({ claims })])).state

  it.each<[string, string, string]>([
    ['https://github.com/acme/payments', 'https://github.com/acme/payments', 'held'],
    ['https://github.com/acme/payments/', 'https://github.com/Acme/payments', 'held'],
    ['git+https://github.com/acme/payments.git', 'https://github.com/acme/payments', 'held'],
    ['https://github.com/acme/payments.git/x', 'https://github.com/acme/payments/x', 'waiting'],
    ['https://github.com/acme//payments', 'https://github.com/acme/payments', 'waiting'],
    ['xgit+https://github.com/acme/payments', 'xhttps://github.com/acme/payments', 'waiting'],
  ])('%s is %s: %s', (sourceRepositoryURI, repository, state) => {
    expect(from({ sourceRepositoryURI }, { repository })).toBe(state)
  })

  it.each([
    ['refs/tags/1.5.0', 'held'],
    ['refs/tags/v1.5.0', 'held'],
    ['refs/tags/1.5.0\nrefs/tags/2', 'waiting'],
    ['xrefs/tags/1.5.0', 'waiting'],
    ['refs/heads/1.5.0', 'waiting'],
  ])('of the ref %s: %s', (sourceRepositoryRef, state) => {
    const tagged = { ...rule, tag: 'git-tag' } as const
    const { image } = given([])
    expect(image.tag).toBe('1.5.0')
    expect(judgeSource(tagged, given([aSignature({ claims: { sourceRepositoryRef } })])).state).toBe(state)
  })

  it('is as old as the earliest proof of its signers that has a time', () => {
    const facts = [
      aSignature({ at: NOW - 2_000 }),
      aSignature({ at: null }),
      anAttestation({ at: NOW - 1_000 }),
      aSignature({ at: NOW - 9_000, signers: [] }),
    ]
    expect(builtAtOf(['ci'], given(facts))).toBe(NOW - 2_000)
    expect(builtAtOf(['qa'], given(facts))).toBeNull()
    expect(builtAtOf(['ci'], given([aSignature({ at: null })]))).toBeNull()
  })

  const built = (repository: string, more = {}) =>
    aSignature({ claims: { sourceRepositoryURI: `https://github.com/${repository}`, ...more } })

  it('is told with the repository that is asked for, and what it was built from', () => {
    const repository = 'https://github.com/acme/payments'
    const more = { sourceRepositoryRef: 'refs/tags/v1', sourceRepositoryDigest: 'abc' }
    expect(judgeSource({ ...rule, repository }, given([built('acme/payments', more)]))).toEqual({
      rule: `source ${repository}: ci`,
      state: 'held',
      detail: `built from ${repository} refs/tags/v1 abc`,
    })
    expect(judgeSource(rule, given([aSignature()]))).toMatchObject({
      rule: 'source: ci',
      detail: 'built from its repository',
    })
  })

  it('is what its signers say, not what a stranger says beside them', () => {
    const stranger = { ...built('evil/app'), signers: ['qa'] }
    expect(judgeSource(rule, given([stranger, built('acme/payments')])).detail).toContain('acme/payments')
    const { detail } = judgeSource({ ...rule, repository: 'https://github.com/acme/app' }, given([stranger]))
    expect(detail).not.toContain('evil')
  })

  it('that is another is told, of three at most, each once', () => {
    const { state, detail } = judgeSource(
      { ...rule, repository: 'https://github.com/acme/app' },
      given(['a/1', 'a/1', 'a/2', 'a/3', 'a/4'].map((one) => built(one))),
    )
    expect(state).toBe('waiting')
    expect(detail.match(/a\/\d/gu)).toEqual(['a/1', 'a/2', 'a/3'])
  })

  it('of two signers, one of whom is right, tells what the other said', () => {
    const two = { ...rule, anyOf: ['ci', 'qa'], atLeast: 2, repository: 'https://github.com/acme/app' }
    const { detail } = judgeSource(two, given([built('acme/app'), { ...built('a/2'), signers: ['qa'] }]))
    expect(detail).toMatch(/^it was built from https:\/\/github\.com\/a\/2$/u)
  })

  it.each<[Partial<SourceRule>, string, RegExp]>([
    [{ repository: 'https://github.com/acme/app' }, '1.5.0', /that nothing names$/u],
    [{ tag: 'git-tag' }, '1.5.0', /that nothing names$/u],
    [{ tag: 'commit' }, '1.5.0', /names no commit$/u],
    [{ tag: 'commit' }, '1.5.0-0123456', /nothing verified names the commit$/u],
  ])('that nothing names is no source by %j of %s', (more, tag, why) => {
    const outcome = judgeSource({ ...rule, ...more }, { ...given([aSignature()]), image: aPinnedImage({ tag }) })
    expect(outcome).toMatchObject({ state: 'waiting', detail: expect.stringMatching(why) })
  })

  it('of no known age fails for that, where what runs has one', () => {
    const { state, detail } = judgeSource(rule, { ...given([aSignature({ at: null })]), runningBuiltAt: 1 })
    expect([state, detail]).toEqual(['failed', expect.stringContaining('nothing verified says when')])
  })

  it.each([
    ['https://slsa.dev/provenance/v0.2', {}],
    ['https://slsa.dev/provenance/v1', {}],
    ['https://slsa.dev/provenance/v1', { buildDefinition: { externalParameters: { workflow: { repository: 1 } } } }],
  ])('is nowhere in provenance that does not name it: %s %j', (predicateType, predicate) => {
    const nothing = { repository: null, ref: null, commit: null }
    expect(sourceOf(anAttestation({ predicateType, predicate }))).toEqual(nothing)
  })

  it('that nothing verified names is said to be unnamed', () => {
    expect(judgeSource(rule, given([])).detail).not.toBe('')
    expect(sourceOf(aSignature())).toEqual({ repository: null, ref: null, commit: null })
  })
})

describe('a policy', () => {
  const scan: Requirement = {
    kind: 'scan',
    maximum: {},
    fixableOnly: false,
    except: [],
    signers: [],
    vex: [],
    allowUnsupported: false,
  }
  const unseen: Evidence = { kind: 'indeterminate', source: 'x', detail: 'too many to read' }
  const judged = (evidence: readonly Evidence[], more: Partial<Requirement> = {}, other: object = {}) =>
    judgePolicy({ ...given(evidence, [{ ...scan, ...more } as Requirement]), ...other }).verdict
  const platforms = [
    { digest: aDigest(2), platform: 'linux/amd64' },
    { digest: aDigest(3), platform: 'linux/arm64' },
  ]

  it('about an image that could not be read distrusts it', () => {
    const require: readonly Requirement[] = [{ kind: 'image', rules: { notRoot: true } }]
    expect(judgePolicy(given([], require)).verdict.state).toBe('distrusted')
  })

  it('about scans asks each platform of the image, and no other image', () => {
    const both = [aScan({ subject: aDigest(2) }), aScan({ subject: aDigest(3) })]
    expect(judged(both, {}, { platforms }).state).toBe('trusted')
    expect(judged(both.slice(1), {}, { platforms }).state).toBe('undecided')
    expect(judged([aScan({ subject: aDigest(4) })]).state).toBe('undecided')
    expect(judged(both, {}, { platforms: null }).state).toBe('distrusted')
  })

  it('about scans by scanners does not mind what was not seen; about signed reports it does, and says so', () => {
    expect(judged([aScan(), unseen]).state).toBe('trusted')
    expect(judged([aScan(), unseen], { signers: ['ci'] })).toMatchObject({
      state: 'distrusted',
      outcomes: [{ detail: expect.stringContaining('too many to read') }],
    })
  })

  it('about scans tells of the reports that did not count while it waits, and of nothing else', () => {
    const refused = [rejected('unsigned-report'), rejected('wrong-identity')]
    const [waiting] = judged(refused).outcomes
    expect(waiting?.detail).toContain('unsigned-report')
    expect(waiting?.detail).not.toContain('wrong-identity')
    expect(judged([aScan(), ...refused]).outcomes[0]?.detail).not.toContain('unsigned-report')
  })

  it('lets no signer of other images speak of scans', () => {
    const report = aScan({ scanner: 'attestation', signers: ['other'] })
    expect(judged([report], { signers: ['other'] }).state).toBe('undecided')
  })
})
