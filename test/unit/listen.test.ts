import { expect, it } from 'vitest'
import { perform, type Outbound } from '../../src/effects.ts'
import { candidateOf } from '../../src/domain/candidate.ts'
import type { EffectOf } from '../../src/domain/effect.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import { newLine, newStageState } from '../../src/domain/line.ts'
import type { Requirement } from '../../src/domain/verification-policy.ts'
import type { Question } from '../../src/verification/verifier.ts'
import { aDigest, aPinnedImage, NOW } from '../helpers/build.ts'
import { aPolicy, aScan, aSignature } from '../helpers/evidence.ts'
import { aLoadedConfig, aWorkloadStage } from '../helpers/world.ts'

const scanned: Requirement = {
  kind: 'scan',
  maximum: { critical: 0 },
  fixableOnly: false,
  except: [],
  signers: [],
  vex: [],
  allowUnsupported: false,
}
const bySigner: Requirement = { kind: 'signature', anyOf: ['ci'], atLeast: 1 }
const effect: EffectOf<'listen'> = {
  kind: 'listen',
  id: 'payments/dev/listen',
  fence: 1,
  attempt: 1,
  due: NOW,
  stage: 'dev',
  candidate: aDigest(1),
  looks: 1,
}

async function look(evidence: readonly Evidence[], running = aDigest(1)) {
  const asked: Question[] = []
  const stages = [{ ...aWorkloadStage('dev'), verify: aPolicy([bySigner, scanned]) }]
  const [subscription] = aLoadedConfig({ stages }).config.subscriptions
  const candidate = candidateOf(aPinnedImage({ digest: running }), { observedAt: NOW, cause: 'hub/1', since: NOW })
  const document = newLine('payments')
  const current = { state: 'candidate', candidate, observed: true, healthySince: NOW, builtAt: null } as const
  document.stages['dev'] = { ...newStageState(), current }
  const verify: Outbound['verifier']['verify'] = async (question) => {
    asked.push(question)
    return { verdict: { state: 'trusted', outcomes: [], at: NOW }, builtAt: null, evidence }
  }
  // What listening needs, and no other port: using another one fails.
  const outbound = { verifier: { verify } } as Outbound
  const answer = await perform(effect, {
    document,
    subscription: subscription ?? null,
    subscriptionAt: () => subscription ?? null,
    outbound,
    stillHeld: () => true,
  })
  return { asked, answer }
}

it('asks what scanners say of exactly what runs, and for nothing else', async () => {
  const { asked } = await look([])
  expect(asked).toMatchObject([{ image: { digest: aDigest(1) }, policy: { require: [scanned] } }])
})

it('keeps what was found in short', async () => {
  const { answer } = await look([aSignature(), aScan({ counts: { high: 2 }, findings: null })])
  expect(answer).toMatchObject({
    kind: 'verdict',
    known: { signers: [{ name: 'ci' }], counts: { high: 2 }, named: 'counts-alone' },
  })
})

it('asks nobody about what does not run there any more', async () => {
  const { asked, answer } = await look([], aDigest(2))
  expect(asked).toEqual([])
  expect(answer).toMatchObject({ kind: 'failed', reason: 'target-gone' })
})
