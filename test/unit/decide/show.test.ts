/** The one message of each promotion that people are asked about. */

import { describe, expect, it } from 'vitest'
import { aDigest } from '../../helpers/build.ts'
import { playLine } from '../../helpers/play.ts'
import { aWorkloadStage, createWorld } from '../../helpers/world.ts'

const HOUR = 3_600_000
const approval = {
  kind: 'approval',
  from: ['anna'],
  votes: 1,
  atLeast: [],
  otherWays: 0,
  expires: HOUR,
  slack: 'C0RELEASES',
}
const asking = (more: readonly object[] = []) => ({
  stages: [{ ...aWorkloadStage('dev'), gates: [approval, ...more] }],
})
const soak = { kind: 'soak', ms: HOUR }

describe('a promotion that waits for approval', () => {
  it('is shown once, with what changes, what it waits for and whom it asks', async () => {
    const world = createWorld(asking())
    await world.push('1.1.0', 1)
    await world.pass(1_000)
    expect(world.cards).toHaveLength(1)
    const [{ channel, card } = world.cards[0]!] = world.cards
    expect([channel, card.title, card.tone]).toEqual(['C0RELEASES', 'payments → dev', 'waits'])
    expect(card.changes).toEqual([
      { repository: 'docker.io/acme/payments', from: '1.0.0', to: '1.1.0', digest: aDigest(1) },
    ])
    expect(card.waitsFor.join()).toMatch(/1 more approval of 1, by anna/u)
    expect(card.facts).toContainEqual({ label: 'verified', text: 'nothing: `verify: none` is configured' })
    expect(card.ask).toBe((await world.stage('dev')).promotion?.id)
  })

  it('is shown anew when it ends, and then no more', async () => {
    const world = createWorld(asking())
    await world.push('1.1.0', 1)
    await world.pass(2 * HOUR)
    expect(world.cards.map(({ card, isUpdate }) => [card.tone, card.ask === null, isUpdate])).toEqual([
      ['waits', false, false],
      ['over', true, true],
    ])
    expect(world.cards.at(-1)?.card.status).toMatch(/not approved in time/u)
    expect((await world.stage('dev')).boards).toEqual([])
  })

  it('that is superseded says so, and the newer one has a message of its own', async () => {
    const world = createWorld(asking())
    await world.push('1.1.0', 1)
    await world.push('1.2.0', 2)
    const of = (tag: string) =>
      world.cards.filter(({ card }) => card.changes[0]?.to === tag).map(({ card }) => card.tone)
    expect(of('1.1.0')).toEqual(['waits', 'over'])
    expect(of('1.2.0')).toEqual(['waits'])
    expect(world.cards.find(({ card }) => card.tone === 'over')?.card.status).toMatch(/superseded/u)
  })

  it('whose chat is down waits as it would, and is shown later', async () => {
    const world = createWorld(asking())
    world.channelsDown.add('C0RELEASES')
    await world.push('1.1.0', 1)
    expect((await world.stage('dev')).promotion?.phase).toBe('gated')
    world.channelsDown.clear()
    await world.pass(60_000)
    expect(world.cards.map(({ card }) => card.tone)).toEqual(['waits'])
  })

  it('is shown with its end alone where the chat was down all the time', async () => {
    const world = createWorld(asking())
    world.channelsDown.add('C0RELEASES')
    await world.push('1.1.0', 1)
    await world.pass(2 * HOUR)
    world.channelsDown.clear()
    await world.pass(HOUR)
    expect(world.cards.map(({ card, isUpdate }) => [card.tone, isUpdate])).toEqual([['over', false]])
  })

  it('is not shown in observe mode', async () => {
    const world = createWorld({ ...asking(), mode: 'observe' })
    await world.push('1.1.0', 1)
    expect(world.cards).toEqual([])
  })

  it('is told when something else is waited for', async () => {
    const stages = [aWorkloadStage('dev'), { ...aWorkloadStage('prod', ['dev']), gates: [soak, approval] }]
    const world = createWorld({ stages })
    await world.push('1.1.0', 1)
    await world.pass(HOUR / 2)
    await world.pass(HOUR)
    const waits = world.cards.map(({ card }) => card.waitsFor.map((text) => text.split(':')[0]))
    expect(waits.at(0)).toEqual(['soak', 'approval'])
    expect(waits.flat()).toContain('approval')
  })
})

it('a stage that asks nobody shows nothing', async () => {
  const world = createWorld({})
  await world.push('1.1.0', 1)
  expect(world.cards).toEqual([])
})

describe('a message that is being posted when its promotion ends', () => {
  it('is known by its answer, and changed in place to say so', () => {
    const line = playLine(asking())
    line.offer('1.1.0', 1)
    line.look()
    const posting = line.claim('show')
    line.offer('1.2.0', 2)
    line.reply(posting, { kind: 'shown', message: { channel: 'C0RELEASES', message: 'm1' } })
    const last = line.effects('show').find(({ promotion }) => promotion === posting.promotion)
    expect(last).toMatchObject({ known: { message: 'm1' }, card: { tone: 'over', ask: null }, isLast: true })
  })
})
