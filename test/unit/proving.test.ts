/** The way of a push whose image has to be proven: through the pipeline, with a clock. */

import { describe, expect, it } from 'vitest'
import { aDigest, anAcceptedEvent } from '../helpers/build.ts'
import { aPolicy } from '../helpers/evidence.ts'
import { aWorkloadStage, createWorld } from '../helpers/world.ts'

const MINUTE_MS = 60_000
const policy = aPolicy([{ kind: 'signature', anyOf: ['ci'], atLeast: 1 }])
const scene = () => createWorld({ stages: [{ ...aWorkloadStage('dev'), verify: policy }] })

describe('a push that has to be proven', () => {
  it('waits for its signature, and is delivered when it is told of', async () => {
    const world = scene()
    await world.push('1.1.0', 1)
    expect(world.at('dev').writes).toEqual([])
    world.verdicts.set(aDigest(1), { state: 'trusted' })
    const event = { id: 'hub/9', kind: 'signature', tag: null, subject: aDigest(1) } as const
    await world.state.inbox.put([anAcceptedEvent({ id: 'hub/9', receivedAt: world.ports.now(), event })])
    await world.settle()
    expect(world.at('dev').image).toContain(aDigest(1))
    expect((await world.stage('dev')).current).toMatchObject({ state: 'candidate' })
  })

  it('finds the signature by itself where nobody tells of it', async () => {
    const world = scene()
    await world.push('1.1.0', 1)
    world.verdicts.set(aDigest(1), { state: 'trusted' })
    await world.pass(5 * MINUTE_MS)
    expect(world.at('dev').image).toContain(aDigest(1))
  })

  it('is denied when it is never signed, and the history says what was found', async () => {
    const world = scene()
    await world.push('1.1.0', 1)
    for (let minutes = 0; minutes < 20; minutes += 1) await world.pass(MINUTE_MS)
    expect(world.at('dev').writes).toEqual([])
    const denial = (await world.history()).find(({ kind }) => kind === 'distrusted')
    expect(denial).toMatchObject({ reason: 'never-proven', detail: expect.stringContaining('no signature was found') })
    world.verdicts.set(aDigest(1), { state: 'trusted' })
    await world.push('1.1.0', 1)
    await world.pass(60 * MINUTE_MS)
    expect(world.at('dev').writes).toEqual([])
  })

  it('is denied at once when its scan is critical', async () => {
    const world = scene()
    world.verdicts.set(aDigest(1), { state: 'distrusted' })
    await world.push('1.1.0', 1)
    expect((await world.stage('dev')).refused).toMatchObject([{ reason: 'distrusted' }])
    expect(world.at('dev').writes).toEqual([])
  })

  it('is neither denied nor delivered while its registry is away', async () => {
    const world = scene()
    await world.push('1.1.0', 1)
    world.down.registry = true
    for (let minutes = 0; minutes < 60; minutes += 5) await world.pass(5 * MINUTE_MS)
    expect((await world.stage('dev')).promotion).toMatchObject({ phase: 'verifying' })
    world.down.registry = false
    world.verdicts.set(aDigest(1), { state: 'trusted' })
    for (let minutes = 0; minutes < 30; minutes += 5) await world.pass(5 * MINUTE_MS)
    expect(world.at('dev').image).toContain(aDigest(1))
  })

  it('goes on with a newer one that is proven, whatever the older one waits for', async () => {
    const world = scene()
    world.verdicts.set(aDigest(2), { state: 'trusted' })
    await world.push('1.1.0', 1)
    await world.push('1.2.0', 2)
    expect(world.at('dev').writes).toEqual([expect.stringContaining(aDigest(2))])
  })
})
