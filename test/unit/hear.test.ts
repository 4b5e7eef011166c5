import { describe, expect, it } from 'vitest'
import { ASSURANCES, isAssured, type AcceptedEvent } from '../../src/domain/event.ts'
import { handleRow } from '../../src/settle.ts'
import { aDigest, anAcceptedEvent, NOW } from '../helpers/build.ts'
import { createWorld } from '../helpers/world.ts'

type World = ReturnType<typeof createWorld>

/** The registry has it; one event tells of it. */
async function tell(world: World, event: AcceptedEvent, content = 1): Promise<void> {
  world.tags.set(event.event.tag ?? '', aDigest(content))
  await world.state.inbox.put([event])
  await world.settle()
}

const lastStep = async (world: World, id = 'hub/1') => (await world.state.inbox.get(id))?.walk.at(-1)
const measured = (world: World, kinds: string[]) => {
  const measure: World['ports']['measure'] = ({ kind }) => void kinds.push(kind)
  return { ...world.ports, measure }
}

describe('a minimum assurance', () => {
  it.each(
    ASSURANCES.flatMap((given, index) =>
      ASSURANCES.map((demanded, least) => ({ given, demanded, is: index <= least })),
    ),
  )('$demanded is met by $given: $is', ({ given, demanded, is }) => expect(isAssured(given, demanded)).toBe(is))

  it('settles what is below it with the reason, and asks the registry nothing', async () => {
    const world = createWorld({ subscription: { assurance: 'authenticated-sender' } })
    await tell(world, anAcceptedEvent({ assurance: 'shared-secret' }))
    expect(await lastStep(world)).toMatchObject({ step: 'match', outcome: 'settled', reason: 'assurance-too-low' })
    expect(world.requests.registry).toBe(0)
    expect(world.at('dev').writes).toEqual([])
  })

  it('lets in what meets it, and what we found ourselves', async () => {
    const world = createWorld({ subscription: { assurance: 'signed-body' } })
    await tell(world, anAcceptedEvent({ assurance: 'signed-body' }))
    await tell(world, anAcceptedEvent({ id: 'hub/2', via: 'poll', event: { tag: '1.6.0' } }), 2)
    expect(world.at('dev').writes).toHaveLength(2)
  })
})

describe('an allow-list of pushers', () => {
  const subscription = { pushers: ['ada', 'ci-bot'] }

  it('takes a push of one of them, and the history says who pushed', async () => {
    const world = createWorld({ subscription })
    await tell(world, anAcceptedEvent({ assurance: 'signed-body', event: { pusher: 'ada' } }))
    expect(world.at('dev').writes).toHaveLength(1)
    const opened = (await world.history()).find(({ kind }) => kind === 'promotion-opened')
    expect(opened).toMatchObject({ pusher: 'ada' })
  })

  it.each([
    ['of somebody else', { assurance: 'signed-body', event: { pusher: 'mallory' } }, 'pusher-not-allowed'],
    ['of nobody', { assurance: 'signed-body' }, 'pusher-not-proven'],
    [
      'of one whose name anybody could have written',
      { assurance: 'shared-secret', event: { pusher: 'ada' } },
      'pusher-not-proven',
    ],
    ['that only our own look found', { via: 'poll', assurance: 'authenticated-sender' }, 'pusher-not-proven'],
  ] as const)('refuses a push %s, with a notice', async (_title, accepted, reason) => {
    const world = createWorld({ subscription })
    await tell(world, anAcceptedEvent(accepted))
    expect(await lastStep(world)).toMatchObject({ outcome: 'settled', reason })
    expect(await world.history()).toContainEqual(expect.objectContaining({ kind: 'noticed', reason, cause: 'hub/1' }))
    expect(world.requests.registry).toBe(0)
    expect(world.at('dev').writes).toEqual([])
  })

  it('says nothing of tags that nobody wants', async () => {
    const world = createWorld({ subscription })
    await tell(world, anAcceptedEvent({ event: { tag: 'nightly' } }))
    expect(await world.kinds().catch(() => [])).not.toContain('noticed')
  })
})

describe('a window in which pushes settle', () => {
  const registry = { settleMs: 3_000 }
  const pushes = (...times: readonly number[]): AcceptedEvent[] =>
    times.map((at, index) => anAcceptedEvent({ id: `hub/${index + 1}`, receivedAt: NOW + at }))

  it('makes one look of the six events that Docker Hub sends for one push', async () => {
    const world = createWorld({ registry })
    world.tags.set('1.5.0', aDigest(1))
    await world.state.inbox.put(pushes(0, 300, 600, 900, 1_200, 1_500))
    await world.pass(2_900)
    expect(world.requests.registry).toBe(0)
    expect(await lastStep(world)).toMatchObject({ step: 'wait', reason: 'settles' })
    for (let passed = 0; passed < 5; passed += 1) await world.pass(1_000)
    expect(world.requests.registry).toBe(2)
    expect(world.at('dev').writes).toHaveLength(1)
    expect(await lastStep(world, 'hub/6')).toMatchObject({ outcome: 'settled', reason: 'coalesced' })
    expect(await world.state.inbox.depth()).toBe(0)
  })

  it('brings what the tag points at when it ends', async () => {
    const world = createWorld({ registry, tags: { digestOf: '1.5.0' } })
    world.tags.set('1.5.0', aDigest(1))
    await world.state.inbox.put(pushes(0, 1_000))
    await world.pass(2_000)
    world.tags.set('1.5.0', aDigest(2))
    await world.pass(3_000)
    expect(world.at('dev').image).toContain(aDigest(2))
  })

  it('hides no later push: A, B, A are three', async () => {
    const world = createWorld({ registry, tags: { digestOf: '1.5.0' } })
    for (const [index, content] of [1, 2, 1].entries()) {
      world.tags.set('1.5.0', aDigest(content))
      await world.state.inbox.put([anAcceptedEvent({ id: `hub/${index}`, receivedAt: world.ports.now() })])
      await world.pass(5_000)
    }
    expect(world.at('dev').writes.map((image) => image.slice(-1))).toEqual(['1', '2', '1'])
  })

  it('makes one of two only for those to whom the other was offered', async () => {
    const world = createWorld({ registry, subscription: { pushers: ['ada'] } })
    const { config, hash } = world.ports.config()
    const { pushers: _, ...open } = config.subscriptions[0] ?? {}
    const subscriptions = [...config.subscriptions, { ...open, name: 'reports' }] as typeof config.subscriptions
    const ports = { ...world.ports, config: () => ({ hash, config: { ...config, subscriptions } }) }
    world.tags.set('1.5.0', aDigest(1))
    const by = (pusher: string) => ({ assurance: 'signed-body', receivedAt: NOW, event: { pusher } }) as const
    await world.state.inbox.put([
      anAcceptedEvent({ id: 'hub/1', ...by('mallory') }),
      anAcceptedEvent({ id: 'hub/2', ...by('ada') }),
    ])
    for (const seconds of [4, 5]) {
      const now = (): number => NOW + seconds * 1_000
      const [row] = await world.state.inbox.claim(1, 1_000, now())
      if (row !== undefined) await handleRow(row, { ...ports, now })
    }
    expect((await lastStep(world, 'hub/1'))?.reason).not.toBe('coalesced')
    expect((await world.state.inbox.get('hub/2'))?.walk).toContainEqual(
      expect.objectContaining({ step: 'offer', subscription: 'payments', outcome: 'pass' }),
    )
  })

  it('keeps nobody from handling an event again: a replay looks anew', async () => {
    const world = createWorld({ registry })
    world.tags.set('1.5.0', aDigest(1))
    await world.state.inbox.put(pushes(0, 100))
    await world.pass(5_000)
    await world.pass(5_000)
    const before = world.requests.registry
    const at = world.ports.now()
    const note = { step: 'replay', at, outcome: 'pass', reason: 'replay', detail: 'by ann' } as const
    await world.state.inbox.reopen('hub/2', note, at)
    await world.pass(5_000)
    expect(world.requests.registry).toBe(before + 2)
  })
})

describe('what our own look found', () => {
  const found = (id: string, via: 'sweep' | 'poll', tag: string) => anAcceptedEvent({ id, via, event: { tag } })

  it('waits for the webhook that may be under way, and is nothing then', async () => {
    const kinds: string[] = []
    const world = createWorld()
    await world.push('1.4.0', 1)
    world.tags.set('1.5.0', aDigest(2))
    await world.state.inbox.put([found('hub/sweep', 'sweep', '1.5.0')])
    await world.pass(20_000)
    expect(await lastStep(world, 'hub/sweep')).toMatchObject({ step: 'wait', reason: 'webhook-may-come' })
    await world.push('1.5.0', 2)
    const [row] = await world.state.inbox.list({ state: 'waiting', limit: 1 })
    await world.pass(60_000)
    if (row !== undefined) await handleRow(row, measured(world, kinds))
    expect(await lastStep(world, 'hub/sweep')).toMatchObject({ step: 'offer', reason: 'already-there' })
    expect(await world.kinds()).not.toContain('noticed')
    expect(kinds).not.toContain('webhook-lost')
  })

  it('is delivered where none came, and history and metrics say that a webhook was lost', async () => {
    const kinds: string[] = []
    const world = createWorld()
    await world.push('1.4.0', 1)
    world.tags.set('1.5.0', aDigest(2))
    await world.state.inbox.put([found('hub/sweep', 'sweep', '1.5.0')])
    await world.settle()
    const [row] = await world.state.inbox.list({ state: 'waiting', limit: 1 })
    if (row === undefined) throw new Error('it does not wait')
    const now = (): number => NOW + 60_000
    await handleRow(row, { ...measured(world, kinds), now })
    await world.pass(60_000)
    expect(world.at('dev').image).toContain('1.5.0')
    expect(await world.history()).toContainEqual(
      expect.objectContaining({ kind: 'noticed', reason: 'webhook-lost', cause: 'hub/sweep' }),
    )
    expect(kinds.filter((kind) => kind === 'webhook-lost')).toHaveLength(1)
  })

  it('is no lost webhook where no event of the image ever came', async () => {
    const world = createWorld()
    world.tags.set('1.5.0', aDigest(2))
    await world.state.inbox.put([found('hub/sweep', 'sweep', '1.5.0')])
    await world.settle()
    await world.pass(60_000)
    const notices = (await world.history()).filter(({ kind }) => kind === 'noticed')
    expect(notices.map(({ reason }) => reason)).toEqual(['found-by-sweep'])
  })

  it('of a registry that is polled is delivered at once, and nothing was lost', async () => {
    const world = createWorld()
    await tell(world, found('hub/poll', 'poll', '1.5.0'), 2)
    expect(world.at('dev').image).toContain('1.5.0')
    expect(await world.kinds()).not.toContain('noticed')
  })
})
