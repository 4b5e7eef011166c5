/** How an event of the inbox ends, or waits again: read, changed, and swapped where nobody else changed it. */

import type { WalkStep } from '../../domain/walk.ts'
import type { Inbox, Settlement } from '../inbox.ts'
import { readWalkText, walkText } from '../stored.ts'
import { compressed, ITEM_BYTES_MAX, readBody, sizeOf } from './body.ts'
import { number, numberOf, text, textOf, type Item, type Value } from './dynamo.ts'
import { readTurn, turnOf } from './event-item.ts'
import { itemKey } from './item-key.ts'
import { expiry, type DynamoStore } from './store.ts'

/** Of the few who work on the same event. */
const CONFLICTS_MAX = 50
/** Leaves room for the event itself. */
const WALK_BYTES_MAX = ITEM_BYTES_MAX / 2

type Change = {
  readonly set: Readonly<Record<string, Value>>
  readonly remove: readonly string[]
}

export function createSettling({ dynamo, tables, eventDays }: DynamoStore): Pick<Inbox, 'settle' | 'reopen'> {
  /** False where there is nothing to change. */
  async function swap(id: string, changeOf: (item: Item) => Promise<Change | null>): Promise<boolean> {
    const Key = { id: text(await itemKey(id)) }
    for (let conflicts = 0; conflicts < CONFLICTS_MAX; conflicts += 1) {
      const item = await dynamo.get(tables.inbox, Key)
      const change = item === null ? null : await changeOf(item)
      if (item === null || change === null) return false
      const changes = numberOf(item, 'changes')
      const set = Object.entries({ ...change.set, changes: number(changes + 1) })
      const updated = await dynamo.update({
        TableName: tables.inbox,
        Key,
        UpdateExpression: `SET ${set.map(([name]) => `#${name} = :${name}`).join(', ')} REMOVE ${change.remove.join(', ')}`,
        ConditionExpression: '#changes = :seen',
        ExpressionAttributeNames: Object.fromEntries(set.map(([name]) => [`#${name}`, name])),
        ExpressionAttributeValues: {
          ...Object.fromEntries(set.map(([name, value]) => [`:${name}`, value])),
          ':seen': number(changes),
        },
      })
      if (updated !== null) return true
    }
    throw new Error(
      `The event ${JSON.stringify(id.slice(0, 200))} was changed by others ${CONFLICTS_MAX} times in a row`,
    )
  }

  return {
    async settle(id, settlement, walk, now) {
      await swap(id, async (item) => {
        if (textOf(item, 'state') !== 'waiting') return null
        return ending(item, settlement, await longer(item, walk), expiry(now, eventDays))
      })
    },
    reopen: (id, note, now) =>
      swap(id, async (item) => {
        if (textOf(item, 'state') === 'waiting') return null
        const turn = text(turnOf({ due: now, received: numberOf(item, 'received'), order: '' }))
        const waiting = { state: text('waiting'), waits: item['lane'] ?? text(''), turn, attempts: number(0) }
        return { set: { ...waiting, walk: await longer(item, [note]) }, remove: ['lease', 'dead', 'expires'] }
      }),
  }
}

function ending(item: Item, settlement: Settlement, walk: Value, expires: number): Change {
  if (settlement.state === 'retry') {
    const turn = turnOf({ ...readTurn(textOf(item, 'turn')), due: settlement.at })
    return { set: { walk, turn: text(turn) }, remove: ['lease'] }
  }
  const dead = settlement.state === 'dead' ? { dead: text('dead') } : {}
  const set = { state: text(settlement.state), walk, expires: number(expires), ...dead }
  return { set, remove: ['lease', 'waits', 'turn'] }
}

/** Cut to what an item has room for: a walk that were refused would keep its event from ever being settled. */
async function longer(item: Item, steps: readonly WalkStep[]): Promise<Value> {
  let walk = [...readWalkText(await readBody(item, 'walk')), ...steps]
  for (;;) {
    const value = await compressed(walkText(walk))
    if (sizeOf(value) <= WALK_BYTES_MAX || walk.length <= 1) return value
    walk = walk.slice(Math.ceil(walk.length / 2))
  }
}
