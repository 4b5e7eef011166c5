import { describe, expect, it } from 'vitest'
import type { Digest } from '../../src/domain/image.ts'
import { err } from '../../src/domain/result.ts'
import { RetryLater } from '../../src/domain/retry.ts'
import { sweepRegistries, sweepsEveryMs } from '../../src/sweep.ts'
import { readMemory } from '../../src/sweep-plan.ts'
import { aDigest, NOW } from '../helpers/build.ts'
import { aWorkloadStage, createWorld, type WorldOptions } from '../helpers/world.ts'

const HOUR = 3_600_000
const events = { type: 'dockerhub' }

/** What the registry was asked, and what was counted; `sweep` is one of its minutes. */
function swept(options: WorldOptions = {}) {
  const world = createWorld({ ...options, registry: { events, ...options.registry } })
  const asked: string[] = []
  const counted: string[] = []
  const { registries } = world.ports
  const ports = {
    ...world.ports,
    measure: ({ kind, ...rest }: { kind: string }) =>
      void counted.push(`${kind} ${'outcome' in rest ? String(rest.outcome) : ''}`.trim()),
    registries: {
      ...registries,
      resolve: (image: Parameters<typeof registries.resolve>[0], known?: Digest) => {
        asked.push(`HEAD ${image.tag}${known === undefined ? '' : ' if changed'}`)
        return registries.resolve(image, known)
      },
      listTags: (image: Parameters<typeof registries.listTags>[0]) => {
        asked.push('list')
        return registries.listTags(image)
      },
    },
  }
  const sweep = async (): Promise<number> => {
    const found = await sweepRegistries(ports)
    await world.settle()
    return found
  }
  const pass = async (ms: number): Promise<void> => {
    await world.pass(ms)
    await sweep()
    await world.pass(60_000)
  }
  return { world, ports, asked, counted, sweep, pass }
}

const notices = async (world: ReturnType<typeof createWorld>): Promise<string[]> =>
  (await world.history()).filter(({ kind }) => kind === 'noticed').map(({ reason }) => reason)

describe('a push whose webhook is lost', () => {
  it('of an ordered filter is found by the list of tags, delivered, and said to be lost', async () => {
    const { world, asked, pass } = swept()
    await world.push('1.1.0', 1)
    world.tags.set('1.2.0', aDigest(2))
    world.tags.set('nightly', aDigest(3))
    await pass(HOUR)
    expect(asked).toEqual(['list'])
    expect(world.at('dev').image).toContain(':1.2.0@')
    expect(await notices(world)).toEqual(['webhook-lost'])
    await pass(HOUR)
    expect(world.at('dev').writes).toHaveLength(2)
    expect(await notices(world)).toHaveLength(1)
  })

  it('of one tag is found by one conditional HEAD', async () => {
    const { world, asked, pass } = swept({ tags: { digestOf: 'stable' } })
    await world.push('stable', 1)
    world.tags.set('stable', aDigest(2))
    await pass(HOUR)
    expect(asked).toEqual(['HEAD stable if changed'])
    expect(world.at('dev').image).toContain(aDigest(2))
    expect(await notices(world)).toEqual(['webhook-lost'])
  })

  it('is seen each time: A, B, A', async () => {
    const { world, pass } = swept({ tags: { digestOf: 'stable' } })
    await world.push('stable', 1)
    for (const content of [2, 1, 2, 1]) {
      world.tags.set('stable', aDigest(content))
      await pass(HOUR)
    }
    expect(world.at('dev').writes.map((image) => image.at(-1))).toEqual(['1', '2', '1', '2', '1'])
    expect(await notices(world)).toHaveLength(4)
  })

  it('of a tag without an order is found where the list did not hold it before', async () => {
    const { world, asked, pass } = swept({ tags: { newestPush: true, match: '^build-[0-9]+$' } })
    await world.push('build-7', 1)
    await pass(HOUR)
    world.tags.set('build-8', aDigest(2))
    world.tags.set('other', aDigest(3))
    await pass(2 * HOUR)
    expect(world.at('dev').image).toContain(':build-8@')
    expect(asked).toEqual(['list', 'HEAD build-7 if changed', 'list', 'HEAD build-7 if changed'])
  })

  it('is brought to every stage that waits for no other, where one of them is behind', async () => {
    const { world, pass } = swept({ stages: [aWorkloadStage('dev'), aWorkloadStage('eu')] })
    world.tags.set('1.1.0', aDigest(1))
    await pass(HOUR)
    expect([world.at('dev').image, world.at('eu').image].every((image) => image.includes(':1.1.0@'))).toBe(true)
  })
})

describe('a sweep', () => {
  it('finds nothing where every event came', async () => {
    const { world, counted, sweep } = swept()
    await world.push('1.1.0', 1)
    expect(await sweep()).toBe(0)
    expect(counted).toEqual(['sweep looked'])
  })

  it('feeds an event of its own kind, which its registry’s name and a sweep made', async () => {
    const { world, sweep } = swept()
    world.tags.set('1.2.0', aDigest(2))
    await sweep()
    const [row] = await world.state.inbox.list({ limit: 1 })
    expect(row?.accepted).toMatchObject({
      id: 'hub/sweep/docker.io/acme/payments:1.2.0/after-nothing',
      source: 'hub',
      via: 'sweep',
      event: { kind: 'push', tag: '1.2.0', digest: null, pusher: null },
    })
  })

  it('feeds the same push once, however often it sees it before somebody acts on it', async () => {
    const { world, ports, sweep } = swept({ tags: { digestOf: 'stable' } })
    world.tags.set('stable', aDigest(1))
    world.down.registry = false
    expect(await sweep()).toBe(1)
    await ports.keep.save('sweep/hub', '', (await ports.keep.load('sweep/hub'))?.version ?? 0)
    expect(await sweep()).toBe(0)
  })

  it('is silent about what was refused there', async () => {
    const { world, pass } = swept()
    await world.push('1.1.0', 1)
    world.health.set(aDigest(2), { state: 'failed', reason: 'CrashLoopBackOff', detail: 'exit 1' })
    await world.push('1.2.0', 2)
    expect(world.at('dev').image).toContain(':1.1.0@')
    const before = (await world.state.inbox.list({ limit: 100 })).length
    await pass(HOUR)
    await pass(HOUR)
    expect(await world.state.inbox.list({ limit: 100 })).toHaveLength(before)
  })

  it('looks for nothing of what is not swept', async () => {
    for (const registry of [{ sweepMs: null }, { events: undefined }]) {
      const { world, asked, sweep } = swept({ registry })
      world.tags.set('1.2.0', aDigest(2))
      expect([await sweep(), asked]).toEqual([0, []])
    }
  })

  it('goes to the registry once where two processes begin at once', async () => {
    const { world, ports, asked } = swept()
    world.tags.set('1.2.0', aDigest(2))
    await Promise.all([sweepRegistries(ports), sweepRegistries(ports)])
    expect(asked).toEqual(['list'])
  })

  it('rests after an outage, and as long as the registry asks', async () => {
    const { world, ports, asked, counted } = swept({ tags: { digestOf: 'stable' } })
    let isBusy = true
    const busy = {
      ...ports,
      registries: {
        ...ports.registries,
        resolve: async (image: Parameters<typeof ports.registries.resolve>[0], known?: Digest) => {
          if (isBusy) throw new RetryLater('429', { retryAfterMs: 2 * HOUR })
          return ports.registries.resolve(image, known)
        },
      },
    }
    world.tags.set('stable', aDigest(1))
    expect(await sweepRegistries(busy)).toBe(0)
    expect(counted).toEqual(['sweep failed'])
    isBusy = false
    await world.pass(HOUR)
    expect([await sweepRegistries(busy), asked]).toEqual([0, []])
    await world.pass(HOUR)
    expect([await sweepRegistries(busy), asked]).toEqual([1, ['HEAD stable']])
  })

  it.each([
    [10, true],
    [11, false],
  ])('leaves the last tenth of a rate limit to events: with %i of 100 left it rests, %s', async (remaining, rests) => {
    const { ports, asked } = swept({ tags: { digestOf: 'stable' } })
    const registries = { ...ports.registries, quotaOf: () => ({ limit: 100, remaining, windowSeconds: null }) }
    await sweepRegistries({ ...ports, registries })
    const { restUntil } = readMemory((await ports.keep.load('sweep/hub'))?.text)
    expect([asked.length, restUntil > NOW]).toEqual([1, rests])
  })

  it('goes on where one repository cannot be read', async () => {
    const { world, ports, counted } = swept({ tags: { digestOf: 'stable' } })
    const resolve = async () => err({ reason: 'unauthorized', detail: 'no' } as const)
    expect(await sweepRegistries({ ...ports, registries: { ...ports.registries, resolve } })).toBe(0)
    expect(counted).toEqual(['sweep looked'])
    expect(world.at('dev').writes).toEqual([])
  })
})

describe('a registry without webhooks', () => {
  const registry = { events: { type: 'poll' }, sweepMs: 300_000 }

  it('is polled: what is found is delivered at once, and nothing was lost', async () => {
    const { world, sweep } = swept({ registry })
    world.tags.set('1.1.0', aDigest(1))
    expect(await sweep()).toBe(1)
    world.tags.set('1.2.0', aDigest(2))
    await world.pass(300_000)
    expect(await sweep()).toBe(1)
    expect(world.at('dev').image).toContain(':1.2.0@')
    expect(await notices(world)).toEqual([])
  })

  it('says how often somebody has to look', () => {
    const every = (options: WorldOptions): number | null => sweepsEveryMs(createWorld(options).ports.config().config)
    expect([every({ registry }), every({ registry: { events } }), every({})]).toEqual([300_000, 900_000, null])
  })
})
