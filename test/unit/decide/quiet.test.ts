/** Quiet hours: what can wait does, what somebody has to see does not. */

import { describe, expect, it } from 'vitest'
import { closedUntil } from '../../../src/decide/gates/window.ts'
import { advance } from '../../../src/pipeline.ts'
import { Quiet, windowOf } from '../../../src/domain/quiet.ts'
import { aDigest, NOW } from '../../helpers/build.ts'
import { aWorkloadStage, createWorld } from '../../helpers/world.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const MINUTE = 60_000
/** The world begins at midnight, UTC. */
const NIGHT = { hours: '20:00-07:00' }
const approval = {
  kind: 'approval',
  from: ['anna'],
  votes: 1,
  atLeast: [],
  otherWays: 0,
  expires: 2 * HOUR,
  slack: 'C0RELEASES',
}
const asking = (more: object = {}) =>
  createWorld({ stages: [{ ...aWorkloadStage('dev'), gates: [{ ...approval, ...more }] }], slack: { quiet: NIGHT } })
const BROKEN = { state: 'failed', reason: 'CrashLoopBackOff', detail: 'exit code 1' } as const

describe('in quiet hours', () => {
  it('nobody is asked anew; when they end, people are', async () => {
    const world = asking()
    await world.push('1.1.0', 1)
    await world.pass(7 * HOUR - MINUTE)
    expect(world.cards).toEqual([])
    await world.pass(MINUTE)
    expect(world.cards.map(({ card }) => card.tone)).toEqual(['waits'])
  })

  it('the deadline of an approval counts from when people are asked', async () => {
    const world = asking()
    await world.push('1.1.0', 1)
    await world.pass(8 * HOUR)
    expect((await world.stage('dev')).promotion?.phase).toBe('gated')
    await world.pass(HOUR)
    expect((await world.stage('dev')).promotion).toBeUndefined()
    expect(world.cards.at(-1)?.card.status).toMatch(/not approved in time/u)
  })

  it('what is asked through the API alone has its own deadline', async () => {
    const world = asking({ slack: undefined })
    await world.push('1.1.0', 1)
    await world.pass(2 * HOUR)
    expect((await world.stage('dev')).promotion).toBeUndefined()
  })

  it('what nobody saw and nobody wants any more is not shown at all', async () => {
    const world = asking()
    await world.push('1.1.0', 1)
    await world.pass(HOUR)
    await world.push('1.2.0', 2)
    await world.pass(7 * HOUR)
    expect(world.cards.map(({ card }) => card.changes[0]?.to)).toEqual(['1.2.0'])
  })

  it('a message that stands goes on changing in place', async () => {
    const world = asking({ expires: DAY })
    await world.pass(19 * HOUR)
    await world.push('1.1.0', 1)
    await world.pass(3 * HOUR)
    await world.click((await world.stage('dev')).promotion?.id ?? '', 'anna')
    expect(world.cards.map(({ card, isUpdate }) => [card.tone, isUpdate]).at(-1)).toEqual(['good', true])
  })

  it('what failed is shown at once, though nobody had been asked in the chat', async () => {
    const world = asking()
    world.health.set(aDigest(1), BROKEN)
    await world.push('1.1.0', 1)
    const { promotion } = await world.stage('dev')
    const vote = {
      by: 'anna',
      how: 'api',
      groups: [] as string[],
      decision: 'approve',
      reason: '',
      at: NOW,
      shown: '',
    } as const
    await world.vote('dev', promotion?.id ?? '', vote)
    expect(world.cards.at(-1)?.card).toMatchObject({ tone: 'bad', status: expect.stringMatching(/rolled back/u) })
  })
})

describe('in quiet hours, a break-glass', () => {
  it('is shown at once, and who they were', async () => {
    const gates = [approval, { kind: 'soak', ms: HOUR }]
    const breakGlass = { from: ['anna', 'ben'], expires: HOUR }
    const dev = { ...aWorkloadStage('dev'), gates, breakGlass }
    const world = createWorld({ stages: [dev], slack: { quiet: NIGHT } })
    await world.push('1.1.0', 1)
    expect(world.cards).toEqual([])
    const candidate = (await world.stage('dev')).promotion?.candidate
    if (candidate === undefined) throw new Error('nothing waits')
    for (const by of ['anna', 'ben']) {
      const act = { kind: 'break-glass', by, reason: 'it burns', stage: 'dev', candidate } as const
      await advance('line/payments', act, world.ports)
    }
    await world.settle()
    const [first] = world.cards
    expect(JSON.stringify(first?.card.facts)).toMatch(/break-glass.*anna and ben/u)
  })
})

describe('a channel with quiet hours', () => {
  const team = { type: 'discord', url: 'env:URL', on: ['delivered', 'healthy', 'failed', 'rolled-back'], quiet: NIGHT }

  it('is told what can wait when they end, in its order', async () => {
    const world = createWorld({ notifications: { team } })
    await world.push('1.1.0', 1)
    expect(world.told).toEqual([])
    await world.pass(7 * HOUR)
    expect(world.told.map(({ notice }) => notice.kind)).toEqual(['delivered', 'healthy'])
  })

  it('is told at once what somebody has to look at now', async () => {
    const world = createWorld({ notifications: { team } })
    world.health.set(aDigest(1), BROKEN)
    await world.push('1.1.0', 1)
    expect(world.told.map(({ notice }) => notice.kind)).toEqual(['failed', 'rolled-back'])
  })
})

describe('when it is quiet', () => {
  const at = (text: string) => Date.parse(text)
  it.each([
    // Berlin is an hour ahead of UTC in winter, and two in summer.
    { hours: '20:00-07:00', now: '2026-01-15T18:59:00Z', until: null },
    { hours: '20:00-07:00', now: '2026-01-15T19:00:00Z', until: '2026-01-16T06:00:00Z' },
    { hours: '20:00-07:00', now: '2026-07-15T18:00:00Z', until: '2026-07-16T05:00:00Z' },
    { hours: ['20:00-07:00', 'Sat,Sun'], now: '2026-01-16T20:00:00Z', until: '2026-01-19T06:00:00Z' },
    { hours: 'Mon 20:00-07:00', now: '2026-01-13T05:00:00Z', until: '2026-01-13T06:00:00Z' },
    { hours: 'Mon 20:00-07:00', now: '2026-01-14T05:00:00Z', until: null },
    { hours: '2026-12-24..2027-01-02', now: '2026-12-31T12:00:00Z', until: '2027-01-02T23:00:00Z' },
  ])('$hours, at $now: until $until', ({ hours, now, until }) => {
    const window = windowOf(Quiet.parse({ hours, timezone: 'Europe/Berlin' }))
    expect(closedUntil(window, at(now))).toBe(until === null ? null : at(until))
  })

  it.each([{ hours: 'always' }, { hours: [] }, { hours: '20:00-07:00', timezone: 'Moon/Crater' }, {}])(
    'is not what %j says',
    (quiet) => {
      expect(Quiet.safeParse(quiet).success).toBe(false)
    },
  )
})

it('a channel with quiet hours is told at once of a break-glass that is asked for', async () => {
  const team = { type: 'discord', url: 'env:URL', quiet: NIGHT }
  const breakGlass = { from: ['anna', 'ben'], expires: HOUR }
  const stages = [{ ...aWorkloadStage('dev'), gates: [{ ...approval, slack: undefined }], breakGlass }]
  const world = createWorld({ notifications: { team }, stages })
  await world.push('1.1.0', 1)
  const candidate = (await world.stage('dev')).promotion?.candidate
  if (candidate === undefined) throw new Error('nothing waits')
  const act = { kind: 'break-glass', by: 'anna', reason: 'it burns', stage: 'dev', candidate } as const
  await advance('line/payments', act, world.ports)
  await world.settle()
  expect(world.told.map(({ notice }) => notice.kind)).toEqual(['operator'])
})
