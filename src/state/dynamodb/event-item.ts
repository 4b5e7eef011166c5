/** An event as an item of the inbox. Shared with the webhook's function, which writes such items and loads nothing else of the store. */

import type { AcceptedEvent } from '../../domain/event.ts'
import { eventText } from '../event-text.ts'
import { compressed } from './body.ts'
import { number, text, type Dynamo, type Item } from './dynamo.ts'
import { BREAK, itemKey, nameOf, padded, laneOf } from './item-key.ts'
import { eachOf } from './stream.ts'

const ORDER_DIGITS = 6

/** When it may be claimed, and among equals in the order of arrival. */
export function turnOf({ due, received, order }: Turn): string {
  return `${padded(due)}${BREAK}${padded(received)}${BREAK}${order}`
}

export type Turn = { readonly due: number; readonly received: number; readonly order: string }

export function readTurn(turn: string): Turn {
  const [due, received, order = ''] = turn.split(BREAK)
  return { due: Number(due), received: Number(received), order }
}

/** Each is written where it is not there yet. All are checked before the first is sent. */
export async function putEvents(
  dynamo: Pick<Dynamo, 'put'>,
  table: string,
  events: readonly AcceptedEvent[],
): Promise<readonly ('stored' | 'duplicate')[]> {
  const texts = events.map(eventText)
  const isFirst = events.map(({ id }, index) => events.findIndex((other) => other.id === id) === index)
  return eachOf(events, async (event, index) => {
    if (isFirst[index] !== true) return 'duplicate'
    const Item = await newItem(event, texts[index] ?? '', index)
    const stored = await dynamo.put({ TableName: table, Item, ConditionExpression: 'attribute_not_exists(id)' })
    return stored ? 'stored' : 'duplicate'
  })
}

async function newItem(event: AcceptedEvent, accepted: string, index: number): Promise<Item> {
  const id = await itemKey(event.id)
  const lane = text(laneOf(id))
  const order = String(index).padStart(ORDER_DIGITS, '0')
  return {
    id: text(id),
    name: text(nameOf(event.id)),
    state: text('waiting'),
    received: number(event.receivedAt),
    lane,
    place: text(placeOf(event.receivedAt, id)),
    waits: lane,
    turn: text(turnOf({ due: event.receivedAt, received: event.receivedAt, order })),
    attempts: number(0),
    changes: number(0),
    accepted: await compressed(accepted),
    walk: text('[]'),
  }
}

/** Newest last, equals by id. */
export function placeOf(received: number, id: string): string {
  return `${padded(received)}${BREAK}${id}`
}
