/** Each click has a defined answer: twice, late, out of date, by who came or went meanwhile. */

import { describe, expect, it } from 'vitest'
import { err, ok } from '../../../src/domain/result.ts'
import { RetryLater } from '../../../src/domain/retry.ts'
import { aDigest } from '../../helpers/build.ts'
import { aWorkloadStage, createWorld } from '../../helpers/world.ts'

const HOUR = 3_600_000
const MINUTE = 60_000
const approval = {
  kind: 'approval',
  from: ['S0REL'],
  votes: 1,
  atLeast: [],
  otherWays: 0,
  expires: HOUR,
  slack: 'C0RELEASES',
}
const people = { ben: { slack: 'U2BEN', github: 'ben-at-github' } }

async function asked(changed: object = {}) {
  const world = createWorld({ people, stages: [{ ...aWorkloadStage('dev'), gates: [{ ...approval, ...changed }] }] })
  world.groups.set('S0REL', new Set(['U1ANNA', 'U2BEN', 'U3CARA']))
  await world.push('1.1.0', 1)
  const ask = async () => (await world.stage('dev')).promotion?.id ?? ''
  const runs = async () => {
    const { current } = await world.stage('dev')
    return current.state === 'candidate' ? current.candidate.id : null
  }
  const count = async (kind: string) => (await world.kinds()).filter((one) => one === kind).length
  const uncounted = async () =>
    (await world.history()).filter(({ reason }) => reason === 'vote-not-counted').map(({ detail }) => detail)
  return { world, ask, runs, count, uncounted, first: await ask() }
}

describe('a double click', () => {
  it('is one vote: the second makes no quorum', async () => {
    const { world, first, runs, count } = await asked({ votes: 2 })
    await world.click(first, 'U1ANNA')
    await world.click(first, 'U1ANNA')
    expect([await runs(), await count('approved')]).toEqual([null, 1])
    await world.click(first, 'U2BEN')
    expect([await runs(), await count('approved'), await count('delivered')]).toEqual([aDigest(1), 2, 1])
  })

  it('of one person by two ways is one vote', async () => {
    const { world, first, runs, count } = await asked({ votes: 2, from: ['ben', 'U1ANNA'] })
    await world.click(first, 'U2BEN')
    await world.click(first, 'ben')
    expect([await runs(), await count('approved')]).toEqual([null, 1])
  })

  it('on the button that rejects is one rejection', async () => {
    const { world, first, count } = await asked()
    await world.click(first, 'U2BEN', 'reject', 'broken login')
    await world.click(first, 'U2BEN', 'reject', 'broken login')
    expect([await count('rejected'), (await world.stage('dev')).refused.length]).toEqual([1, 1])
  })
})

describe('one no among many', () => {
  it('that is worked in first ends it, and a yes after it comes too late', async () => {
    const { world, first, runs, uncounted } = await asked()
    await world.click(first, 'U2BEN', 'reject', 'broken login')
    await world.click(first, 'U1ANNA')
    expect(await runs()).toBeNull()
    expect(await uncounted()).toHaveLength(1)
  })

  it('that comes after enough said yes comes too late', async () => {
    const { world, first, runs, count } = await asked()
    await world.click(first, 'U1ANNA')
    await world.click(first, 'U2BEN', 'reject', 'broken login')
    expect([await runs(), await count('rejected')]).toEqual([aDigest(1), 0])
  })
})

describe('a late click', () => {
  it('after the deadline approves nothing', async () => {
    const { world, first, runs, count, uncounted } = await asked()
    await world.pass(HOUR)
    await world.click(first, 'U1ANNA')
    expect([await runs(), await count('expired'), await count('approved')]).toEqual([null, 1, 0])
    expect((await uncounted())[0]).toMatch(/has ended/u)
  })

  it('that came in time and whose person is known only after the deadline approves nothing: it is checked when it is decided', async () => {
    const { world, first, runs, count } = await asked()
    const { conversation } = world.ports
    Object.assign(conversation ?? {}, {
      membersOf: () => Promise.reject(new RetryLater('the chat is down', { retryAfterMs: 2 * HOUR })),
    })
    await world.pass(HOUR - MINUTE)
    await world.click(first, 'U1ANNA')
    await world.pass(MINUTE)
    Object.assign(conversation ?? {}, { membersOf: async () => ok(new Set(['U1ANNA'])) })
    await world.pass(3 * HOUR)
    expect([await runs(), await count('expired'), await count('approved')]).toEqual([null, 1, 0])
  })

  it('on what is delivered already changes nothing', async () => {
    const { world, first, count } = await asked()
    await world.click(first, 'U1ANNA')
    await world.click(first, 'U2BEN')
    expect([await count('delivered'), await count('approved')]).toEqual([1, 1])
  })
})

describe('who is in the group', () => {
  it('counts at the click: one who joined after people were asked may approve', async () => {
    const { world, first, runs } = await asked()
    world.groups.set('S0REL', new Set(['U4DAN']))
    await world.click(first, 'U4DAN')
    expect(await runs()).toBe(aDigest(1))
  })

  it('counts at the click: one who left since may not', async () => {
    const { world, first, runs, uncounted } = await asked()
    world.groups.set('S0REL', new Set(['U2BEN']))
    await world.click(first, 'U1ANNA')
    expect(await runs()).toBeNull()
    expect((await uncounted())[0]).toMatch(/U1ANNA is not among those who may/u)
  })

  it('counts anew at each click: one who joined after a click that did not count clicks again', async () => {
    const { world, first, runs } = await asked()
    await world.click(first, 'U4DAN')
    expect(await runs()).toBeNull()
    world.groups.set('S0REL', new Set(['U4DAN']))
    await world.click(first, 'U4DAN')
    expect(await runs()).toBe(aDigest(1))
  })

  it('does not take back a vote that counted when it was cast', async () => {
    const { world, first, runs } = await asked({ votes: 2 })
    await world.click(first, 'U1ANNA')
    world.groups.set('S0REL', new Set(['U2BEN']))
    await world.click(first, 'U2BEN')
    expect(await runs()).toBe(aDigest(1))
  })

  it('that the chat refused to tell is asked for again at the next click', async () => {
    const { world, first, runs } = await asked()
    const { conversation } = world.ports
    const membersOf = conversation?.membersOf
    Object.assign(conversation ?? {}, {
      membersOf: async () => err({ reason: 'not-allowed', detail: 'missing_scope' }),
    })
    await world.click(first, 'U1ANNA')
    Object.assign(conversation ?? {}, { membersOf })
    await world.click(first, 'U1ANNA')
    expect(await runs()).toBe(aDigest(1))
  })
})

describe('a newer candidate that supersedes', () => {
  it('is asked about anew: votes for the older one are none for it', async () => {
    const { world, first, ask, runs, uncounted } = await asked({ votes: 2 })
    await world.click(first, 'U1ANNA')
    await world.push('1.2.0', 2)
    await world.click(first, 'U2BEN')
    const second = await ask()
    expect(second).not.toBe(first)
    expect((await world.stage('dev')).promotion?.votes).toEqual([])
    expect(await uncounted()).toHaveLength(1)
    await world.click(second, 'U2BEN')
    expect(await runs()).toBeNull()
    await world.click(second, 'U1ANNA')
    expect(await runs()).toBe(aDigest(2))
  })

  it('leaves the older message without buttons', async () => {
    const { world, first } = await asked()
    await world.push('1.2.0', 2)
    const older = world.cards.filter(({ card }) => card.promotion === first).at(-1)
    expect(older).toMatchObject({ isUpdate: true, card: { ask: null, tone: 'over' } })
  })
})
