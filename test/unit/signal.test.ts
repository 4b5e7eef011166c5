import { describe, expect, it } from 'vitest'
import { lineId } from '../../src/domain/line.ts'
import type { AcceptedEvent } from '../../src/domain/event.ts'
import { handleEvent } from '../../src/pipeline.ts'
import { aDigest, anAcceptedEvent } from '../helpers/build.ts'
import { createWorld } from '../helpers/world.ts'

type Event = Parameters<typeof anAcceptedEvent>[0] & object
const aSignal = (event: Event['event'] & object, rest: Partial<AcceptedEvent> = {}): AcceptedEvent =>
  anAcceptedEvent({ id: 'hub/signal', ...rest, event: { tag: null, ...event } })

async function running() {
  const world = createWorld({ tags: { digestOf: 'stable' } })
  await world.push('stable', 1)
  return world
}

describe('a signal', () => {
  it.each([
    ['signature', { subject: aDigest(1), digest: aDigest(7) }],
    ['attestation', { subject: aDigest(1) }],
    ['scan', { digest: aDigest(1) }],
  ] as const)('of the kind %s comes to the stage that holds the digest', async (kind, about) => {
    const world = await running()
    const { state, walk } = await handleEvent(aSignal({ kind, ...about }), world.ports)
    expect({ state, last: walk.at(-1) }).toMatchObject({
      state: 'done',
      last: { step: 'signal', outcome: 'pass', reason: kind, subscription: 'payments' },
    })
    expect((await world.history()).at(-1)).toMatchObject({
      kind: 'signalled',
      reason: kind,
      stage: 'dev',
      image: `docker.io/acme/payments:stable@${aDigest(1)}`,
      cause: 'hub/signal',
    })
  })

  it('finds what is on its way and what waits, too', async () => {
    const world = await running()
    world.health.set(aDigest(2), { state: 'progressing', detail: '0 of 1' })
    await world.push('stable', 2)
    await world.push('stable', 3)
    for (const content of [2, 3]) {
      await handleEvent(aSignal({ kind: 'scan', digest: aDigest(content) }, { id: `hub/${content}s` }), world.ports)
    }
    const told = (await world.history()).filter(({ kind }) => kind === 'signalled')
    expect(told.map(({ detail }) => detail)).toEqual(['a scan of what is on its way', 'a scan of what waits'])
    expect(told[0]?.promotion).toBe((await world.stage('dev')).promotion?.id)
  })

  it('of content that no stage holds is settled with that reason, and asks nobody', async () => {
    const world = await running()
    const { registry } = world.requests
    const before = await world.history()
    const { state, walk } = await handleEvent(aSignal({ kind: 'signature', subject: aDigest(9) }), world.ports)
    expect({ state, last: walk.at(-1) }).toMatchObject({
      state: 'done',
      last: { outcome: 'settled', reason: 'not-held' },
    })
    expect(await world.history()).toEqual(before)
    expect(world.requests.registry).toBe(registry)
  })

  it('makes no line of a subscription that nothing was offered to', async () => {
    const world = createWorld()
    await handleEvent(aSignal({ kind: 'scan', digest: aDigest(1) }), world.ports)
    expect(await world.state.documents.load(lineId('payments'))).toBeNull()
  })

  it('is told once, although it is handled again', async () => {
    const world = await running()
    const signature = aSignal({ kind: 'signature', subject: aDigest(1) })
    await handleEvent(signature, world.ports)
    await handleEvent(signature, world.ports)
    expect((await world.kinds()).filter((kind) => kind === 'signalled')).toHaveLength(1)
  })

  it('of a sender that proves less than the subscription demands is settled with that reason', async () => {
    const world = createWorld({ subscription: { assurance: 'signed-body' } })
    const { walk } = await handleEvent(aSignal({ kind: 'scan', digest: aDigest(1) }), world.ports)
    expect(walk.at(-1)).toMatchObject({ step: 'signal', outcome: 'settled', reason: 'assurance-too-low' })
  })
})

describe('a delete', () => {
  it.each([
    ['by digest', { digest: aDigest(1), tag: null }],
    ['by tag', { digest: null, tag: 'stable' }],
  ])('%s of what runs is a notice, and takes nothing back', async (_title, about) => {
    const world = await running()
    const { writes } = world.at('dev')
    await handleEvent(aSignal({ kind: 'delete', ...about }), world.ports)
    await world.settle()
    expect((await world.history()).at(-1)).toMatchObject({ kind: 'noticed', reason: 'image-deleted', stage: 'dev' })
    expect(world.at('dev').writes).toEqual(writes)
    expect((await world.stage('dev')).current.state).toBe('candidate')
  })

  it('of another digest under the same tag is nothing to us', async () => {
    const world = await running()
    const { walk } = await handleEvent(aSignal({ kind: 'delete', digest: aDigest(5), tag: 'stable' }), world.ports)
    expect(walk.at(-1)).toMatchObject({ outcome: 'settled', reason: 'not-held' })
  })
})
