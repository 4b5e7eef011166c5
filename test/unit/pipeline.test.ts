import { describe, expect, it } from 'vitest'
import { findBreak } from '../../src/domain/chain.ts'
import { lineId } from '../../src/domain/line.ts'
import { advance } from '../../src/pipeline.ts'
import { aDigest } from '../helpers/build.ts'
import { aGitStage, aWorkloadStage, createWorld } from '../helpers/world.ts'

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
