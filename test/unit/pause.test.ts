import { describe, expect, it } from 'vitest'
import { isPaused, pause, pausesInForce, resume } from '../../src/pause.ts'
import { createApi } from '../../src/api.ts'
import { createLog } from '../../src/log.ts'
import { createMemoryState } from '../../src/state/memory.ts'
import { aDigest, NOW } from '../helpers/build.ts'
import { aGitStage, aWorkloadStage, createWorld } from '../helpers/world.ts'

const byAnn = { by: 'ann', reason: 'the cluster moves' } as const
const everything = { subscription: null, stage: null } as const

describe('a pause', () => {
  it.each([
    [everything, { subscription: 'shop', stage: 'prod' }, true],
    [{ subscription: 'shop', stage: null }, { subscription: 'shop', stage: 'prod' }, true],
    [{ subscription: 'shop', stage: null }, { subscription: 'pay', stage: 'prod' }, false],
    [{ subscription: 'shop', stage: 'prod' }, { subscription: 'shop', stage: 'prod' }, true],
    [{ subscription: 'shop', stage: 'prod' }, { subscription: 'shop', stage: 'dev' }, false],
    [{ subscription: null, stage: 'prod' }, { subscription: 'pay', stage: 'prod' }, true],
  ])('of %j holds at %j: %s', (place, here, holds) => {
    expect(isPaused([{ ...place, ...byAnn, at: NOW }], here) !== null).toBe(holds)
  })

  it('is known to another process within a second', async () => {
    const { keep } = createMemoryState()
    let now = NOW
    const [one, two] = [
      { keep, now: () => now },
      { keep: { ...keep }, now: () => now },
    ]
    expect(await pausesInForce(two)).toEqual([])
    await pause(one, { ...everything, ...byAnn })
    now += 1_000
    expect(await pausesInForce(two)).toMatchObject([byAnn])
  })

  it('ends with exactly its own place', async () => {
    const ports = { keep: createMemoryState().keep, now: () => NOW }
    await pause(ports, { ...everything, ...byAnn })
    expect(await resume(ports, { subscription: 'shop', stage: null })).toBeNull()
    expect(await resume(ports, everything)).toMatchObject(byAnn)
    expect(await pausesInForce(ports)).toEqual([])
  })

  it('that cannot be read stops everything', async () => {
    const { keep } = createMemoryState()
    await keep.save('pauses', 'not JSON', 0)
    await expect(pausesInForce({ keep, now: () => NOW })).rejects.toThrow('cannot be read')
  })
})

describe('while everything is paused', () => {
  const scene = (stages: readonly object[], github = false) => {
    const world = createWorld({ stages, github })
    const silent = createLog({ write: () => {}, now: () => NOW, level: 'error', style: 'json' })
    const api = createApi({
      ports: () => world.ports,
      tokens: () => [{ person: 'ann', role: 'operator', secret: async () => ['CANARY-ann'] }],
      poke: () => {},
      metrics: async () => ({ contentType: 'text/plain', text: '' }),
      problems: async () => [],
      log: silent,
    })
    const headers = { authorization: 'Bearer CANARY-ann' }
    return {
      world,
      act: (verb: string, body: object) =>
        api.request(`/api/v1/${verb}`, { method: 'POST', headers, body: JSON.stringify(body) }),
      status: async () => (await (await api.request('/api/v1/status', { headers })).json()) as { problems: string[] },
    }
  }

  it('nothing is written, what is decided is recorded, and resuming lets it go', async () => {
    const { world, act, status } = scene([aWorkloadStage('dev')])
    await world.push('1.0.1', 1)
    expect((await act('pause', { reason: 'the cluster moves' })).status).toBe(200)
    await world.push('1.1.0', 2)
    await world.pass(60_000)
    expect(world.at('dev').image).toContain('1.0.1')
    expect((await world.stage('dev')).promotion?.candidate.id).toBe(aDigest(2))
    expect((await status()).problems).toEqual([expect.stringContaining('everything is paused by ann')])
    expect((await act('resume', { reason: 'it has moved' })).status).toBe(200)
    await world.pass(11_000)
    expect(world.at('dev').image).toContain('1.1.0')
    expect((await world.history()).filter(({ kind }) => kind === 'operator')).toMatchObject([
      { reason: 'pause', by: 'ann', detail: 'the cluster moves' },
      { reason: 'resume', by: 'ann' },
    ])
  })

  it('no pull request is opened either', async () => {
    const { world, act } = scene([aGitStage('dev')], true)
    await act('pause', { subscription: 'payments', stage: 'dev', reason: 'freeze' })
    await world.push('1.1.0', 1)
    await world.pass(60_000)
    expect(world.pulls).toEqual([])
    await act('resume', { subscription: 'payments', stage: 'dev', reason: 'thaw' })
    await world.pass(11_000)
    expect(world.pulls).toHaveLength(1)
  })

  it('a way back waits too', async () => {
    const { world, act } = scene([aWorkloadStage('dev')])
    await world.push('1.0.1', 1)
    world.health.set(aDigest(2), { state: 'progressing', detail: '0 of 1' })
    await world.push('1.1.0', 2)
    await act('pause', { reason: 'stop' })
    world.health.set(aDigest(2), { state: 'failed', reason: 'CrashLoopBackOff', detail: 'exit 1' })
    await world.pass(60_000)
    expect(world.at('dev').image).toContain('1.1.0')
    await act('resume', { reason: 'go on' })
    await world.pass(11_000)
    expect(world.at('dev').image).toContain('1.0.1')
  })
})
