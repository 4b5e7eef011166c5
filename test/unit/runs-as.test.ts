/** `notRoot` is asked of the stage's workloads too, at each verification. */

import { expect, it } from 'vitest'
import type { Found } from '../../src/delivery/delivery.ts'
import { perform, type Outbound } from '../../src/effects.ts'
import { ok, err, type Result } from '../../src/domain/result.ts'
import type { RunsAs } from '../../src/domain/runs-as.ts'
import type { Requirement } from '../../src/domain/verification-policy.ts'
import type { DeliveryFailure } from '../../src/delivery/delivery.ts'
import type { Question } from '../../src/verification/verifier.ts'
import { aPolicy } from '../helpers/evidence.ts'
import { playLine } from '../helpers/play.ts'
import { aLoadedConfig, aWorkloadStage } from '../helpers/world.ts'
import { NOW } from '../helpers/build.ts'

const notRoot: Requirement = { kind: 'image', rules: { notRoot: true } }
const bySigner: Requirement = { kind: 'signature', anyOf: ['ci'], atLeast: 1 }
const git = { kind: 'git', git: 'gitops', file: 'app.yaml', merge: 'by-person' }
const where = 'deployment/app'

type Looked = Result<Pick<Found, 'runsAs'>, Pick<DeliveryFailure, 'reason'>>

async function asked(rule: Requirement, looked: Looked, more: readonly object[] = []) {
  const { targets, ...stage } = aWorkloadStage('dev') as { targets: readonly object[] }
  const stages = [{ ...stage, targets: [...targets, ...more], verify: aPolicy([rule]) }]
  const line = playLine({ stages })
  line.offer('1.1.0', 1)
  line.look()
  const [effect] = line.effects('verify')
  if (effect?.kind !== 'verify') throw new Error('nothing is to be verified')
  const questions: Question[] = []
  let looks = 0
  const verify: Outbound['verifier']['verify'] = async (question) => {
    questions.push(question)
    return { verdict: { state: 'trusted', outcomes: [], at: NOW }, builtAt: null, evidence: [] }
  }
  const observe = async () => {
    looks += 1
    return looked
  }
  // What verifying needs, and no other port: using another one fails.
  const outbound = { verifier: { verify }, delivery: () => ({ observe }) } as unknown as Outbound
  const [subscription = null] = aLoadedConfig({ stages }).config.subscriptions
  await perform(effect, {
    document: line.document(),
    subscription,
    subscriptionAt: () => null,
    outbound,
    stillHeld: () => true,
  })
  return { runsAs: questions[0]?.runsAs, looks }
}

const root: RunsAs = { where, user: 0, mustNotBeRoot: false }
const unknown = (target: string): RunsAs => ({ where: target, user: null, mustNotBeRoot: false })
const found = ok({ image: '', running: 'well', runsAs: root } as const)
const WORKLOAD = 'workload/dev/dev/deployment/app/app'

it('as whom the workload runs it goes into the question', async () => {
  expect(await asked(notRoot, found)).toEqual({ runsAs: [root], looks: 1 })
})

it('a file in Git beside it does not say, and leaves it to the image', async () => {
  const { runsAs } = await asked(notRoot, found, [git])
  expect(runsAs).toEqual([root, unknown('git/gitops/app.yaml')])
})

it.each<[string, Looked, readonly RunsAs[]]>([
  ['that is not there leaves it to the image', err({ reason: 'target-missing' }), [unknown(WORKLOAD)]],
  ['that does not say leaves it to the image', ok({}), [unknown(WORKLOAD)]],
  ['that runs another image says nothing of this one', err({ reason: 'image-missing' }), []],
])('a workload %s', async (_title, looked, expected) => {
  expect((await asked(notRoot, looked)).runsAs).toEqual(expected)
})

it('nobody is asked where no rule does', async () => {
  expect(await asked(bySigner, found)).toEqual({ runsAs: [], looks: 0 })
})
