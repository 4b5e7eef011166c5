/** From evidence to delivery: every combination of what was found and how fresh that is, by enumeration. */

import { describe, expect, it } from 'vitest'
import type { Evidence } from '../../../src/domain/evidence.ts'
import type { ImageFacts } from '../../../src/domain/image-facts.ts'
import type { RuleOutcome, Verdict } from '../../../src/domain/verdict.ts'
import type { AttestationRule, Requirement, ScanRule } from '../../../src/domain/verification-policy.ts'
import { judgePolicy } from '../../../src/verification/policy.ts'
import { aDigest, NOW } from '../../helpers/build.ts'
import { aCase, anAttestation, aPolicy, aScan, aSignature } from '../../helpers/evidence.ts'
import { playLine, type PlayedLine } from '../../helpers/play.ts'
import { aWorkloadStage } from '../../helpers/world.ts'

const FRESH_MS = 600_000
const DAY_MS = 86_400_000
const OUTCOMES = ['held', 'failed', 'undecided', 'absent'] as const
type Outcome = (typeof OUTCOMES)[number]
type Facts = NonNullable<ReturnType<typeof aCase>['facts']>
type Part = { readonly rule: Requirement; readonly evidence?: readonly Evidence[]; readonly facts?: Facts | null }

const byCi: Requirement = { kind: 'signature', anyOf: ['ci'], atLeast: 1 }
/** By another signer than the signature's, so that neither stands in for the other. */
const attested: AttestationRule = {
  kind: 'attestation',
  name: 'slsa-provenance',
  types: ['https://slsa.dev/provenance/v1'],
  anyOf: ['security'],
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
const unseen: Evidence = { kind: 'indeterminate', source: 'referrers', detail: 'more than 200 referrers' }
const image: ImageFacts = {
  digest: aDigest(),
  annotations: {},
  platforms: [{ platform: null, digest: aDigest(), layers: [], user: '1000', labels: {}, annotations: {} }],
}
const facts: Facts = { image, running: null, bases: {}, since: NOW }
const attestation = anAttestation({ signers: ['security'] })

const SIGNATURE: Record<Outcome, Part> = {
  held: { rule: byCi, evidence: [aSignature()] },
  failed: { rule: byCi, evidence: [unseen] },
  undecided: { rule: byCi, evidence: [aSignature({ signers: ['qa'] })] },
  absent: { rule: byCi },
}
const ATTESTATION: Record<Outcome, Part> = {
  held: { rule: attested, evidence: [attestation] },
  failed: { rule: attested, evidence: [unseen] },
  undecided: { rule: { ...attested, maxAge: 1 }, evidence: [attestation] },
  absent: { rule: attested },
}
const SCAN: Record<Outcome, Part> = {
  held: { rule: scanned, evidence: [aScan()] },
  failed: { rule: scanned, evidence: [aScan({ counts: { critical: 1 } })] },
  undecided: { rule: scanned, evidence: [aScan({ state: 'pending' })] },
  absent: { rule: scanned },
}
const IMAGE: Record<Outcome, Part> = {
  held: { rule: { kind: 'image', rules: { notRoot: true } }, facts },
  failed: { rule: { kind: 'image', rules: { platforms: ['linux/arm64'] } }, facts },
  undecided: { rule: { kind: 'image', rules: { minimumAge: DAY_MS } }, facts },
  absent: { rule: { kind: 'image', rules: { notRoot: true } }, facts: null },
}

function verdictOf(parts: readonly Part[]): Verdict {
  const require = parts.map(({ rule }) => rule)
  const evidence = parts.flatMap((part) => part.evidence ?? [])
  const given = parts.find((part) => 'facts' in part)?.facts ?? null
  return judgePolicy(aCase({ require, evidence, facts: given })).verdict
}

/** Whoever performs effects takes what is there: true where that is the delivery. */
function takesDelivery(line: PlayedLine): boolean {
  const effects = line.effects('deliver').map(({ id }) => id)
  line.step({ kind: 'claim', effects, until: line.now() + 60_000 })
  return line.effects('deliver').some(({ lease }) => lease !== undefined)
}

/** `freshness`: how it is when the delivery is to be taken. Absent: nobody ever answered. */
function isDelivered(verdict: Verdict, require: readonly Requirement[], freshness: Outcome): boolean {
  const line = playLine({ stages: [{ ...aWorkloadStage('dev'), verify: aPolicy(require, { fresh: FRESH_MS }) }] })
  const say = (state: Verdict['state']): void => {
    const outcomes: RuleOutcome[] = [{ rule: 'again', state: 'waiting', detail: 'looked at again' }]
    line.answer('verify', { kind: 'verdict', verdict: { state, outcomes, at: line.now() }, builtAt: null })
  }
  line.offer('1.1.0', 1)
  line.look()
  if (freshness === 'absent') return takesDelivery(line)
  line.answer('verify', { kind: 'verdict', verdict: { ...verdict, at: line.now() }, builtAt: null })
  if (freshness === 'held') return takesDelivery(line)
  line.pass(FRESH_MS + 1)
  if (takesDelivery(line)) return true
  if (line.effects('verify').length > 0) say(freshness === 'failed' ? 'distrusted' : 'undecided')
  return takesDelivery(line)
}

const STATES = { held: 'held', failed: 'failed', undecided: 'waiting', absent: 'waiting' } as const

describe('signature × attestation × scan × image × freshness', () => {
  it.each([
    ['signature', SIGNATURE, {}],
    ['attestation', ATTESTATION, {}],
    ['scan', SCAN, {}],
    // An image that nobody could read is not waited for.
    ['image', IMAGE, { absent: 'failed' }],
  ] as const)('%s: each part is alone what it is called', (_name, parts, but) => {
    const states: Record<string, string> = { ...STATES, ...but }
    for (const outcome of OUTCOMES) {
      expect(verdictOf([parts[outcome]]).outcomes.map(({ state }) => state)).toEqual([states[outcome]])
    }
  })

  it('is delivered only where all hold: one of 1,024', () => {
    const delivered: string[] = []
    let tried = 0
    for (const signature of OUTCOMES)
      for (const other of OUTCOMES)
        for (const scan of OUTCOMES)
          for (const shape of OUTCOMES) {
            const parts = [SIGNATURE[signature], ATTESTATION[other], SCAN[scan], IMAGE[shape]]
            const verdict = verdictOf(parts)
            for (const freshness of OUTCOMES) {
              tried += 1
              const require = parts.map(({ rule }) => rule)
              if (!isDelivered(verdict, require, freshness)) continue
              delivered.push([signature, other, scan, shape, freshness].join(' '))
            }
          }
    expect(tried).toBe(1_024)
    expect(delivered).toEqual(['held held held held held'])
  })

  it('is delivered after another look, when what was found grew old', () => {
    const parts = [SIGNATURE.held, SCAN.held]
    const verify = aPolicy(
      parts.map(({ rule }) => rule),
      { fresh: FRESH_MS },
    )
    const line = playLine({ stages: [{ ...aWorkloadStage('dev'), verify }] })
    line.offer('1.1.0', 1)
    line.look()
    const say = (): void => {
      line.answer('verify', { kind: 'verdict', verdict: { ...verdictOf(parts), at: line.now() }, builtAt: null })
    }
    say()
    line.pass(FRESH_MS + 1)
    expect(takesDelivery(line)).toBe(false)
    say()
    expect(takesDelivery(line)).toBe(true)
  })
})
