/** Which index answers a question about history, read newest first. What the index does not know is judged by the caller. */

import type { JournalQuery } from '../journal.ts'
import { key } from '../key.ts'
import type { Place } from '../page.ts'
import { text, type Item, type Value } from './dynamo.ts'
import { BREAK, END, itemKey, padded, LANE_NAMES } from './item-key.ts'
import type { Repositories } from './repositories.ts'
import type { DynamoStore } from './store.ts'
import { itemsOf, merged, type Budget, type Range } from './stream.ts'

/** More repositories than this are read faster by going through everything. */
const REPOSITORIES_MAX = 32

/** `whole`: the items themselves, else their keys. */
export type Source = { readonly items: AsyncGenerator<Item>; readonly whole: boolean }

type Asked = {
  readonly query: JournalQuery
  readonly place: Place | undefined
  readonly budget: Budget
  readonly repositories: Repositories
}

/** The narrowest one. */
export async function sourceOf(store: DynamoStore, { query, place, budget, repositories }: Asked): Promise<Source> {
  const { document, promotion, cause, image } = query
  const { dynamo, tables } = store
  const first = query.limit + 1
  const range = (partition: string, value: Value, order: string, below: string): Range => ({
    TableName: tables.journal,
    KeyConditionExpression: `${partition} = :partition AND ${order} < :below`,
    ExpressionAttributeValues: { ':partition': value, ':below': text(below) },
    newestFirst: true,
    first,
  })
  if (document !== undefined) {
    const below = place === undefined ? END : padded(place.seq)
    const whole = range('document', text(await itemKey(document)), 'seq', below)
    return { items: itemsOf(dynamo, whole, budget), whole: true }
  }
  const below = place === undefined ? END : await placeKey(place)
  const along = async (IndexName: string, partitions: readonly string[], attribute = IndexName): Promise<Source> => {
    const ranges = partitions.map((partition) => {
      const plain = { ...range(attribute, text(partition), 'place', below), IndexName }
      return image === undefined || IndexName === 'promotion' || IndexName === 'cause' ? plain : about(plain, image)
    })
    const streams = ranges.map((one) => itemsOf(dynamo, one, budget))
    return { items: merged(streams, 'place', { newestFirst: true }), whole: false }
  }
  if (promotion !== undefined) return along('promotion', [await itemKey(promotion)])
  if (cause !== undefined) return along('cause', [await itemKey(cause)])
  const named = image === undefined ? null : await repositories.having(image)
  if (named === null || named.length > REPOSITORIES_MAX) return along('time', LANE_NAMES, 'lane')
  return along('repository', await Promise.all(named.map(itemKey)))
}

/** Newest last: by instant, then document, then number. */
export async function placeKey({ at, document, seq }: Place): Promise<string> {
  return `${padded(at)}${BREAK}${await itemKey(document)}${BREAK}${padded(seq)}`
}

function about(range: Range, image: string): Range {
  if (image === '') return { ...range, FilterExpression: 'attribute_exists(image)' }
  return {
    ...range,
    FilterExpression: 'contains(image, :image)',
    ExpressionAttributeValues: { ...range.ExpressionAttributeValues, ':image': text(key(image)) },
  }
}
