/** Queries read page by page, and several of them merged into one order: what an index in lanes is read with. */

import type { Dynamo, Item, Query } from './dynamo.ts'
import { textOf } from './dynamo.ts'

/** Keys and a few short attributes: a page of so many is far below the 1 MB of one answer. */
const PAGE_ITEMS_MAX = 500
const CONCURRENCY_MAX = 16

export type Range = Pick<Query, 'TableName' | 'KeyConditionExpression' | 'ExpressionAttributeValues'> &
  Partial<Pick<Query, 'IndexName' | 'FilterExpression' | 'ExpressionAttributeNames'>> & {
    readonly newestFirst?: boolean
    /** How many are wanted at first sight. */
    readonly first: number
  }

/** How many pages may still be read, over all streams: what bounds a search that finds nothing. */
export type Budget = { pages: number }

/** Where a stream stopped because the budget was used up: it comes in its place among the items. */
export function isStop(item: Item): boolean {
  return 'stop' in item
}

/** Everything in the range, one page ahead at most. */
export async function* itemsOf(dynamo: Dynamo, range: Range, budget?: Budget): AsyncGenerator<Item> {
  const { newestFirst = false, first, ...query } = range
  let limit = Math.max(1, Math.min(first, PAGE_ITEMS_MAX))
  // What is filtered out counts for the limit, so a search reads pages as large as they come.
  const bound = () => (query.FilterExpression === undefined ? { Limit: limit } : {})
  for (let next: Query['ExclusiveStartKey'] | null; next !== null; limit = PAGE_ITEMS_MAX) {
    if (next !== undefined && budget !== undefined && budget.pages <= 0) yield { ...next, stop: { S: 'stop' } }
    if (budget !== undefined && budget.pages <= 0) return
    if (budget !== undefined) budget.pages -= 1
    const start = next === undefined ? {} : { ExclusiveStartKey: next }
    const page = await dynamo.query({ ...query, ...start, ...bound(), ScanIndexForward: !newestFirst })
    yield* page.items
    next = page.next
  }
}

/** All streams as one, by the text attribute that each of them is ordered by. */
export async function* merged(
  streams: readonly AsyncGenerator<Item>[],
  attribute: string,
  { newestFirst = false } = {},
): AsyncGenerator<Item> {
  const heads = await Promise.all(streams.map(headOf))
  for (;;) {
    const best = heads
      .filter((head) => head !== null)
      .reduce<Head | null>((least, head) => (least === null || isBefore(head, least) ? head : least), null)
    if (best === null) return
    yield best.item
    heads[heads.indexOf(best)] = await headOf(best.stream)
  }

  function isBefore(a: Head, b: Head): boolean {
    const [x, y] = [textOf(a.item, attribute), textOf(b.item, attribute)]
    return newestFirst ? x > y : x < y
  }
}

type Head = { readonly item: Item; readonly stream: AsyncGenerator<Item> }

async function headOf(stream: AsyncGenerator<Item>): Promise<Head | null> {
  const { value, done } = await stream.next()
  return done === true ? null : { item: value, stream }
}

/** The next ones. The stream stays open: what comes after can be taken too. */
export async function takeFrom<T>(stream: AsyncGenerator<T>, count: number): Promise<T[]> {
  const taken: T[] = []
  while (taken.length < count) {
    const { value, done } = await stream.next()
    if (done === true) break
    taken.push(value)
  }
  return taken
}

/** Each, a few at once; the results in their order. A slow one holds up no other: what is throttled waits half a second. */
export async function eachOf<T, U>(values: readonly T[], work: (value: T, index: number) => Promise<U>): Promise<U[]> {
  const results: U[] = []
  const left = [...values.entries()]
  const workers = Array.from({ length: CONCURRENCY_MAX }, async () => {
    for (let entry = left.shift(); entry !== undefined; entry = left.shift()) {
      const [index, value] = entry
      try {
        results[index] = await work(value, index)
      } catch (error) {
        // None begins any more whose end nobody waits for.
        left.length = 0
        throw error
      }
    }
  })
  await Promise.all(workers)
  return results
}
