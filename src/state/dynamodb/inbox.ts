/** The inbox in DynamoDB: one item for each accepted event. `turn` says when it may be claimed, `lease` until when somebody has it. */

import type { InboxRow } from '../../domain/walk.ts'
import type { Inbox } from '../inbox.ts'
import { boundedRows } from '../page.ts'
import { number, text, textOf, type Item } from './dynamo.ts'
import { putEvents, readTurn, turnOf } from './event-item.ts'
import { readEvent } from './event-row.ts'
import { createInboxLists, nextWaiting } from './inbox-list.ts'
import { createSettling } from './inbox-settle.ts'
import { idOfItemKey, idOfName, isShortened, itemKey } from './item-key.ts'
import type { DynamoStore } from './store.ts'
import { eachOf, takeFrom } from './stream.ts'

/** A row that cannot be read steps back for so long, out of the way of the others, and is tried again: an upgrade may have cured it. */
const DAMAGED_RETRY_MS = 3_600_000
const CLAIMS_AT_ONCE_MAX = 10

export type DynamoInbox = Inbox & {
  /** Claims this one where it waits and nobody has it: for a message that names it. When it is due is not asked. */
  take(id: string, leaseMs: number, now: number): Promise<InboxRow | null>
  /** Those that wait and were due by then, longest first. Nothing is claimed. */
  overdue(now: number, limit: number): Promise<readonly string[]>
}

type Lease = { readonly until: number; readonly now: number; readonly seen?: string; readonly turn?: string }

export function createDynamoInbox(store: DynamoStore): DynamoInbox {
  const { dynamo, tables, onDamage } = store
  const TableName = tables.inbox

  async function read(item: Item): Promise<InboxRow | null> {
    const row = await readEvent(item)
    if (row.ok) return row.value
    onDamage({ place: 'event', id: idOfName(textOf(item, 'name')), detail: row.error })
    return null
  }

  /** With `seen`: only where its turn is still that, and then its turn comes again when the lease ends. */
  async function lease(key: string, { until, now, seen, turn }: Lease): Promise<InboxRow | null> {
    const isByTurn = seen !== undefined && turn !== undefined
    const item = await dynamo.update({
      TableName,
      Key: { id: text(key) },
      UpdateExpression: `SET lease = :until${isByTurn ? ', turn = :turn' : ''} ADD attempts :one`,
      ConditionExpression: `#state = :waiting AND (attribute_not_exists(lease) OR lease <= :now)${isByTurn ? ' AND turn = :seen' : ''}`,
      ExpressionAttributeNames: { '#state': 'state' },
      ExpressionAttributeValues: {
        ...(isByTurn ? { ':turn': text(turn), ':seen': text(seen) } : {}),
        ':waiting': text('waiting'),
        ':until': number(until),
        ':now': number(now),
        ':one': number(1),
      },
    })
    const row = item === null ? null : await read(item)
    if (item !== null && row === null) await stepBack(item, now)
    return row
  }

  async function leaseInTurn(item: Item, until: number, now: number): Promise<InboxRow | null> {
    const seen = textOf(item, 'turn')
    return lease(textOf(item, 'id'), { until, now, seen, turn: turnOf({ ...readTurn(seen), due: until }) })
  }

  async function stepBack(item: Item, now: number): Promise<void> {
    const turn = turnOf({ ...readTurn(textOf(item, 'turn')), due: now + DAMAGED_RETRY_MS })
    await dynamo.update({
      TableName,
      Key: { id: item['id'] ?? text('') },
      UpdateExpression: 'SET turn = :turn',
      ConditionExpression: 'turn = :seen',
      ExpressionAttributeValues: { ':turn': text(turn), ':seen': item['turn'] ?? text('') },
    })
  }

  async function idOf(stored: string): Promise<string> {
    const item = isShortened(stored) ? await dynamo.get(TableName, { id: text(stored) }) : null
    return item === null ? idOfItemKey(stored) : idOfName(textOf(item, 'name'))
  }

  return {
    ...createInboxLists(store, read),
    ...createSettling(store),
    put: (events) => putEvents(dynamo, TableName, events),
    async claim(limit, leaseMs, now) {
      const size = boundedRows(limit)
      const until = now + Math.max(1, leaseMs)
      const keys = nextWaiting(store, now + 1, size)
      const claimed: InboxRow[] = []
      while (claimed.length < size) {
        const some = await takeFrom(keys, Math.min(size - claimed.length, CLAIMS_AT_ONCE_MAX))
        if (some.length === 0) break
        const rows = await Promise.all(some.map((item) => leaseInTurn(item, until, now)))
        claimed.push(...rows.filter((row) => row !== null))
      }
      return claimed
    },
    take: async (id, leaseMs, now) => lease(await itemKey(id), { until: now + Math.max(1, leaseMs), now }),
    async overdue(now, limit) {
      const size = boundedRows(limit)
      const keys = await takeFrom(nextWaiting(store, now + 1, size), size)
      return eachOf(keys, (item) => idOf(textOf(item, 'id')))
    },
  }
}
