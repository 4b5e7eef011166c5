/** `rollback:` of a stage, from the decision to the order that a target gets. */

import { expect, it } from 'vitest'
import type { Order } from '../../src/delivery/delivery.ts'
import { lineId } from '../../src/domain/line.ts'
import { advance } from '../../src/pipeline.ts'
import { aDigest } from '../helpers/build.ts'
import { image } from '../helpers/play.ts'
import { aGitStage, createWorld } from '../helpers/world.ts'

const THROUGH = { branch: 'drayage/rollbacks/payments/prod/1', merge: 'now' }
const rules = {
  none: undefined,
  commit: { as: 'commit', merge: 'now', refuse: 'here' },
  pull: { as: 'pull-request', merge: 'now', refuse: 'here' },
  byPerson: { as: 'pull-request', merge: 'by-person', refuse: 'here' },
} as const

async function aScene(rule: object | undefined) {
  const stage = { ...aGitStage('prod'), ...(rule && { rollback: rule }) }
  const world = createWorld({ stages: [stage], github: true })
  const orders: Order[] = []
  const { delivery } = world.ports
  const ports = {
    ...world.ports,
    delivery: (target: Parameters<typeof delivery>[0]) => {
      const port = delivery(target)
      return {
        ...port,
        deliver: (order: Order) => {
          orders.push(order)
          return port.deliver(order)
        },
      }
    },
  }
  Object.assign(world.ports, { delivery: ports.delivery })
  const push = async (tag: string, content: number) => {
    await world.push(tag, content)
    world.pulls.forEach(({ state }, index) => state === 'open' && world.merge(index + 1, 'ann'))
    await world.pass(120_000)
  }
  await push('1.1.0', 1)
  return { world, orders, push }
}

it.each<[keyof typeof rules, object | undefined]>([
  ['none', undefined],
  ['commit', undefined],
  ['pull', THROUGH],
  ['byPerson', { ...THROUGH, merge: 'by-person' }],
])('goes back by %s, when it is not well', async (rule, through) => {
  const { world, orders, push } = await aScene(rules[rule])
  world.health.set(aDigest(2), { state: 'failed', reason: 'CrashLoopBackOff', detail: 'exit 1' })
  await push('1.2.0', 2)
  expect(orders.map((order) => order.through)).toEqual([through])
  expect(world.at('prod').image).toBe(image('1.1.0', 1))
})

it.each<[keyof typeof rules, object | undefined]>([
  ['none', undefined],
  ['pull', THROUGH],
  ['byPerson', { ...THROUGH, merge: 'by-person' }],
])('goes back by %s, when a person says so: no code owner is waited for', async (rule, through) => {
  const { world, orders, push } = await aScene(rules[rule])
  await push('1.2.0', 2)
  const pulls = world.pulls.length
  await advance(lineId('payments'), { kind: 'rollback', stage: 'prod', by: 'ann', reason: 'slow' }, world.ports)
  await world.pass(60_000)
  expect(orders.map((order) => order.through)).toEqual([through])
  expect([world.at('prod').image, world.pulls.length]).toEqual([image('1.1.0', 1), pulls])
  expect((await world.stage('prod')).refused).toMatchObject([{ candidate: aDigest(2), by: 'ann' }])
})
