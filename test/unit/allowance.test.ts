import { describe, expect, it } from 'vitest'
import { createBuckets, createSharedAllowance, perMinuteBy } from '../../src/allowance.ts'
import type { AwsCall } from '../../src/clients/aws/call.ts'
import { err, ok } from '../../src/domain/result.ts'
import { createDynamoAllowance } from '../../src/state/dynamodb/allowance.ts'

function aBucket(perMinute: number) {
  let now = 1_000
  const take = createBuckets({ perMinuteOf: () => perMinute, now: () => now })
  return { take: (events = 1, source = 'hub') => take(source, events), pass: (ms: number) => (now += ms) }
}

describe('a bucket', () => {
  it.each([1, 60, 600])('gives %i events in a first minute, and then says when the next one', async (perMinute) => {
    const { take, pass } = aBucket(perMinute)
    for (let taken = 0; taken < perMinute; taken += 1) expect(await take()).toBe(0)
    const waitMs = await take()
    expect(waitMs).toBe(Math.ceil(60_000 / perMinute))
    pass(waitMs - 2)
    expect(await take()).toBeGreaterThan(0)
    pass(3)
    expect(await take()).toBe(0)
  })

  it('is never fuller than a minute’s worth', async () => {
    const { take, pass } = aBucket(10)
    pass(3_600_000)
    for (let taken = 0; taken < 10; taken += 1) expect(await take()).toBe(0)
    expect(await take()).toBeGreaterThan(0)
  })

  it('takes a body of more events than it holds, which is owed for a minute at most', async () => {
    const { take, pass } = aBucket(60)
    expect(await take(500)).toBe(0)
    expect(await take()).toBe(61_000)
    pass(61_000)
    expect(await take()).toBe(0)
  })

  it('is one for each registry', async () => {
    const { take } = aBucket(1)
    expect(await take(1, 'hub')).toBe(0)
    expect(await take(1, 'hub')).toBeGreaterThan(0)
    expect(await take(1, 'ghcr')).toBe(0)
  })

  it('gives what costs nothing although it is empty', async () => {
    const { take } = aBucket(1)
    await take()
    expect(await take(0)).toBe(0)
  })

  it('holds as the clock goes back', async () => {
    const { take, pass } = aBucket(1)
    await take()
    pass(-500)
    expect(await take()).toBe(60_000)
  })

  it('is as large as the configuration says', () => {
    const registry = { host: null, insecure: false }
    const perMinuteOf = perMinuteBy({ hub: { ...registry, eventsPerMinute: 7 }, other: registry })
    expect([perMinuteOf('hub'), perMinuteOf('other'), perMinuteOf('gone')]).toEqual([7, 600, 600])
  })
})

describe('an allowance of many instances', () => {
  const silent = { warn: () => {} }

  it('asks the shared one only where its own has room', async () => {
    let asked = 0
    const shared = async (): Promise<number> => {
      asked += 1
      return 0
    }
    const own = createBuckets({ perMinuteOf: () => 1, now: () => 0 })
    const take = createSharedAllowance(own, shared, silent)
    expect([await take('hub', 1), (await take('hub', 1)) > 0, asked]).toEqual([0, true, 1])
  })

  it('says what the shared one says', async () => {
    expect(
      await createSharedAllowance(
        async () => 0,
        async () => 5_000,
        silent,
      )('hub', 1),
    ).toBe(5_000)
  })

  it('takes events where the shared one does not answer, and says so', async () => {
    const warned: unknown[] = []
    const shared = () => Promise.reject(new Error('throttled'))
    const take = createSharedAllowance(async () => 0, shared, { warn: (...told) => void warned.push(told) })
    expect(await take('hub', 1)).toBe(0)
    expect(warned).toEqual([['allowance unknown', { source: 'hub', detail: 'throttled' }]])
  })
})

describe('the counter in DynamoDB', () => {
  /** What `ADD` and `UPDATED_NEW` do. */
  function aTable() {
    const counts = new Map<string, number>()
    const call: AwsCall = async (operation, input) => {
      const { Key, ExpressionAttributeValues } = input as {
        Key: { id: { S: string } }
        ExpressionAttributeValues: Record<string, { N: string }>
      }
      const taken = (counts.get(Key.id.S) ?? 0) + Number(ExpressionAttributeValues[':events']?.N)
      counts.set(Key.id.S, taken)
      return operation === 'UpdateItem' ? ok({ Attributes: { taken: { N: String(taken) } } }) : err({ code: 'Other' })
    }
    return { counts, call }
  }

  it('is one for all instances, and starts anew each minute', async () => {
    const { counts, call } = aTable()
    let now = 120_000
    const options = { call, table: 'inbox', perMinuteOf: () => 3, now: () => now }
    const [one, two] = [createDynamoAllowance(options), createDynamoAllowance(options)]
    expect([await one('hub', 1), await two('hub', 1), await one('hub', 5), await two('hub', 1)]).toEqual([
      0, 0, 0, 60_000,
    ])
    expect(await one('other', 1)).toBe(0)
    now += 60_000
    expect(await two('hub', 1)).toBe(0)
    expect([...counts.keys()]).toEqual(['allowance/hub/2', 'allowance/other/2', 'allowance/hub/3'])
  })

  it('throws where DynamoDB refuses', async () => {
    const call: AwsCall = async () => err({ code: 'ResourceNotFoundException' })
    const take = createDynamoAllowance({ call, table: 'inbox', perMinuteOf: () => 3, now: () => 0 })
    await expect(take('hub', 1)).rejects.toThrow('ResourceNotFoundException')
  })
})
