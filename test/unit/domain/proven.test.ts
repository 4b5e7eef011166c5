import { describe, expect, it } from 'vitest'
import type { Known } from '../../../src/domain/known.ts'
import { builtAtOf, knownOfImage, provenTogether, withInstantsOf, type Proven } from '../../../src/domain/proven.ts'
import type { RuleOutcome } from '../../../src/domain/verdict.ts'
import { aDigest, aPinnedImage, NOW } from '../../helpers/build.ts'

const NOTHING: Known = { at: NOW, signers: [], platforms: [], counts: {}, findings: [], more: 0, named: 'all' }
const OUTCOMES = { trusted: 'held', undecided: 'waiting', distrusted: 'failed' } as const
type State = keyof typeof OUTCOMES

function aProof(
  repository: string,
  state: State,
  proof: Partial<Omit<Proven, 'known'>> & { known?: Partial<Known> } = {},
): Proven {
  const outcome: RuleOutcome = { rule: 'signature: ci', state: OUTCOMES[state], detail: state }
  return {
    image: aPinnedImage({ repository: `acme/${repository}`, digest: aDigest(1) }),
    verdict: { state, outcomes: [outcome], at: NOW },
    builtAt: NOW,
    ...proof,
    known: { ...NOTHING, ...proof.known },
  }
}

describe('a release is', () => {
  it.each([
    ['trusted', 'trusted', 'trusted'],
    ['trusted', 'undecided', 'undecided'],
    ['undecided', 'trusted', 'undecided'],
    ['trusted', 'distrusted', 'distrusted'],
    ['distrusted', 'undecided', 'distrusted'],
    ['undecided', 'undecided', 'undecided'],
  ] as const)('%s and %s: %s', (api, worker, together) => {
    expect(provenTogether([aProof('api', api), aProof('worker', worker)]).verdict.state).toBe(together)
  })
})

describe('of several images', () => {
  it('each rule is told once, with each image and the worst first', () => {
    const { verdict } = provenTogether([aProof('api', 'trusted'), aProof('worker', 'distrusted')])
    expect(verdict.outcomes).toEqual([
      { rule: 'signature: ci', state: 'failed', detail: 'acme/worker: distrusted; acme/api: trusted' },
    ])
  })

  it('the proof is as old as the oldest of it', () => {
    const old = aProof('api', 'trusted')
    const { verdict } = provenTogether([
      aProof('worker', 'trusted'),
      { ...old, verdict: { ...old.verdict, at: NOW - 5 } },
    ])
    expect(verdict.at).toBe(NOW - 5)
  })

  it('the source is as old as the oldest; unknown where one is', () => {
    const [one, two] = [aProof('api', 'trusted'), aProof('worker', 'trusted', { builtAt: NOW - 7 })]
    expect(provenTogether([one, two]).builtAt).toBe(NOW - 7)
    expect(provenTogether([one, { ...two, builtAt: null }]).builtAt).toBeNull()
  })

  it('what was found is known of all and of each', () => {
    const { known } = provenTogether([
      aProof('api', 'trusted', { known: { findings: ['CVE-1'], counts: { high: 1 } } }),
      aProof('worker', 'trusted', { known: { findings: ['CVE-2'], counts: { high: 2 }, named: 'none' } }),
    ])
    expect(known).toMatchObject({ findings: ['CVE-1', 'CVE-2'], counts: { high: 3 }, named: 'none' })
    const worker = knownOfImage(known, aPinnedImage({ repository: 'acme/worker' }))
    expect(worker).toMatchObject({ findings: ['CVE-2'], named: 'none' })
  })

  it('too many findings are counted, not kept', () => {
    const findings = Array.from({ length: 150 }, (_, n) => `CVE-${n}`)
    const others = Array.from({ length: 150 }, (_, n) => `GHSA-${n}`)
    const { known } = provenTogether([
      aProof('api', 'trusted', { known: { findings } }),
      aProof('worker', 'trusted', { known: { findings: others } }),
    ])
    expect(known).toMatchObject({ more: 100 })
    expect(known?.findings).toHaveLength(200)
    expect(known?.parts?.map((part) => [part.findings.length, part.more])).toEqual([
      [100, 50],
      [100, 50],
    ])
  })

  it.each([
    ['the same commit', 'a', 'a', true],
    ['two commits', 'a', 'b', false],
  ])('built from %s', (_what, one, two, isKnown) => {
    const commit = (id: string) => ({ repository: 'https://github.com/acme/payments', id: id.repeat(40) })
    const { known } = provenTogether([
      aProof('api', 'trusted', { known: { builtFrom: commit(one) } }),
      aProof('worker', 'trusted', { known: { builtFrom: commit(two) } }),
    ])
    expect(known?.builtFrom !== undefined).toBe(isKnown)
  })

  it('a later look for scans keeps when each was built', () => {
    const before = provenTogether([aProof('api', 'trusted'), aProof('worker', 'trusted', { builtAt: NOW - 7 })]).known
    const found = provenTogether([
      aProof('api', 'trusted', { builtAt: null }),
      aProof('worker', 'trusted', { builtAt: null }),
    ]).known
    if (found === undefined) throw new Error('something is known')
    const running = { builtAt: null, known: withInstantsOf(before, found) }
    expect(builtAtOf(running, aPinnedImage({ repository: 'acme/worker' }))).toBe(NOW - 7)
  })
})

it('one image alone is as it was proven', () => {
  const one = aProof('api', 'trusted')
  expect(provenTogether([one])).toEqual({
    kind: 'verdict',
    verdict: one.verdict,
    builtAt: one.builtAt,
    known: one.known,
  })
  expect(knownOfImage(one.known, one.image)).toBe(one.known)
  expect(builtAtOf({ builtAt: 5, known: one.known }, one.image)).toBe(5)
})
