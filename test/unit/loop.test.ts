import { describe, expect, it, vi } from 'vitest'
import { lineId } from '../../src/domain/line.ts'
import { createLoop, type Loop, type Timer } from '../../src/loop.ts'
import type { Ports } from '../../src/pipeline.ts'
import { aDigest, anAcceptedEvent, NOW } from '../helpers/build.ts'
import { aLoadedConfig, createWorld } from '../helpers/world.ts'

type Clock = {
  now: number
  /** What the loop waits for, the newest last. */
  readonly waits: number[]
  /** The time comes. */
  ring(): void
}

function createClock(): Clock & { readonly timer: Timer } {
  let pending: { run: () => void; delayMs: number } | null = null
  const clock = {
    now: NOW,
    waits: [] as number[],
    timer: (run: () => void, delayMs: number) => {
      pending = { run, delayMs }
      clock.waits.push(delayMs)
      return () => void (pending = null)
    },
    ring() {
      const due = pending
      pending = null
      if (due === null) throw new Error('nobody waits')
      clock.now += due.delayMs
      due.run()
    },
  }
  return clock
}

function aLoop(change: (ports: Ports) => Partial<Ports> = () => ({})) {
  const world = createWorld()
  const clock = createClock()
  const errors: string[] = []
  const log = { ...world.ports.log, error: (event: string) => void errors.push(event) }
  const first: Ports = { ...world.ports, now: () => clock.now, log }
  let loop: Loop | null = null
  const wake: Ports['wake'] = async (id, at) => loop?.wake(id, at)
  const ports: Ports = { ...first, wake, ...change(first) }
  loop = createLoop(() => ports, clock.timer)
  const put = async (count = 1): Promise<void> => {
    for (let index = 1; index <= count; index += 1) {
      world.tags.set(`1.${index}.0`, aDigest(index))
      const event = { id: `e${index}`, tag: `1.${index}.0` }
      await world.state.inbox.put([anAcceptedEvent({ id: `hub/e${index}`, receivedAt: clock.now, event })])
    }
  }
  const state = async (id = 'hub/e1') => (await world.state.inbox.get(id))?.state
  return { world, clock, errors, loop, put, state }
}

/** All that follows by itself. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

describe('the loop', () => {
  it('takes an event to its end when it is poked', async () => {
    const { world, loop, put, state } = aLoop()
    await put()
    loop.poke()
    await vi.waitFor(async () => expect(await state()).toBe('done'))
    await vi.waitFor(() => expect(world.at('dev').image).toContain(aDigest(1)))
    await loop.stop()
  })

  it('finds within a second what nobody told it', async () => {
    const { clock, loop, put, state } = aLoop()
    loop.poke()
    await quiet()
    await put()
    expect(clock.waits.at(-1)).toBe(1_000)
    clock.ring()
    await vi.waitFor(async () => expect(await state()).toBe('done'))
    await loop.stop()
  })

  it('looks at once at what is due, and sooner than usual at what is due soon', async () => {
    const { clock, loop } = aLoop()
    loop.poke()
    await quiet()
    await loop.wake('line/payments', clock.now + 40)
    expect(clock.waits.at(-1)).toBe(40)
    await loop.stop()
  })

  it('never waits longer than a second, however far away the next wake-up is', async () => {
    const { clock, loop } = aLoop()
    await loop.wake('line/payments', clock.now + 10 ** 12)
    expect(clock.waits.at(-1)).toBe(1_000)
    await loop.stop()
  })

  it('goes on after a store that was away', async () => {
    let isAway = true
    const { clock, errors, loop, put, state } = aLoop(({ inbox }) => ({
      inbox: {
        ...inbox,
        claim: async (...asked) => {
          if (isAway) throw new Error('the store is away')
          return inbox.claim(...asked)
        },
      },
    }))
    await put()
    loop.poke()
    await vi.waitFor(() => expect(errors).toEqual(['turn failed']))
    await quiet()
    isAway = false
    clock.ring()
    await vi.waitFor(async () => expect(await state()).toBe('done'))
    await loop.stop()
  })

  it('says so where an event cannot be settled, and lives on', async () => {
    const { errors, loop, put, state } = aLoop(({ inbox }) => ({
      inbox: { ...inbox, settle: async () => Promise.reject(new Error('disk full')) },
    }))
    await put()
    loop.poke()
    await vi.waitFor(() => expect(errors).toContain('event not settled'))
    expect(await state()).toBe('waiting')
    await loop.stop()
  })

  it('is not stopped by a document that cannot be read, and does not hurry back to it', async () => {
    let loads = 0
    const { clock, errors, loop, put, state } = aLoop(({ documents }) => ({
      documents: {
        ...documents,
        due: async (now, limit) => ['line/broken', ...(await documents.due(now, limit))],
        load: async (id) => {
          if (id !== 'line/broken') return documents.load(id)
          loads += 1
          throw new Error('it is damaged')
        },
      },
    }))
    await put()
    loop.poke()
    await vi.waitFor(async () => expect(await state()).toBe('done'))
    await quiet()
    expect(loads).toBe(1)
    for (let ring = 0; ring < 10; ring += 1) {
      clock.ring()
      await quiet()
    }
    expect(loads).toBeGreaterThan(1)
    expect(loads).toBeLessThan(6)
    expect(errors).toContain('document waits')
    await loop.stop()
  })

  it('has at most 32 events under way', async () => {
    let asked = 0
    let answer = (): void => {}
    const gate = new Promise<void>((resolve) => (answer = resolve))
    const { loop, put, world } = aLoop(({ registries }) => ({
      registries: {
        ...registries,
        resolve: async (image) => {
          asked += 1
          await gate
          return registries.resolve(image)
        },
      },
    }))
    await put(40)
    loop.poke()
    await vi.waitFor(() => expect(asked).toBe(32))
    loop.poke()
    await quiet()
    expect(asked).toBe(32)
    answer()
    await vi.waitFor(async () => expect(await world.state.inbox.depth()).toBe(0))
    expect(asked).toBe(40)
    await loop.stop()
  })

  it('stops when what is under way has ended, and takes up nothing new', async () => {
    let answer = (): void => {}
    let isAsked = false
    const gate = new Promise<void>((resolve) => (answer = resolve))
    const { loop, put, state } = aLoop(({ registries }) => ({
      registries: {
        ...registries,
        resolve: async (image) => {
          isAsked = true
          await gate
          return registries.resolve(image)
        },
      },
    }))
    await put(1)
    loop.poke()
    await vi.waitFor(() => expect(isAsked).toBe(true))
    let isStopped = false
    const stopped = loop.stop().then(() => (isStopped = true))
    await quiet()
    expect(isStopped).toBe(false)
    await put(2)
    answer()
    await stopped
    expect(await state('hub/e1')).toBe('done')
    expect(await state('hub/e2')).toBe('waiting')
  })
})

describe('another configuration', () => {
  it('is worked into every document, again where that failed', async () => {
    let loaded = aLoadedConfig()
    let failures = 0
    const { clock, loop, put, state, world } = aLoop(({ documents }) => ({
      config: () => loaded,
      documents: {
        ...documents,
        load: async (id) => {
          if (loaded.hash === 'f00d' && failures < 2) {
            failures += 1
            throw new Error('the store is away')
          }
          return documents.load(id)
        },
      },
    }))
    await put()
    loop.poke()
    await vi.waitFor(async () => expect(await state()).toBe('done'))
    await vi.waitFor(() => expect(world.at('dev').image).toContain(aDigest(1)))
    loaded = aLoadedConfig({}, 'f00d')
    await vi.waitFor(async () => {
      clock.ring()
      await quiet()
      expect((await world.state.documents.load(lineId('payments')))?.document.config).toBe('f00d')
    })
    expect(failures).toBe(2)
    await loop.stop()
  })
})
