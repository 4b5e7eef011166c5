/** What a stage calls well, beside the rollout. */

import { describe, expect, it } from 'vitest'
import { aDigest } from '../../helpers/build.ts'
import { aWorkloadStage, createWorld } from '../../helpers/world.ts'

const MINUTE = 60_000
const probe = { kind: 'http', url: 'https://payments.example.com/healthz', status: 200 }
const watched = (changed: object = {}) => ({
  stages: [{ ...aWorkloadStage('dev'), health: { checks: [probe], watchMs: 0, timeoutMs: 30 * MINUTE, ...changed } }],
})
const ends = ['healthy', 'failed', 'rolled-back']
const endsOf = async (world: ReturnType<typeof createWorld>) =>
  (await world.kinds()).filter((kind) => ends.includes(kind))

describe('a stage with checks of its own', () => {
  it('is healthy when the rollout and each of them is', async () => {
    const world = createWorld(watched())
    world.ruleHealth.set('http', { state: 'progressing', detail: 'answered 503' })
    await world.push('1.1.0', 1)
    expect(await endsOf(world)).toEqual([])
    world.ruleHealth.set('http', { state: 'healthy', detail: 'answered 200' })
    await world.pass(MINUTE)
    expect(await endsOf(world)).toEqual(['healthy'])
    expect((await world.stage('dev')).current).toMatchObject({ observed: true })
  })

  it('takes the old image back when one of them fails', async () => {
    const world = createWorld(watched())
    world.ruleHealth.set('http', { state: 'failed', reason: 'threshold', detail: 'error_rate is 0.4' })
    await world.push('1.1.0', 1)
    expect(await endsOf(world)).toEqual(['failed', 'rolled-back'])
    expect((await world.stage('dev')).refused).toMatchObject([{ detail: 'threshold: error_rate is 0.4' }])
  })

  it('is not asked where the rollout failed already', async () => {
    const world = createWorld(watched())
    world.health.set(aDigest(1), { state: 'failed', reason: 'CrashLoopBackOff', detail: 'exit code 1' })
    await world.push('1.1.0', 1)
    expect((await world.stage('dev')).refused).toMatchObject([{ detail: 'CrashLoopBackOff: exit code 1' }])
  })

  it('counts as observed where the target itself has nothing to look at', async () => {
    const world = createWorld(watched())
    world.health.set(aDigest(1), { state: 'not-observed', detail: 'a CronJob' })
    await world.push('1.1.0', 1)
    expect((await world.stage('dev')).current).toMatchObject({ observed: true })
  })
})

describe('a stage that watches for a time', () => {
  it('is healthy only when it stayed so', async () => {
    const world = createWorld(watched({ watchMs: 5 * MINUTE }))
    await world.push('1.1.0', 1)
    await world.pass(4 * MINUTE)
    expect(await endsOf(world)).toEqual([])
    await world.pass(2 * MINUTE)
    expect(await endsOf(world)).toEqual(['healthy'])
  })

  it('takes the old image back when it fails meanwhile', async () => {
    const world = createWorld(watched({ watchMs: 5 * MINUTE }))
    await world.push('1.1.0', 1)
    await world.pass(2 * MINUTE)
    world.ruleHealth.set('http', { state: 'failed', reason: 'threshold', detail: 'too slow' })
    await world.pass(2 * MINUTE)
    expect(await endsOf(world)).toEqual(['failed', 'rolled-back'])
  })

  it('has failed when it is not well in time', async () => {
    const world = createWorld(watched({ timeoutMs: 10 * MINUTE }))
    world.ruleHealth.set('http', { state: 'progressing', detail: 'answered 503' })
    await world.push('1.1.0', 1)
    await world.pass(9 * MINUTE)
    expect(await endsOf(world)).toEqual([])
    await world.pass(2 * MINUTE)
    expect(await endsOf(world)).toEqual(['failed', 'rolled-back'])
    expect((await world.stage('dev')).refused).toMatchObject([
      { detail: 'health-timeout: not healthy after 10m: answered 503' },
    ])
  })
})
