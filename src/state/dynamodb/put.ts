/** DynamoDB for a function that writes new items and reads single ones: one signed call each, where AWS's own client would be most of the start. */

import type { AwsCall } from '../../clients/aws/call.ts'
import * as z from 'zod'
import { RetryLater } from '../../domain/retry.ts'
import type { Dynamo, Item, Value } from './dynamo.ts'

const Got = z.object({ Item: z.record(z.string(), z.record(z.string(), z.unknown())).optional() })

export function createDynamoPut(call: AwsCall): Pick<Dynamo, 'put' | 'get'> {
  return {
    async get(TableName, key) {
      const got = await call('GetItem', { TableName, Key: wireOf(key), ConsistentRead: true })
      if (!got.ok) throw new RetryLater(`DynamoDB refuses: ${got.error.code}`)
      const item = Got.parse(got.value).Item
      return item === undefined
        ? null
        : Object.fromEntries(Object.entries(item).map(([name, value]) => [name, valueOf(value)]))
    },
    async put({ Item, ...input }) {
      const sent = await call('PutItem', { ...input, Item: wireOf(Item) })
      if (sent.ok) return true
      if (sent.error.code === 'ConditionalCheckFailedException') return false
      throw new RetryLater(`DynamoDB refuses: ${sent.error.code}`)
    },
  }
}

/** Bytes travel as base64. */
function wireOf(item: Item): object {
  const values = Object.entries(item).map(([name, value]) => [name, 'B' in value ? { B: base64(value.B) } : value])
  return Object.fromEntries(values)
}

function valueOf({ S, N, B }: Readonly<Record<string, unknown>>): Value {
  if (typeof S === 'string') return { S }
  if (typeof N === 'string') return { N }
  return { B: Uint8Array.from(atob(typeof B === 'string' ? B : ''), (character) => character.charCodeAt(0)) }
}

function base64(bytes: Uint8Array): string {
  return btoa([...bytes].map((byte) => String.fromCharCode(byte)).join(''))
}
