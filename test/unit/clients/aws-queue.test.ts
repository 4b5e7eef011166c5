/** What SQS takes: ten messages and 256 KiB in one call, a delay of fifteen minutes. */

import { expect, it } from 'vitest'
import { createQueue } from '../../../src/clients/aws/queue.ts'
import { ok } from '../../../src/domain/result.ts'

type Sent = {
  readonly Entries: readonly { readonly Id: string; readonly MessageBody: string; readonly DelaySeconds: number }[]
}

function aQueue(failing: readonly string[] = []) {
  const calls: Sent[] = []
  let left = [...failing]
  const queue = createQueue(async (_operation, input) => {
    const sent = input as Sent
    calls.push(sent)
    const Failed = sent.Entries.filter(({ MessageBody }) => left.includes(MessageBody)).map(({ Id }) => ({ Id }))
    left = []
    return ok({ Failed })
  }, 'https://sqs.example.com/q')
  return { queue, calls }
}

it.each([
  [1, [1]],
  [9, [9]],
  [10, [10]],
  [11, [10, 1]],
  [300, Array.from({ length: 30 }, () => 10)],
])('sends %i messages in calls of %j', async (count, sizes) => {
  const { queue, calls } = aQueue()
  await queue.send(Array.from({ length: count }, (_, n) => ({ body: `m${n}` })))
  expect(calls.map(({ Entries }) => Entries.length)).toEqual(sizes)
  expect(new Set(calls.flatMap(({ Entries }) => Entries.map(({ MessageBody }) => MessageBody))).size).toBe(count)
})

it.each([
  [-1, 0],
  [0, 0],
  [0.2, 1],
  [899, 899],
  [900, 900],
  [901, 900],
  [86_400, 900],
])('a delay of %d seconds is one of %i', async (delaySeconds, expected) => {
  const { queue, calls } = aQueue()
  await queue.send([{ body: 'm', delaySeconds }])
  expect(calls[0]?.Entries[0]?.DelaySeconds).toBe(expected)
})

it('takes a message of 16 KiB, ten of which fit into one call, and refuses a larger one before it sends', async () => {
  const { queue, calls } = aQueue()
  const body = 'x'.repeat(16 * 1024)
  await queue.send(Array.from({ length: 10 }, () => ({ body })))
  expect(calls).toHaveLength(1)
  expect(JSON.stringify(calls[0]?.Entries.map(({ MessageBody }) => MessageBody)).length).toBeLessThan(256 * 1024)
  await expect(queue.send([{ body: `${body}x` }])).rejects.toThrow(/16385 bytes was refused/u)
  expect(calls).toHaveLength(1)
})

it('sends again what was not taken, and that alone', async () => {
  const { queue, calls } = aQueue(['b'])
  await queue.send([{ body: 'a' }, { body: 'b' }])
  expect(calls.map(({ Entries }) => Entries.map(({ MessageBody }) => MessageBody))).toEqual([['a', 'b'], ['b']])
})
