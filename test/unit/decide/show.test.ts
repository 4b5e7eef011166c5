/** The one message of each promotion that people are asked about. */

import { describe, expect, it } from 'vitest'
import { knownFrom, type Known } from '../../../src/domain/known.ts'
import { err } from '../../../src/domain/result.ts'
import { RetryLater } from '../../../src/domain/retry.ts'
import type { Ports } from '../../../src/pipeline.ts'
import { aDigest, NOW } from '../../helpers/build.ts'
import { playLine, WELL } from '../../helpers/play.ts'
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

describe('what changes', () => {
  const commit = (id: string, repository = 'https://github.com/acme/payments') => ({ repository, id: id.repeat(40) })
  const known = (builtFrom: object | undefined) => ({
    ...knownFrom([], NOW),
    signers: [{ name: 'ci', by: 'release.yml' }],
    counts: { high: 2, low: 1 },
    named: 'all' as const,
    ...(builtFrom && { builtFrom }),
  })
  const verify = {
    wait: HOUR,
    fresh: HOUR,
    reconsider: false,
    require: [{ kind: 'signature', anyOf: ['ci'], atLeast: 1 }],
  }
  const proven = (line: ReturnType<typeof playLine>, builtFrom: object | undefined) => {
    const outcomes = [{ rule: 'signature: ci', state: 'held' as const, detail: 'signed by ci' }]
    const verdict = { state: 'trusted' as const, outcomes, at: line.now() }
    line.answer('verify', { kind: 'verdict', verdict, builtAt: NOW - HOUR, known: known(builtFrom) as Known })
  }
  /** The first image runs, and the second is asked about. */
  const between = (first: object | undefined, second: object | undefined) => {
    const line = playLine({ stages: [{ ...aWorkloadStage('dev'), verify, gates: [approval] }] })
    line.offer('1.1.0', 1)
    line.look()
    proven(line, first)
    const { id } = line.stage().promotion ?? { id: '' }
    const vote = {
      by: 'anna',
      how: 'api',
      groups: [] as string[],
      decision: 'approve',
      reason: '',
      at: NOW,
      shown: '',
    } as const
    line.step({ kind: 'vote', stage: 'dev', promotion: id, vote })
    if (line.effects('verify').length > 0) proven(line, first)
    line.deliver()
    line.answer('check-health', WELL)
    line.offer('1.2.0', 2)
    proven(line, second)
    return line.effects('show').find(({ card }) => card.changes[0]?.to === '1.2.0')?.card
  }

  it('is linked by the verified commits of both', () => {
    const card = between(commit('a'), commit('b'))
    const url = `https://github.com/acme/payments/compare/${'a'.repeat(40)}...${'b'.repeat(40)}`
    expect(card?.links).toEqual([{ label: 'compare', url }])
  })

  it.each([
    { title: 'nothing proves the one', first: undefined, second: commit('b') },
    { title: 'nothing proves the other', first: commit('a'), second: undefined },
    {
      title: 'they are of different repositories',
      first: commit('a'),
      second: commit('b', 'https://github.com/acme/fork'),
    },
    { title: 'they are the same', first: commit('a'), second: commit('a') },
  ])('is not linked where $title', ({ first, second }) => {
    expect(between(first, second)?.links).toEqual([])
  })

  it('is told with who signed it, what scanners found, when it was built and pushed', () => {
    expect(between(undefined, undefined)?.facts).toEqual(
      expect.arrayContaining([
        { label: 'signed by', text: 'ci: release.yml' },
        { label: 'found by scanners', text: '2 high, 1 low' },
        { label: 'built', text: '', at: NOW - HOUR },
        { label: 'signature: ci', text: 'signed by ci' },
        expect.objectContaining({ label: 'pushed', at: expect.any(Number) }),
      ]),
    )
  })
})

describe("what the images' labels say of their commits", () => {
  const source = { github: 'acme/payments' }
  const claims = (ids: Readonly<Record<number, string>>, repository = 'https://github.com/acme/payments') => {
    return async ({ digest }: { digest: string }) => {
      const found = Object.entries(ids).find(([content]) => aDigest(Number(content)) === digest)
      return found === undefined ? null : { repository, id: found[1].repeat(40) }
    }
  }
  const world = (claimedCommit: Ports['claimedCommit']) => {
    const one = createWorld({ ...asking(), subscription: { source } })
    return { ...one, ports: Object.assign(one.ports, { claimedCommit }) }
  }
  const twice = async (one: ReturnType<typeof world>) => {
    await one.push('1.1.0', 1)
    await one.click((await one.stage('dev')).promotion?.id ?? '', 'anna')
    await one.pass(1_000)
    await one.push('1.2.0', 2)
    return one.cards.filter(({ card }) => card.changes[0]?.to === '1.2.0')
  }

  it('is linked, told apart from what is proven, and stays while the message changes', async () => {
    const one = world(claims({ 1: 'a', 2: 'b' }))
    const url = `https://github.com/acme/payments/compare/${'a'.repeat(40)}...${'b'.repeat(40)}`
    expect((await twice(one)).map(({ card }) => card.links)).toEqual([[{ label: 'compare, by the labels', url }]])
    await one.click((await one.stage('dev')).promotion?.id ?? '', 'anna')
    await one.pass(1_000)
    expect(one.cards.at(-1)?.card).toMatchObject({ tone: 'good', links: [{ label: 'compare, by the labels', url }] })
  })

  it.each([
    ['names another repository', claims({ 1: 'a', 2: 'b' }, 'https://github.com/mallory/payments')],
    ['says nothing', claims({})],
    ['cannot be read', () => Promise.reject(new RetryLater('the registry is down'))],
  ])('is not linked where it %s; people are asked all the same', async (_title, ask) => {
    const cards = await twice(world(ask))
    expect(cards.map(({ card }) => [card.tone, card.links])).toEqual([['waits', []]])
  })
})

describe("the thread of a promotion's message", () => {
  it('has the whole digest first, and then what happened, in order', async () => {
    const world = createWorld(asking())
    await world.push('1.1.0', 1)
    await world.click((await world.stage('dev')).promotion?.id ?? '', 'U9MALLORY')
    await world.click((await world.stage('dev')).promotion?.id ?? '', 'anna')
    await world.pass(1_000)
    expect(new Set(world.replies.map(({ to }) => to))).toEqual(new Set(['m1']))
    const texts = world.replies.flatMap((reply) => reply.texts)
    expect(texts[0]).toBe(`docker.io/acme/payments:1.1.0@${aDigest(1)}`)
    const kinds = texts.map((text) => text.split(/[ ,]/u)[0])
    expect(kinds.filter((kind) => ['noticed', 'approved', 'delivered', 'healthy'].includes(kind ?? ''))).toEqual([
      'noticed',
      'approved',
      'delivered',
      'healthy',
    ])
    expect(texts.find((text) => text.startsWith('noticed'))).toMatch(/U9MALLORY.*does not count/u)
  })

  it('of a chat that refuses it delays nothing', async () => {
    const world = createWorld(asking())
    const reply = world.ports.conversation?.reply
    Object.assign(world.ports.conversation ?? {}, { reply: async () => err({ reason: 'refused', detail: 'no' }) })
    await world.push('1.1.0', 1)
    await world.click((await world.stage('dev')).promotion?.id ?? '', 'anna')
    expect((await world.stage('dev')).current).toMatchObject({ state: 'candidate' })
    expect(reply).toBeDefined()
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
