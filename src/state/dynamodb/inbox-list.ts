/** Looking into the inbox: what waits, what came, what is old. */

import type { InboxRow, InboxState } from '../../domain/walk.ts'
import type { Inbox } from '../inbox.ts'
import { boundedRows } from '../page.ts'
import { text, textOf, type Item } from './dynamo.ts'
import { placeOf, readTurn } from './event-item.ts'
import { readEvent } from './event-row.ts'
import { END, itemKey, padded, LANE_NAMES } from './item-key.ts'
import type { DynamoStore } from './store.ts'
import { eachOf, itemsOf, merged, takeFrom } from './stream.ts'

/** Of more than so many that wait, the list shows those that are due first. */
const WAITING_LISTED_MAX = 10_000
const AT_ONCE_MAX = 100

type Lists = Pick<Inbox, 'get' | 'list' | 'depth' | 'nextDue' | 'prune'>

/** Keys of what waits and is due before the instant (null: ever), longest due first. */
export function nextWaiting(store: DynamoStore, before: number | null, first: number): AsyncGenerator<Item> {
  const below = before === null ? END : padded(before)
  return merged(
    LANE_NAMES.map((lane) => itemsOf(store.dynamo, { ...waitingIn(store, lane, below), first })),
    'turn',
  )
}

export function createInboxLists(store: DynamoStore, read: (item: Item) => Promise<InboxRow | null>): Lists {
  const { dynamo, tables } = store
  const TableName = tables.inbox

  /** By when they came; `below` is a place. */
  function received(below: string, newestFirst: boolean): AsyncGenerator<Item> {
    const values = (lane: string) => ({ ':lane': text(lane), ':below': text(below) })
    const streams = LANE_NAMES.map((lane) =>
      itemsOf(dynamo, {
        TableName,
        IndexName: 'received',
        KeyConditionExpression: 'lane = :lane AND place < :below',
        ExpressionAttributeValues: values(lane),
        newestFirst,
        first: AT_ONCE_MAX,
      }),
    )
    return merged(streams, 'place', { newestFirst })
  }

  async function* waiting(below: string): AsyncGenerator<Item> {
    const items = await takeFrom(nextWaiting(store, null, WAITING_LISTED_MAX), WAITING_LISTED_MAX)
    const placed = items.map((item) => ({
      item,
      place: placeOf(readTurn(textOf(item, 'turn')).received, textOf(item, 'id')),
    }))
    const older = placed.filter(({ place }) => place < below).toSorted((a, b) => (a.place < b.place ? 1 : -1))
    for (const { item } of older) yield item
  }

  function keysOf(state: InboxState | undefined, below: string): AsyncGenerator<Item> {
    if (state === 'waiting') return waiting(below)
    if (state !== 'dead') return received(below, true)
    return itemsOf(dynamo, {
      TableName,
      IndexName: 'dead',
      KeyConditionExpression: 'dead = :dead AND place < :below',
      ExpressionAttributeValues: { ':dead': text('dead'), ':below': text(below) },
      newestFirst: true,
      first: AT_ONCE_MAX,
    })
  }

  async function load(keys: readonly Item[]): Promise<readonly InboxRow[]> {
    const ids = keys.map((key) => textOf(key, 'id'))
    const wanted = ids.map((id) => ({ id: text(id) }))
    const items = new Map((await dynamo.getAll(TableName, wanted)).map((item) => [textOf(item, 'id'), item]))
    const there = ids.map((id) => items.get(id)).filter((item) => item !== undefined)
    const rows = await Promise.all(there.map(read))
    return rows.filter((row) => row !== null)
  }

  async function countIn(lane: string): Promise<number> {
    let count = 0
    for (let start = {}, isMore = true; isMore;) {
      const page = await dynamo.query({ ...waitingIn(store, lane, END), ...start, Select: 'COUNT' })
      count += page.count
      isMore = page.next !== null
      if (page.next !== null) start = { ExclusiveStartKey: page.next }
    }
    return count
  }

  return {
    async get(id) {
      const item = await dynamo.get(TableName, { id: text(await itemKey(id)) })
      if (item === null) return null
      const row = await readEvent(item)
      if (row.ok) return row.value
      throw new Error(`The stored event ${JSON.stringify(id)} cannot be read and is left as it is: ${row.error}`)
    },
    async list({ state, before, limit }) {
      const size = boundedRows(limit)
      const newer = before === undefined ? null : await dynamo.get(TableName, { id: text(await itemKey(before)) })
      if (before !== undefined && newer === null) return []
      const keys = keysOf(state, newer === null ? END : textOf(newer, 'place'))
      const rows: InboxRow[] = []
      while (rows.length < size) {
        const some = await takeFrom(keys, Math.min(size - rows.length, AT_ONCE_MAX))
        if (some.length === 0) break
        rows.push(...(await load(some)).filter((row) => state === undefined || row.state === state))
      }
      return rows
    },
    async depth() {
      return (await Promise.all(LANE_NAMES.map(countIn))).reduce((sum, count) => sum + count, 0)
    },
    async nextDue() {
      const [next] = await takeFrom(nextWaiting(store, null, 1), 1)
      return next === undefined ? null : readTurn(textOf(next, 'turn')).due
    },
    async prune(before) {
      const old = received(padded(before), false)
      for (let pruned = 0; ;) {
        const some = await takeFrom(old, AT_ONCE_MAX)
        if (some.length === 0) return pruned
        const removed = await eachOf(some, (item) =>
          dynamo.delete({
            TableName,
            Key: { id: item['id'] ?? text('') },
            // One that another has removed has no state, which is no `waiting` either.
            ConditionExpression: 'attribute_exists(id) AND #state <> :waiting',
            ExpressionAttributeNames: { '#state': 'state' },
            ExpressionAttributeValues: { ':waiting': text('waiting') },
          }),
        )
        pruned += removed.filter(Boolean).length
      }
    },
  }
}

function waitingIn({ tables }: DynamoStore, lane: string, below: string) {
  return {
    TableName: tables.inbox,
    IndexName: 'waiting',
    KeyConditionExpression: 'waits = :lane AND turn < :below',
    ExpressionAttributeValues: { ':lane': text(lane), ':below': text(below) },
  }
}
