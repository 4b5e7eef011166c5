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
import { builtAtOf, judgeSource, sourceOf } from '../../../src/verification/source-rule.ts'
import { NOW } from '../../helpers/build.ts'
import { aCase, anAttestation, aSignature } from '../../helpers/evidence.ts'

const signature: SignatureRule = { kind: 'signature', anyOf: ['ci', 'qa'], atLeast: 1 }
const given = (evidence: readonly Evidence[], require: readonly Requirement[] = [signature]) =>
  aCase({ require, evidence })
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
    const rejected = (source: string, reason: string): Evidence => ({
      kind: 'rejected',
      source,
      format: null,
      reason,
      detail: `it was ${reason}`,
    })
    const { detail } = judgeSignature(
      signature,
      given([rejected('a', 'revoked'), rejected('b', 'revoked'), rejected('c', 'malformed')]),
    )
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

  it.each([
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

  it('that nothing verified names is said to be unnamed', () => {
    expect(judgeSource(rule, given([])).detail).not.toBe('')
    expect(sourceOf(aSignature())).toEqual({ repository: null, ref: null, commit: null })
  })
})
