/** Work in bounded steps: of the inbox what one invocation may do, and what a sweep finds that nobody was woken for. */

import { describe, expect, it } from 'vitest'
import { drainInbox, sweep, wakeOutdated } from '../../src/drain.ts'
import { createMemoryState } from '../../src/state/memory.ts'
import type { State } from '../../src/state/state.ts'
import { aLine, anAcceptedEvent, anEffect, aWalkStep, NOW } from '../helpers/build.ts'
import { createWorld } from '../helpers/world.ts'

const DAY_MS = 24 * 3_600_000
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** Of a registry that nobody follows: each is settled by `match`. */
async function filled(count: number) {
  const { ports } = createWorld()
  await ports.inbox.put(
    Array.from({ length: count }, (_, n) => anAcceptedEvent({ id: `hub/${n}`, event: { repository: 'acme/other' } })),
  )
  return ports
}

describe('draining the inbox', () => {
  it.each([
    { count: 0, left: 0, isMoreLeft: false },
    { count: 7, left: 0, isMoreLeft: false },
    { count: 8, left: 0, isMoreLeft: false },
    { count: 63, left: 0, isMoreLeft: false },
    { count: 64, left: 0, isMoreLeft: true },
    { count: 70, left: 6, isMoreLeft: true },
  ])('of $count events leaves $left to the next invocation', async ({ count, left, isMoreLeft }) => {
    const ports = await filled(count)
    expect(await drainInbox(ports)).toBe(isMoreLeft)
    expect(await ports.inbox.depth()).toBe(left)
  })

  it('fails where the inbox cannot be written, after the others were settled', async () => {
    const ports = await filled(3)
    const settle: typeof ports.inbox.settle = (id, ...rest) =>
      id === 'hub/1' ? Promise.reject(new Error('the store is down')) : ports.inbox.settle(id, ...rest)
    await expect(drainInbox({ ...ports, inbox: { ...ports.inbox, settle } })).rejects.toThrow(/down/u)
    expect(await ports.inbox.depth()).toBe(1)
  })
})

describe('a sweep', () => {
  function scene(broken: { documents?: Partial<State['documents']>; inbox?: Partial<State['inbox']> } = {}) {
    const { ports } = createWorld()
    const woken: string[] = []
    const state = {
      ...ports,
      documents: { ...ports.documents, ...broken.documents },
      inbox: { ...ports.inbox, ...broken.inbox },
    }
    const run = (now = NOW) =>
      sweep({
        state,
        wakeDocument: async (id) => void woken.push(id),
        wakeInbox: async () => void woken.push('inbox'),
        log: silent,
        now: () => now,
      })
    return { ...ports, woken, run }
  }

  it.each([
    { late: 9_999, woken: [] },
    { late: 10_000, woken: ['line/payments'] },
    { late: 10_001, woken: ['line/payments'] },
  ])('wakes a document that has been due for $late ms: $woken', async ({ late, woken }) => {
    const world = scene()
    await world.documents.save(aLine({ effects: [anEffect({ due: NOW - late })] }), 0, NOW)
    await world.run()
    expect(world.woken).toEqual(woken)
  })

  it.each([
    { late: 9_999, woken: [] },
    { late: 10_000, woken: ['inbox'] },
  ])('wakes the inbox where an event has been waiting for $late ms: $woken', async ({ late, woken }) => {
    const world = scene()
    await world.inbox.put([anAcceptedEvent({ receivedAt: NOW - late })])
    await world.run()
    expect(world.woken).toEqual(woken)
  })

  it('removes settled events after three days, and none that waits', async () => {
    const world = scene()
    await world.inbox.put([anAcceptedEvent({ id: 'done' }), anAcceptedEvent({ id: 'waiting' })])
    await world.inbox.settle('done', { state: 'done' }, [aWalkStep()], NOW)
    await world.run(NOW + 3 * DAY_MS)
    expect(await world.inbox.get('done')).not.toBeNull()
    await world.run(NOW + 3 * DAY_MS + 1)
    expect(await world.inbox.get('done')).toBeNull()
    expect(await world.inbox.get('waiting')).not.toBeNull()
  })

  it('does its other parts where one fails', async () => {
    const world = scene({ documents: { due: () => Promise.reject(new Error('down')) } })
    await world.inbox.put([anAcceptedEvent({ receivedAt: 0 })])
    await world.run()
    expect(world.woken).toEqual(['inbox'])
  })
})

describe('after another configuration', () => {
  async function scene(configs: readonly string[]) {
    const state = createMemoryState()
    for (const [index, config] of configs.entries()) {
      await state.documents.save(aLine({ id: `line/l${index}`, subscription: `l${index}`, config }), 0, NOW)
    }
    const woken: string[] = []
    return {
      state,
      woken,
      run: () => wakeOutdated({ state, hash: 'new', wakeDocument: async (id) => void woken.push(id), log: silent }),
    }
  }

  it('wakes what an older one decided, until nothing is left, and then looks no more', async () => {
    const { state, woken, run } = await scene(['old', 'new', 'older'])
    await run()
    expect(woken).toEqual(['line/l0', 'line/l2'])
    await run()
    expect(woken).toHaveLength(4)
    for (const id of ['line/l0', 'line/l2']) {
      const loaded = await state.documents.load(id)
      if (loaded !== null) await state.documents.save({ ...loaded.document, config: 'new' }, loaded.version, NOW)
    }
    await run()
    await run()
    expect(woken).toHaveLength(4)
    expect((await state.keep.load('considered'))?.text).toBe('new')
  })

  it.each([399, 400, 401, 450])('of %i documents wakes at most 400 at once', async (count) => {
    const { woken, run } = await scene(Array.from({ length: count }, () => 'old'))
    await run()
    expect(woken).toHaveLength(Math.min(count, 400))
  })

  it('fails alone where the store does', async () => {
    const { state, woken } = await scene(['old'])
    const documents = { ...state.documents, list: async () => Promise.reject(new Error('down')) }
    await wakeOutdated({
      state: { ...state, documents },
      hash: 'new',
      wakeDocument: async (id) => void woken.push(id),
      log: silent,
    })
    expect(woken).toEqual([])
  })
})
