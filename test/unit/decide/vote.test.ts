/** A person's voice about one promotion. */

import { describe, expect, it } from 'vitest'
import type { Vote } from '../../../src/domain/vote.ts'
import { advance } from '../../../src/pipeline.ts'
import { anAcceptedEvent, NOW } from '../../helpers/build.ts'
import { aWorkloadStage, createWorld } from '../../helpers/world.ts'

const HOUR = 3_600_000
const approval = {
  kind: 'approval',
  from: ['S0REL', 'anna'],
  votes: 1,
  atLeast: [],
  otherWays: 0,
  expires: 24 * HOUR,
  slack: 'C0REL',
}
const people = { anna: { slack: 'U1ANNA', pusher: 'anna-at-hub' }, ben: { slack: 'U2BEN' } }
const asking = (changed: object = {}) => ({
  people,
  stages: [{ ...aWorkloadStage('dev'), gates: [{ ...approval, ...changed }] }],
})

async function waiting(changed: object = {}, more: object = {}) {
  const world = createWorld({ ...asking(changed), ...more })
  world.groups.set('S0REL', new Set(['U1ANNA', 'U2BEN']))
  await world.push('1.1.0', 1)
  const ask = (await world.stage('dev')).promotion?.id ?? ''
  const vote = async (given: Partial<Vote>, promotion = ask) => {
    const voice: Vote = {
      by: 'anna',
      how: 'api',
      groups: [],
      decision: 'approve',
      reason: '',
      at: NOW,
      shown: 'x',
      ...given,
    }
    await advance('line/payments', { kind: 'vote', stage: 'dev', promotion, vote: voice }, world.ports)
    await world.settle()
  }
  let clicks = 0
  const click = async (member: string, decision: 'approve' | 'reject' = 'approve', reason = '', promotion = ask) => {
    clicks += 1
    const id = `-slack/${clicks}`
    const nothing = { registry: null, repository: null, tag: null, digest: null, mediaType: null, subject: null }
    const ballot = { ask: promotion, member, decision, reason }
    const event = { ...nothing, kind: 'ballot', id, ballot, pusher: null, occurredAt: null } as const
    await world.state.inbox.put([anAcceptedEvent({ id, source: '-slack', receivedAt: NOW, event })])
    await world.settle()
  }
  const isDelivered = async () => (await world.stage('dev')).current.state === 'candidate'
  const uncounted = async () =>
    (await world.history()).filter(({ reason }) => reason === 'vote-not-counted').map(({ detail }) => detail)
  return { world, ask, vote, click, isDelivered, uncounted }
}

describe('a yes', () => {
  it('of one who may is the approval', async () => {
    const { world, vote, isDelivered } = await waiting()
    await vote({ reason: 'looks good' })
    expect(await isDelivered()).toBe(true)
    const approved = (await world.history()).find(({ kind }) => kind === 'approved')
    expect(approved).toMatchObject({ by: 'anna', reason: 'api', detail: 'approved: looks good', stage: 'dev' })
  })

  it.each<[string, object, Partial<Vote>, RegExp]>([
    ['a stranger', {}, { by: 'mallory' }, /mallory is not among those who may/u],
    ['a member of another group', {}, { by: 'ben', groups: ['S0OTHER'] }, /not among/u],
  ])('of %s does not count, and is in the history', async (_title, gate, given, why) => {
    const { vote, isDelivered, uncounted } = await waiting(gate)
    await vote(given)
    expect(await isDelivered()).toBe(false)
    expect(await uncounted()).toEqual([expect.stringMatching(why)])
  })

  it('twice, by two ways, is one', async () => {
    const { vote, click, isDelivered } = await waiting({ votes: 2 })
    await vote({})
    await vote({ by: 'Anna' })
    await click('U1ANNA')
    expect(await isDelivered()).toBe(false)
    await click('U2BEN')
    expect(await isDelivered()).toBe(true)
  })

  it('for another promotion does not count for this one', async () => {
    const { world, ask, vote, isDelivered, uncounted } = await waiting()
    await world.push('1.2.0', 2)
    await vote({}, ask)
    expect(await isDelivered()).toBe(false)
    expect(await uncounted()).toEqual([expect.stringMatching(/has ended/u)])
  })

  it('is void when the gates change', async () => {
    const { world, vote, isDelivered } = await waiting({ votes: 2 })
    await vote({})
    world.configure(asking({ votes: 2, expires: HOUR }), 'other')
    await vote({ by: 'ben', groups: ['S0REL'] })
    expect(await isDelivered()).toBe(false)
  })

  it('of the one who pushed it does not count, whatever the registry calls them', async () => {
    const world = createWorld(asking())
    await world.state.inbox.put([
      anAcceptedEvent({ id: 'hub/7', receivedAt: NOW, event: { id: 'hub/7', tag: '1.1.0', pusher: 'anna-at-hub' } }),
    ])
    world.tags.set('1.1.0', `sha256:${'1'.repeat(64)}` as never)
    await world.settle()
    const promotion = (await world.stage('dev')).promotion?.id ?? ''
    const voice: Vote = { by: 'anna', how: 'api', groups: [], decision: 'approve', reason: '', at: NOW, shown: 'x' }
    await advance('line/payments', { kind: 'vote', stage: 'dev', promotion, vote: voice }, world.ports)
    await world.settle()
    expect((await world.stage('dev')).promotion?.phase).toBe('gated')
    const told = (await world.history()).find(({ reason }) => reason === 'vote-not-counted')
    expect(told?.detail).toMatch(/anna pushed it: somebody else has to approve/u)
  })
})

describe('a no', () => {
  it('of one who may is a rejection with its reason, and stays one', async () => {
    const { world, vote } = await waiting()
    await vote({ decision: 'reject', reason: 'not before the audit' })
    expect((await world.stage('dev')).refused).toMatchObject([
      { reason: 'rejected', detail: 'not before the audit', by: 'anna' },
    ])
    await world.push('1.1.0', 1)
    expect((await world.stage('dev')).promotion).toBeUndefined()
  })

  it('of a stranger changes nothing', async () => {
    const { world, vote, uncounted } = await waiting()
    await vote({ decision: 'reject', by: 'mallory' })
    expect((await world.stage('dev')).promotion?.phase).toBe('gated')
    expect(await uncounted()).toHaveLength(1)
  })
})

describe('a click', () => {
  it('of a member of the group counts for the person behind it', async () => {
    const { world, click, isDelivered } = await waiting()
    await click('U2BEN')
    expect(await isDelivered()).toBe(true)
    expect((await world.history()).find(({ kind }) => kind === 'approved')).toMatchObject({
      by: 'ben',
      reason: 'slack',
    })
  })

  it('of one who left the group meanwhile does not count', async () => {
    const { world, click, isDelivered, uncounted } = await waiting({ from: ['S0REL'] })
    world.groups.set('S0REL', new Set(['U1ANNA']))
    await click('U2BEN')
    expect(await isDelivered()).toBe(false)
    expect(await uncounted()).toHaveLength(1)
  })

  it('of three people at once is three votes, and a delivery once', async () => {
    const { world, click, isDelivered } = await waiting({ votes: 2, from: ['U1ANNA', 'U2BEN', 'U3CARA'] })
    await Promise.all([click('U1ANNA'), click('U2BEN'), click('U3CARA')])
    expect(await isDelivered()).toBe(true)
    expect((await world.kinds()).filter((kind) => kind === 'delivered')).toHaveLength(1)
  })

  it('alone makes no quorum where another way is demanded', async () => {
    const { vote, click, isDelivered } = await waiting({ votes: 2, otherWays: 1 })
    await click('U1ANNA')
    await click('U2BEN')
    expect(await isDelivered()).toBe(false)
    await vote({ by: 'cara', groups: ['S0REL'] })
    expect(await isDelivered()).toBe(true)
  })

  it('on a message that is out of date changes nothing', async () => {
    const { world, ask, click, uncounted } = await waiting()
    await world.push('1.2.0', 2)
    await click('U2BEN', 'approve', '', ask)
    expect((await world.stage('dev')).promotion?.phase).toBe('gated')
    expect(await uncounted()).toHaveLength(1)
  })

  it('rejects with its reason', async () => {
    const { world, click } = await waiting()
    await click('U2BEN', 'reject', 'broken login')
    expect((await world.stage('dev')).refused).toMatchObject([{ detail: 'broken login', by: 'ben' }])
  })

  it.each(['nobody/dev/x#1', 'payments/nowhere/x#1', '', 'payments'])('for %j is nothing', async (promotion) => {
    const { world, click } = await waiting()
    await click('U2BEN', 'approve', '', promotion)
    expect((await world.stage('dev')).promotion?.phase).toBe('gated')
  })
})
