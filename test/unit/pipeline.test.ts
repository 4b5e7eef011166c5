import { describe, expect, it } from 'vitest'
import { findBreak } from '../../src/domain/chain.ts'
import { lineId } from '../../src/domain/line.ts'
import { RetryLater } from '../../src/domain/retry.ts'
import type { WalkStep } from '../../src/domain/walk.ts'
import { advance, handleEvent, reconsider, work, type Ports } from '../../src/pipeline.ts'
import { EVENT_ATTEMPTS_MAX, handleRow } from '../../src/settle.ts'
import { EFFECT_LEASE_MS } from '../../src/work.ts'
import { aDigest, anAcceptedEvent, NOW } from '../helpers/build.ts'
import { aGitStage, aWorkloadStage, createWorld } from '../helpers/world.ts'

/** Two that follow the same image; `onLoad` may refuse a document. */
function twoSubscriptions(onLoad: (id: string) => Promise<void>) {
  const world = createWorld()
  const { config, hash } = world.ports.config()
  const subscriptions = [...config.subscriptions, ...config.subscriptions.map((one) => ({ ...one, name: 'reports' }))]
  const load: Ports['documents']['load'] = async (id) => {
    await onLoad(id)
    return world.ports.documents.load(id)
  }
  const documents = { ...world.ports.documents, load }
  const ports: Ports = { ...world.ports, documents, config: () => ({ hash, config: { ...config, subscriptions } }) }
  return { world, ports }
}

const image = (tag: string, content: number): string => `docker.io/acme/payments:${tag}@${aDigest(content)}`
const stages = [aWorkloadStage('dev'), aWorkloadStage('prod', ['dev'])]

describe('a push', () => {
  it('ends at every stage in order, pinned to the digest that the registry names', async () => {
    const world = createWorld({ stages })
    await world.push('1.1.0', 1)
    expect(world.at('dev').writes).toEqual([image('1.1.0', 1)])
    expect(world.at('prod').writes).toEqual([image('1.1.0', 1)])
    expect(await findBreak(await world.history())).toBeNull()
  })

  it('looks first, then acts', async () => {
    const world = createWorld()
    await world.push('1.1.0', 1)
    const kinds = await world.kinds()
    expect(kinds.indexOf('observed')).toBeLessThan(kinds.indexOf('promotion-opened'))
  })

  it('costs no registry request where the tag filter refuses it', async () => {
    const world = createWorld()
    const id = await world.push('nightly', 1)
    expect(world.requests.registry).toBe(0)
    expect((await world.state.inbox.get(id))?.walk.at(-1)).toMatchObject({ step: 'filter', outcome: 'settled' })
  })

  it('of a tag that the registry does not have ends with that reason (Keel 347)', async () => {
    const world = createWorld()
    const id = await world.push('1.1.0', 1, { tellOnly: true })
    expect((await world.state.inbox.get(id))?.walk.at(-1)).toMatchObject({ step: 'resolve', reason: 'tag-not-found' })
    expect(world.at('dev').writes).toEqual([])
  })

  it('told twice is delivered once', async () => {
    const world = createWorld()
    await world.push('1.1.0', 1)
    await world.push('1.1.0', 1)
    await world.push('1.1.0', 1, { id: 'hub/1' })
    expect(world.at('dev').writes).toHaveLength(1)
  })

  it('of an older version never goes back', async () => {
    const world = createWorld()
    await world.push('1.2.0', 2)
    const id = await world.push('1.1.0', 1)
    expect(world.at('dev').writes).toEqual([image('1.2.0', 2)])
    expect((await world.state.inbox.get(id))?.walk.at(-1)).toMatchObject({ step: 'offer', reason: 'older' })
  })

  it('that moves a version to other content is refused loudly', async () => {
    const world = createWorld()
    await world.push('1.2.0', 2)
    await world.push('1.2.0', 3)
    expect(world.at('dev').writes).toEqual([image('1.2.0', 2)])
    expect((await world.history()).at(-1)).toMatchObject({ kind: 'refused', reason: 'moved-tag' })
  })

  it('waits for a registry that is down, and loses nothing', async () => {
    const world = createWorld()
    world.down.registry = true
    const id = await world.push('1.1.0', 1)
    expect((await world.state.inbox.get(id))?.state).toBe('waiting')
    world.down.registry = false
    await world.pass(60_000)
    expect(world.at('dev').writes).toEqual([image('1.1.0', 1)])
  })

  it('waits for a target that is down, and loses nothing', async () => {
    const world = createWorld()
    await world.push('1.1.0', 1)
    world.down.targets = true
    await world.push('1.2.0', 2)
    world.down.targets = false
    await world.pass(60_000)
    expect(world.at('dev').image).toBe(image('1.2.0', 2))
  })
})

describe('an event', () => {
  it('whose registry answers slowly is no newer for that: whoever asked later knows better', async () => {
    const world = createWorld({ tags: { digestOf: 'stable' } })
    await world.push('stable', 1)
    let answer = (): void => {}
    const gate = new Promise<void>((resolve) => (answer = resolve))
    const slow: Ports = {
      ...world.ports,
      registries: {
        ...world.ports.registries,
        inspect: async (image) => {
          await gate
          return world.ports.registries.inspect(image)
        },
      },
    }
    world.tags.set('stable', aDigest(2))
    const first = handleEvent(anAcceptedEvent({ id: 'hub/slow', event: { tag: 'stable' } }), slow)
    await new Promise((resolve) => setTimeout(resolve))
    await world.pass(1_000)
    await world.push('stable', 3)
    await world.pass(1_000)
    answer()
    expect((await first).walk.at(-1)).toMatchObject({ step: 'offer', reason: 'older' })
    await world.settle()
    expect(world.at('dev').image).toBe(image('stable', 3))
  })

  it('reaches the other subscriptions where the document of one cannot be read', async () => {
    const { world, ports } = twoSubscriptions(async (id) => {
      if (id === 'line/payments') throw new Error('it is damaged')
    })
    world.tags.set('1.1.0', aDigest(1))
    const walk: WalkStep[] = []
    await expect(handleEvent(anAcceptedEvent({ event: { tag: '1.1.0' } }), ports, walk)).rejects.toThrow('damaged')
    const offers = walk.filter(({ step }) => step === 'offer')
    expect(offers.map(({ subscription, outcome }) => ({ subscription, outcome }))).toEqual([
      { subscription: 'payments', outcome: 'failed' },
      { subscription: 'reports', outcome: 'pass' },
    ])
  })

  it('that is given up after thirty attempts keeps how far it came', async () => {
    const { world, ports } = twoSubscriptions(async (id) => {
      if (id === 'line/payments') throw new Error('it is damaged')
    })
    world.tags.set('1.1.0', aDigest(1))
    const accepted = anAcceptedEvent({ event: { tag: '1.1.0' } })
    await world.state.inbox.put([accepted])
    const row = { accepted, state: 'waiting' as const, walk: [] }
    await handleRow({ ...row, attempts: EVENT_ATTEMPTS_MAX - 1 }, ports)
    expect(await world.state.inbox.get(accepted.id)).toMatchObject({ state: 'waiting', walk: [{ reason: 'later' }] })
    await handleRow({ ...row, attempts: EVENT_ATTEMPTS_MAX }, ports)
    const given = await world.state.inbox.get(accepted.id)
    expect(given?.state).toBe('dead')
    expect(given?.walk.map(({ step }) => step)).toEqual(expect.arrayContaining(['match', 'resolve', 'offer']))
    expect(given?.walk.at(-1)).toMatchObject({ step: 'retry', reason: 'gave-up' })
  })

  it.each([
    { title: 'doubles its waits', attempts: 3, asked: undefined, waitMs: 4_000 },
    { title: 'waits as long as it is asked to', attempts: 1, asked: 60_000, waitMs: 60_000 },
    { title: 'does not hurry although it is asked to', attempts: 9, asked: 1, waitMs: 256_000 },
    { title: 'waits an hour at most', attempts: 29, asked: 10 ** 12, waitMs: 3_600_000 },
  ])('that has to wait $title', async ({ attempts, asked, waitMs }) => {
    const world = createWorld()
    const accepted = anAcceptedEvent({ event: { tag: '1.1.0' } })
    await world.state.inbox.put([accepted])
    const resolve = async (): Promise<never> => {
      throw new RetryLater('the registry is busy', { retryAfterMs: asked })
    }
    const ports = { ...world.ports, registries: { ...world.ports.registries, resolve } }
    await handleRow({ accepted, state: 'waiting', walk: [], attempts }, ports)
    expect(await world.state.inbox.nextDue()).toBe(NOW + waitMs)
  })

  it('whose subscription was removed is settled with that reason', async () => {
    const world = createWorld()
    world.configure({ subscriptions: [] }, 'f00d')
    const { walk } = await handleEvent(anAcceptedEvent(), world.ports)
    expect(walk.at(-1)).toMatchObject({ step: 'match', outcome: 'settled', reason: 'no-subscription' })
  })

  it('whose subscription is removed while it is handled is settled with that reason', async () => {
    const world = createWorld()
    world.tags.set('1.5.0', aDigest(1))
    const resolve: Ports['registries']['resolve'] = async (asked) => {
      world.configure({ subscriptions: [] }, 'f00d')
      return world.ports.registries.resolve(asked)
    }
    const ports = { ...world.ports, registries: { ...world.ports.registries, resolve } }
    const { walk } = await handleEvent(anAcceptedEvent(), ports)
    expect(walk.at(-1)).toMatchObject({ step: 'offer', outcome: 'settled', reason: 'subscription-removed' })
  })
})

describe('filters without an order', () => {
  it('follow what was seen last: A, B, A is a new attempt', async () => {
    const world = createWorld({ tags: { digestOf: 'stable' } })
    for (const content of [1, 2, 1]) {
      await world.push('stable', content)
      await world.pass(1_000)
    }
    expect(world.at('dev').writes).toEqual([image('stable', 1), image('stable', 2), image('stable', 1)])
    const opened = (await world.history())
      .filter(({ kind }) => kind === 'promotion-opened')
      .map(({ promotion }) => promotion)
    expect(opened.at(-1)).toBe(`payments/dev/${aDigest(1)}#2`)
  })
})

describe('what is found at the target', () => {
  it('is the lower bound where the filter counts it', async () => {
    const world = createWorld()
    world.at('workload/dev/dev/deployment/app/app').image = 'acme/payments:2.0.0'
    await world.push('1.9.0', 1)
    expect(world.at('dev').writes).toEqual([])
    await world.push('2.1.0', 2)
    expect(world.at('dev').writes).toEqual([image('2.1.0', 2)])
  })

  it('sets no bound where it does not count: latest', async () => {
    const world = createWorld()
    world.at('workload/dev/dev/deployment/app/app').image = 'acme/payments:latest'
    await world.push('1.9.0', 1)
    expect(world.at('dev').writes).toEqual([image('1.9.0', 1)])
  })

  it('stops a delivery where a person changed it meanwhile, and is the bound from then on', async () => {
    const world = createWorld()
    await world.push('1.1.0', 1)
    world.at('dev').image = 'acme/payments:1.5.0'
    await world.push('1.2.0', 2)
    await world.pass(1_000)
    expect(world.at('dev').image).toBe('acme/payments:1.5.0')
    expect(await world.kinds()).toContain('withdrawn')
    await world.push('1.6.0', 3)
    expect(world.at('dev').image).toBe(image('1.6.0', 3))
  })
})

describe('a candidate that is not well', () => {
  const unwell = { state: 'failed', reason: 'CrashLoopBackOff', detail: 'exit 1' } as const

  it('is rolled back to the one before and remembered as refused', async () => {
    const world = createWorld({ stages })
    await world.push('1.1.0', 1)
    world.health.set(aDigest(2), unwell)
    await world.push('1.2.0', 2)
    expect(world.at('dev').image).toBe(image('1.1.0', 1))
    expect(world.at('prod').writes).toEqual([image('1.1.0', 1)])
    await world.push('1.2.0', 2)
    expect(world.at('dev').writes.filter((one) => one === image('1.2.0', 2))).toHaveLength(1)
    expect((await world.history()).at(-1)).toMatchObject({ kind: 'refused', reason: 'refused-before' })
  })

  it('on its first delivery is rolled back to exactly what the first look found', async () => {
    const world = createWorld()
    world.health.set(aDigest(1), unwell)
    await world.push('1.1.0', 1)
    expect(world.at('dev').image).toBe('acme/payments:1.0.0')
  })

  it('is not rolled back over a person who moved on', async () => {
    const world = createWorld()
    await world.push('1.1.0', 1)
    world.health.set(aDigest(2), { state: 'progressing', detail: '0 of 1' })
    await world.push('1.2.0', 2)
    world.at('dev').image = 'acme/payments:9.0.0'
    world.health.set(aDigest(2), unwell)
    await world.pass(60_000)
    expect(world.at('dev').image).toBe('acme/payments:9.0.0')
  })

  it('comes again once a person lifted the refusal', async () => {
    const world = createWorld()
    await world.push('1.1.0', 1)
    world.health.set(aDigest(2), unwell)
    await world.push('1.2.0', 2)
    world.health.delete(aDigest(2))
    const lift = {
      kind: 'lift',
      by: 'ann',
      reason: 'the database was at fault',
      stage: 'dev',
      candidate: aDigest(2),
    } as const
    await advance(lineId('payments'), lift, world.ports)
    await world.push('1.2.0', 2)
    expect(world.at('dev').image).toBe(image('1.2.0', 2))
  })

  it('gives way to a newer one that waited', async () => {
    const world = createWorld()
    await world.push('1.1.0', 1)
    world.health.set(aDigest(2), { state: 'progressing', detail: '0 of 1' })
    await world.push('1.2.0', 2)
    await world.push('1.3.0', 3)
    expect(world.at('dev').image).toBe(image('1.2.0', 2))
    world.health.set(aDigest(2), unwell)
    await world.pass(60_000)
    expect(world.at('dev').image).toBe(image('1.3.0', 3))
  })
})

describe('what cannot be done', () => {
  it('is kept with its reason, and goes on with a newer candidate once it can', async () => {
    const world = createWorld()
    await world.push('1.1.0', 1)
    const target = 'workload/dev/dev/deployment/app/app'
    world.refusals.set(target, { reason: 'owned-by-gitops', detail: 'Flux owns it' })
    await world.push('1.2.0', 2)
    const line = await world.line()
    expect(line.effects.find(({ dead }) => dead !== undefined)?.dead).toMatchObject({ reason: 'owned-by-gitops' })
    world.refusals.delete(target)
    await world.push('1.3.0', 3)
    expect(world.at('dev').writes).toEqual([image('1.1.0', 1), image('1.3.0', 3)])
  })

  it('is done when a person says retry', async () => {
    const world = createWorld()
    await world.push('1.1.0', 1)
    world.refusals.set('workload/dev/dev/deployment/app/app', { reason: 'forbidden', detail: '403' })
    await world.push('1.2.0', 2)
    world.refusals.clear()
    await advance(
      lineId('payments'),
      { kind: 'retry', by: 'ann', reason: 'RBAC is right now', stage: null },
      world.ports,
    )
    await world.settle()
    expect(world.at('dev').image).toBe(image('1.2.0', 2))
  })
})

describe('work', () => {
  it('does not begin what it claimed so slowly that its lease is over', async () => {
    const world = createWorld()
    await world.push('1.1.0', 1)
    world.down.targets = true
    await world.push('1.2.0', 2)
    world.down.targets = false
    const save: Ports['documents']['save'] = async (document, was, now) => {
      const saved = await world.ports.documents.save(document, was, now)
      if (document.effects.some(({ lease }) => lease !== undefined)) late = EFFECT_LEASE_MS
      return saved
    }
    let late = 2_000
    const ports: Ports = {
      ...world.ports,
      now: () => world.ports.now() + late,
      documents: { ...world.ports.documents, save },
    }
    await work(lineId('payments'), ports)
    expect(world.at('dev').image).toBe(image('1.1.0', 1))
    await world.pass(2 * EFFECT_LEASE_MS)
    expect(world.at('dev').image).toBe(image('1.2.0', 2))
  })

  it('waits for all that it began, also where one cannot be answered', async () => {
    const world = createWorld({ stages: [aWorkloadStage('dev'), aWorkloadStage('live')] })
    world.tags.set('1.1.0', aDigest(1))
    await handleEvent(anAcceptedEvent({ event: { tag: '1.1.0' } }), world.ports)
    let saves = 0
    const save: Ports['documents']['save'] = async (document, was, now) => {
      saves += 1
      // Both answers together, then the first of them alone.
      if (saves === 2 || saves === 3) throw new Error('disk full')
      return world.ports.documents.save(document, was, now)
    }
    const ports = { ...world.ports, documents: { ...world.ports.documents, save } }
    await expect(work(lineId('payments'), ports)).rejects.toThrow('disk full')
    expect(saves).toBe(4)
    const { effects } = await world.line()
    expect(effects.filter(({ kind }) => kind === 'observe')).toHaveLength(1)
  })

  it('says of what waits which push led to it', async () => {
    const world = createWorld()
    await world.push('1.1.0', 1)
    const said: unknown[] = []
    Object.assign(world.ports, {
      log: { ...world.ports.log, warn: (event: string, fields: unknown) => said.push([event, fields]) },
    })
    world.down.targets = true
    const id = await world.push('1.2.0', 2)
    const fields = { document: 'line/payments', cause: id, attempt: 1, detail: 'the target is down' }
    expect(said).toEqual([['effect waits', expect.objectContaining(fields)]])
  })

  it('touches nothing in observe mode, whatever was wanted before', async () => {
    const world = createWorld()
    await world.push('1.1.0', 1)
    world.down.targets = true
    await world.push('1.2.0', 2)
    world.down.targets = false
    world.configure({ mode: 'observe' }, 'f00d')
    await world.pass(60_000)
    expect(world.at('dev').writes).toEqual([image('1.1.0', 1)])
    expect(await world.kinds()).toContain('would-deliver')
  })

  it('decides anew what was decided under another configuration, without another push', async () => {
    const world = createWorld({ mode: 'observe' })
    await world.push('1.1.0', 1)
    world.configure({ mode: 'act' }, 'f00d')
    expect(await reconsider(world.ports)).toEqual([])
    await world.settle()
    expect(world.at('dev').writes).toEqual([image('1.1.0', 1)])
  })
})

describe('mode: observe', () => {
  it('decides and records everything and touches nothing', async () => {
    const world = createWorld({ stages, mode: 'observe' })
    await world.push('1.1.0', 1)
    await world.push('1.1.0', 1)
    expect(world.at('dev').writes).toEqual([])
    const would = (await world.history()).filter(({ kind }) => kind === 'would-deliver')
    expect(would.map(({ stage }) => stage)).toEqual(['dev', 'prod'])
  })
})

describe('a pull request', () => {
  const github = { github: true, stages: [aGitStage('prod')] }

  it('delivers when a person merges it', async () => {
    const world = createWorld(github)
    await world.push('1.1.0', 1)
    expect(world.pulls).toMatchObject([{ state: 'open', image: image('1.1.0', 1) }])
    world.merge(1, 'ann')
    await world.pass(60_000)
    const delivered = (await world.history()).find(({ kind }) => kind === 'delivered')
    expect(delivered).toMatchObject({ by: 'ann', reference: 'merge/1' })
    expect((await world.stage('prod')).current).toMatchObject({ state: 'candidate' })
  })

  it('is replaced in place by a newer candidate', async () => {
    const world = createWorld(github)
    await world.push('1.1.0', 1)
    await world.push('1.2.0', 2)
    expect(world.pulls).toMatchObject([{ state: 'open', image: image('1.2.0', 2) }])
    expect(await world.kinds()).toContain('superseded')
  })

  it('that a person closes is a rejection of that candidate', async () => {
    const world = createWorld(github)
    await world.push('1.1.0', 1)
    const [pull] = world.pulls
    if (pull !== undefined) Object.assign(pull, { state: 'closed', by: 'ann' })
    await world.pass(60_000)
    await world.push('1.1.0', 1)
    expect(world.pulls).toHaveLength(1)
    expect((await world.stage('prod')).refused).toMatchObject([{ reason: 'rejected', by: 'ann' }])
    await world.push('1.2.0', 2)
    expect(world.pulls).toHaveLength(2)
  })

  it('with a commit of a person on its branch stops us', async () => {
    const world = createWorld(github)
    await world.push('1.1.0', 1)
    const [pull] = world.pulls
    if (pull !== undefined) pull.head = 'somebody'
    await world.push('1.2.0', 2)
    expect(world.pulls).toMatchObject([{ image: image('1.1.0', 1), head: 'somebody' }])
    expect((await world.history()).at(-1)).toMatchObject({ kind: 'failed', reason: 'foreign-commits' })
  })

  it('whose merged branch stays behind is followed by the next one', async () => {
    const world = createWorld(github)
    await world.push('1.1.0', 1)
    world.merge(1, 'ann')
    await world.pass(60_000)
    await world.push('1.2.0', 2)
    expect(world.pulls).toMatchObject([{ state: 'merged' }, { state: 'open', image: image('1.2.0', 2) }])
  })

  it('is withdrawn where its subscription is removed', async () => {
    const world = createWorld(github)
    await world.push('1.1.0', 1)
    world.configure({ ...github, subscriptions: [] }, 'f00d')
    await reconsider(world.ports)
    await world.settle()
    expect(world.pulls).toMatchObject([{ state: 'closed' }])
    expect((await world.stage('prod')).promotion).toBeUndefined()
  })

  it('is merged by us where the configuration says so', async () => {
    const world = createWorld({ github: true, stages: [aGitStage('prod', [], 'when-approved')] })
    await world.push('1.1.0', 1)
    expect(world.pulls).toMatchObject([{ state: 'merged' }])
    expect((await world.stage('prod')).current).toMatchObject({ state: 'candidate' })
  })

  it('of an earlier candidate that a person merges is looked at again, and the newer one goes on', async () => {
    const world = createWorld(github)
    await world.push('1.1.0', 1)
    world.merge(1, 'ann')
    await world.push('1.2.0', 2)
    await world.pass(60_000)
    expect(world.pulls).toMatchObject([{ state: 'merged' }, { state: 'open', image: image('1.2.0', 2) }])
  })
})

describe('a configuration that changes', () => {
  it('withdraws what was on its way to a stage that is gone', async () => {
    const world = createWorld({ github: true, stages: [aGitStage('prod')] })
    await world.push('1.1.0', 1)
    world.configure({ github: true, stages: [aGitStage('live')] }, 'f00d')
    await world.push('1.2.0', 2)
    expect((await world.stage('prod')).promotion).toBeUndefined()
    expect(world.pulls[0]?.state).toBe('closed')
  })
})
