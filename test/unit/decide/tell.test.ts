/** News for people who are not asked anything. */

import { describe, expect, it } from 'vitest'
import { aDigest } from '../../helpers/build.ts'
import { createWorld } from '../../helpers/world.ts'

const BROKEN = { state: 'failed', reason: 'CrashLoopBackOff', detail: 'exit code 1' } as const
const oncall = { oncall: { type: 'pagerduty', key: 'env:PD' } }
const everything = { team: { type: 'discord', url: 'env:URL', on: ['delivered', 'healthy', 'rolled-back', 'failed'] } }

describe('a channel', () => {
  it('is told what somebody should look at, with the same id each time', async () => {
    const world = createWorld({ notifications: oncall })
    await world.push('1.1.0', 1)
    expect(world.told).toEqual([])
    world.health.set(aDigest(2), BROKEN)
    await world.push('1.2.0', 2)
    expect(world.told.map(({ channel, notice }) => [channel, notice.kind])).toEqual([
      ['oncall', 'failed'],
      ['oncall', 'rolling-back'],
      ['oncall', 'rolled-back'],
    ])
    const entries = await world.history()
    for (const { notice } of world.told) {
      const entry = entries.find(({ document, seq }) => `${document}#${seq}` === notice.id)
      expect(entry?.kind).toBe(notice.kind)
    }
  })

  it('is told what it asked for, in its order, and each news once', async () => {
    const world = createWorld({ notifications: everything })
    await world.push('1.1.0', 1)
    await world.push('1.1.0', 1)
    expect(world.told.map(({ notice }) => [notice.subject, notice.kind, notice.isWell])).toEqual([
      ['payments/dev', 'delivered', false],
      ['payments/dev', 'healthy', true],
    ])
  })

  it.each([
    ['another stage', { stages: ['prod'] }],
    ['another subscription', { subscriptions: ['search'] }],
  ])('of %s is told nothing', async (_title, filter) => {
    const world = createWorld({ notifications: { team: { ...everything.team, ...filter } } })
    await world.push('1.1.0', 1)
    expect(world.told).toEqual([])
  })

  it('that is down delays nothing, and is told later', async () => {
    const world = createWorld({ notifications: everything })
    world.channelsDown.add('team')
    await world.push('1.1.0', 1)
    expect((await world.stage('dev')).current).toMatchObject({ state: 'candidate' })
    world.channelsDown.clear()
    await world.pass(60_000)
    expect(world.told.map(({ notice }) => notice.kind)).toEqual(['delivered', 'healthy'])
  })

  it('that is down for long costs its oldest news, never room', async () => {
    const world = createWorld({ notifications: everything })
    world.channelsDown.add('team')
    for (let minor = 1; minor <= 40; minor += 1) await world.push(`1.${minor}.0`, minor)
    expect((await world.line()).effects.filter(({ kind }) => kind === 'notify')).toHaveLength(32)
  })

  it('that refuses is noticed in the history, and not told of that', async () => {
    const world = createWorld({ notifications: { team: { ...everything.team, on: ['healthy', 'noticed'] } } })
    world.channelsRefusing.add('team')
    await world.push('1.1.0', 1)
    const noticed = (await world.history()).filter(({ kind }) => kind === 'noticed')
    expect(noticed).toMatchObject([{ reason: 'notification-refused', detail: 'team: its secret is not taken' }])
    expect((await world.line()).effects).toEqual([])
  })

  it('that is taken out of the configuration is told nothing more', async () => {
    const world = createWorld({ notifications: everything })
    world.channelsDown.add('team')
    await world.push('1.1.0', 1)
    world.channelsDown.clear()
    world.configure({}, 'other')
    await world.pass(60_000)
    expect((await world.line()).effects).toEqual([])
  })
})
