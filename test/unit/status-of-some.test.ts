/** Whoever waits for an image asks again and again: only what follows it is read. */

import { expect, it } from 'vitest'
import { statusOf } from '../../src/status.ts'
import { aGitStage, createWorld } from '../helpers/world.ts'

it('reads the lines of those alone, and what carries something for them', async () => {
  const world = createWorld({ github: true, stages: [aGitStage('prod')] })
  await world.push('1.1.0', 1)
  const loads: string[] = []
  const documents = {
    ...world.state.documents,
    load: (id: string) => (loads.push(id), world.state.documents.load(id)),
    list: () => Promise.reject(new Error('all of them were asked for')),
  }
  const [status, ...others] = await statusOf(documents, ['payments'])
  expect(others).toEqual([])
  expect(status).toMatchObject({ subscription: 'payments', damage: null, stages: [{ stage: 'prod' }] })
  expect(status?.stages[0]?.waits.join()).toMatch(/waits for its merge/u)
  expect(loads).toEqual(['line/payments', 'train/gitops/main/payments/prod'])
})

it('tells of one that cannot be read', async () => {
  const documents = { load: () => Promise.reject(new Error('torn')), list: () => Promise.reject(new Error('asked')) }
  const world = createWorld()
  const all = await statusOf({ ...world.state.documents, ...documents }, ['payments'])
  expect(all).toEqual([{ subscription: 'payments', damage: expect.stringContaining('torn'), stages: [] }])
})

it('says that nothing was heard of one that is only configured', async () => {
  const world = createWorld()
  const { subscriptions } = world.ports.config().config
  expect(await statusOf(world.state.documents, ['payments'], subscriptions)).toMatchObject([
    { subscription: 'payments' },
  ])
  expect(await statusOf(world.state.documents, [], subscriptions)).toEqual([])
})
