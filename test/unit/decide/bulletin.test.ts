/** Many promotions in one channel: a few have a message each, a flood is a list, and each row is answered by itself. */

import { describe, expect, it } from 'vitest'
import { doesList, ROWS_MAX, rowsOfAsk, type Bulletin } from '../../../src/domain/bulletin.ts'
import { lineId } from '../../../src/domain/line.ts'
import { advance } from '../../../src/pipeline.ts'
import { aDigest } from '../../helpers/build.ts'
import { aWorkloadStage, createWorld } from '../../helpers/world.ts'

const HOUR = 3_600_000
const MINUTE = 60_000
const approval = {
  kind: 'approval',
  from: ['anna', 'ben'],
  votes: 1,
  atLeast: [],
  otherWays: 0,
  expires: HOUR,
  slack: 'C0RELEASES',
}
const stages = [{ ...aWorkloadStage('dev'), gates: [approval] }]
const named = (name: string) => ({
  name,
  images: [{ registry: 'docker.io', repository: 'acme/payments' }],
  tags: { semver: '>=1' },
  stages,
})
/** They follow the same image, so that one push asks for all of them. */
const flood = (count: number, more: object = {}) =>
  createWorld({ subscriptions: Array.from({ length: count }, (_, index) => named(`app-${index}`)), ...more })
const pushed = async (count: number) => {
  const world = flood(count)
  await world.push('1.1.0', 1)
  await world.pass(10_000)
  return world
}
type World = ReturnType<typeof flood>
const bulletin = async ({ state }: World): Promise<Bulletin> => {
  const document = (await state.documents.load('bulletin/C0RELEASES/dev'))?.document
  if (document?.kind !== 'bulletin') throw new Error('there is no list')
  return document
}
const runs = async ({ state }: World, name: string) => {
  const document = (await state.documents.load(lineId(name)))?.document
  return document?.kind === 'line' ? document.stages['dev']?.current : undefined
}
const rowOf = async (world: World, title: string) => {
  const row = world.lists.at(-1)?.list.rows.find((one) => one.title === title)
  if (row === undefined) throw new Error(`${title} is not listed`)
  return row
}

describe('a few promotions', () => {
  it('have a message each', async () => {
    const world = await pushed(5)
    expect(world.cards).toHaveLength(5)
    expect(world.lists).toEqual([])
  })
})

describe('a channel whose name is too strange for a list', () => {
  it.each(['#veröffentlichung', `#${'x'.repeat(110)}`, 'two words'])('%s has a message for each', async (slack) => {
    const others = [{ ...aWorkloadStage('dev'), gates: [{ ...approval, slack }] }]
    const subscriptions = Array.from({ length: 8 }, (_, index) => ({ ...named(`app-${index}`), stages: others }))
    const world = createWorld({ subscriptions })
    await world.push('1.1.0', 1)
    await world.pass(10_000)
    expect([world.cards.length, world.lists.length]).toEqual([8, 0])
  })
})

describe('a batch', () => {
  it('of sixty is listed from the first, in as few messages as there is room for, each bound to its digest', async () => {
    const batch = { ...stages[0], batchMs: 10 * MINUTE }
    const subscriptions = Array.from({ length: 60 }, (_, index) => ({ ...named(`app-${index}`), stages: [batch] }))
    const world = createWorld({ subscriptions })
    await world.push('1.1.0', 1)
    await world.pass(10_000)
    expect(world.cards).toEqual([])
    const { pages } = await bulletin(world)
    expect(pages.map(({ rows }) => rows.length)).toEqual([ROWS_MAX, 60 - ROWS_MAX])
    const rows = pages.flatMap((page) => page.rows)
    expect(new Set(rows.map(({ promotion }) => promotion)).size).toBe(60)
    expect(rows.every(({ promotion, digest }) => promotion.includes(digest))).toBe(true)
  })
})

describe('a flood of promotions', () => {
  it('is one list after the first few, posted once for those that come together', async () => {
    const world = await pushed(25)
    expect(world.cards).toHaveLength(5)
    expect(world.lists).toHaveLength(1)
    const [{ list } = { list: null }] = world.lists
    expect(list?.rows).toHaveLength(20)
    expect(list?.rows.map(({ to, from, digest }) => [from, to, digest])).toEqual(
      Array.from({ length: 20 }, () => ['1.0.0', '1.1.0', aDigest(1)]),
    )
  })

  it('is over when nothing more comes: the next promotion has its own message', async () => {
    const world = await pushed(8)
    await world.pass(10 * MINUTE)
    const before = world.lists.length
    await world.click((await bulletin(world)).pages[0]?.rows[0]?.promotion ?? '', 'anna')
    await world.pass(MINUTE)
    await world.push('1.2.0', 2)
    await world.pass(MINUTE)
    const alone = world.cards.filter(({ card }) => card.changes[0]?.to === '1.2.0')
    expect(alone.length).toBeGreaterThanOrEqual(5)
    expect(world.lists.length).toBeGreaterThan(before)
  })

  it('fills one message, and goes on in another', async () => {
    const world = await pushed(5 + ROWS_MAX + 3)
    const { pages } = await bulletin(world)
    expect(pages.map(({ rows }) => rows.length)).toEqual([ROWS_MAX, 3])
    expect(new Set(pages.map(({ message }) => message?.message)).size).toBe(2)
  })

  it('that finds no room in lists has messages of its own: nobody is forgotten', async () => {
    const count = 5 + 4 * ROWS_MAX + 2
    const world = await pushed(count)
    const listed = (await bulletin(world)).pages.flatMap(({ rows }) => rows)
    expect(listed).toHaveLength(4 * ROWS_MAX)
    expect(world.cards).toHaveLength(7)
  })

  it('is listed later where the chat was down, and each is listed once', async () => {
    const world = flood(12)
    world.channelsDown.add('C0RELEASES')
    await world.push('1.1.0', 1)
    await world.pass(10_000)
    expect([world.cards, world.lists]).toEqual([[], []])
    world.channelsDown.clear()
    await world.pass(10 * MINUTE)
    const titles = [
      ...world.cards.map(({ card }) => card.title.split(' ')[0]),
      ...(world.lists.at(-1)?.list.rows ?? []).map(({ title }) => title),
    ]
    expect(titles).toHaveLength(12)
    expect(new Set(titles)).toEqual(new Set(Array.from({ length: 12 }, (_, index) => `app-${index}`)))
  })
})

describe('a list that the chat did not take for long', () => {
  it('is given up, and posted when a person says retry', async () => {
    const world = flood(8)
    world.channelsDown.add('C0RELEASES')
    await world.push('1.1.0', 1)
    for (let quarter = 0; quarter < 40; quarter += 1) await world.pass(15 * MINUTE)
    expect((await bulletin(world)).effects).toMatchObject([{ kind: 'post', dead: { reason: 'gave-up' } }])
    world.channelsDown.clear()
    const retry = { kind: 'retry', by: 'otto', reason: 'the chat is back', stage: null } as const
    await advance('bulletin/C0RELEASES/dev', retry, world.ports)
    await world.settle()
    expect(world.lists).toHaveLength(1)
    expect(doesList(await bulletin(world), 'line/app-6')).toBe(false)
  })
})

describe('a row', () => {
  it('is approved by itself, and no other', async () => {
    const world = await pushed(10)
    const row = await rowOf(world, 'app-7')
    await world.click(row.ask ?? '', 'anna')
    await world.pass(10_000)
    expect(await runs(world, 'app-7')).toMatchObject({ state: 'candidate' })
    for (const other of ['app-0', 'app-6', 'app-8']) expect(await runs(world, other)).toMatchObject({ state: 'found' })
    expect(await rowOf(world, 'app-7')).toMatchObject({ ask: null, tone: 'good', status: 'healthy' })
    expect((await rowOf(world, 'app-8')).ask).not.toBeNull()
  })

  it('that is rejected drops only itself', async () => {
    const world = await pushed(10)
    const row = await rowOf(world, 'app-6')
    await world.click(row.ask ?? '', 'ben', 'reject', 'broken login')
    await world.pass(10_000)
    expect(await rowOf(world, 'app-6')).toMatchObject({ ask: null, tone: 'bad' })
    expect((await rowOf(world, 'app-6')).status).toMatch(/rejected.*broken login/u)
    const all = world.lists.at(-1)?.list.askAll ?? ''
    await world.click(all, 'anna')
    await world.pass(10_000)
    expect(await runs(world, 'app-6')).toMatchObject({ state: 'found' })
    for (const other of ['app-5', 'app-7', 'app-8', 'app-9']) {
      expect(await runs(world, other)).toMatchObject({ state: 'candidate' })
    }
  })

  it('that is superseded says so in its place, and its button does nothing for the newer one', async () => {
    const world = await pushed(7)
    const old = await rowOf(world, 'app-6')
    await world.push('1.2.0', 2)
    await world.pass(10_000)
    const rows = (await bulletin(world)).pages.flatMap(({ rows: one }) => one)
    const ofOld = rows.find(({ promotion }) => promotion.startsWith('app-6/') && promotion.includes(aDigest(1)))
    expect(ofOld).toMatchObject({ isOver: true, asked: null, tone: 'over' })
    await world.click(old.ask ?? '', 'anna')
    await world.pass(10_000)
    expect(await runs(world, 'app-6')).toMatchObject({ state: 'found' })
  })

  it('is forgotten with its list when all of it has ended', async () => {
    const world = await pushed(8)
    await world.pass(2 * HOUR)
    await world.pass(10_000)
    expect((await bulletin(world)).pages).toEqual([])
    expect(world.lists.at(-1)?.list.rows.every(({ ask, tone }) => ask === null && tone === 'over')).toBe(true)
  })
})

describe('one click for all that is shown', () => {
  it('is one vote for each of its promotions', async () => {
    const world = await pushed(9)
    await world.click(world.lists.at(-1)?.list.askAll ?? '', 'anna')
    await world.pass(10_000)
    for (const name of ['app-5', 'app-6', 'app-7', 'app-8']) {
      expect(await runs(world, name)).toMatchObject({ state: 'candidate' })
      const { entries } = await world.state.journal.query({ document: lineId(name), limit: 100 })
      expect(entries.filter(({ kind }) => kind === 'approved').map(({ by }) => by)).toEqual(['anna'])
    }
    expect(await runs(world, 'app-0')).toMatchObject({ state: 'found' })
  })

  it('is not for what came into the list after it was shown', async () => {
    const world = await pushed(7)
    const shownFirst = world.lists.at(-1)?.list.askAll ?? ''
    const first = rowsOfAsk(await bulletin(world), shownFirst).map(({ promotion }) => promotion)
    world.configure({ subscriptions: Array.from({ length: 9 }, (_, index) => named(`app-${index}`)) }, 'more')
    await world.push('1.1.0', 1)
    await world.pass(10_000)
    expect(world.lists.at(-1)?.list.rows).toHaveLength(4)
    const document = await bulletin(world)
    expect(rowsOfAsk(document, shownFirst).map(({ promotion }) => promotion)).toEqual(first)
    expect(rowsOfAsk(document, world.lists.at(-1)?.list.askAll ?? '')).toHaveLength(4)
    await world.click(shownFirst, 'anna')
    await world.pass(10_000)
    expect(await runs(world, 'app-6')).toMatchObject({ state: 'candidate' })
    expect(await runs(world, 'app-8')).toMatchObject({ state: 'found' })
  })

  it('of somebody who may not approve approves nothing', async () => {
    const world = await pushed(8)
    await world.click(world.lists.at(-1)?.list.askAll ?? '', 'U9MALLORY')
    await world.pass(10_000)
    expect(await runs(world, 'app-6')).toMatchObject({ state: 'found' })
    const { entries } = await world.state.journal.query({ document: lineId('app-6'), limit: 100 })
    expect(entries.some(({ reason, by }) => reason === 'vote-not-counted' && by === 'U9MALLORY')).toBe(true)
  })

  it.each(['bulletin/C0RELEASES/dev#99', 'bulletin/C0RELEASES/dev#all.9.9', 'bulletin/C0OTHER/dev#1', 'bulletin/#1'])(
    'that names nothing we listed (%s) is settled and changes nothing',
    async (ask) => {
      const world = await pushed(8)
      await world.click(ask, 'anna')
      const [row] = await world.state.inbox.list({ limit: 1 })
      expect(row).toMatchObject({ state: 'done' })
      expect(row?.walk.at(-1)).toMatchObject({ reason: 'not-asked' })
    },
  )
})
