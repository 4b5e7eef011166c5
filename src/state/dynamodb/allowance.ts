/** How many events of a receiver were taken in this minute, counted once for all instances of a function: one atomic write each. */

import * as z from 'zod'
import type { AwsCall } from '../../clients/aws/call.ts'
import { RetryLater } from '../../domain/retry.ts'
import { number, text } from './dynamo.ts'

/** Items beside the events, in none of their indexes. The webhook's role may change these alone. */
const PREFIX = 'allowance/'
const MINUTE_MS = 60_000
/** Counters are thrown away by the table, some time after. */
const KEPT_MS = 60 * MINUTE_MS

const Counted = z.object({ Attributes: z.object({ taken: z.object({ N: z.string() }) }) })

export type CounterOptions = {
  readonly call: AwsCall
  readonly table: string
  readonly perMinuteOf: (source: string) => number
  readonly now: () => number
}

/** By the clock's minutes: of two that touch, each may be used up. Zero: taken; else the milliseconds until the next one. */
export function createDynamoAllowance({ call, table, perMinuteOf, now }: CounterOptions) {
  return async (source: string, events: number): Promise<number> => {
    const at = now()
    const minute = Math.floor(at / MINUTE_MS)
    const sent = await call('UpdateItem', {
      TableName: table,
      Key: { id: text(`${PREFIX}${source}/${minute}`) },
      UpdateExpression: 'ADD taken :events SET expires = :expires',
      ExpressionAttributeValues: {
        ':events': number(events),
        ':expires': number(Math.ceil((at + KEPT_MS) / 1_000)),
      },
      ReturnValues: 'UPDATED_NEW',
    })
    if (!sent.ok) throw new RetryLater(`DynamoDB refuses: ${sent.error.code}`)
    const taken = Number(Counted.parse(sent.value).Attributes.taken.N)
    return taken - events < perMinuteOf(source) ? 0 : (minute + 1) * MINUTE_MS - at
  }
}
