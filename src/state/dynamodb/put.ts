/** DynamoDB for a function that only writes new items: one signed call each, where AWS's own client would be most of the start. */

import type { AwsCall } from '../../clients/aws/call.ts'
import { RetryLater } from '../../domain/retry.ts'
import type { Dynamo, Item } from './dynamo.ts'

export function createDynamoPut(call: AwsCall): Pick<Dynamo, 'put'> {
  return {
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

function base64(bytes: Uint8Array): string {
  return btoa([...bytes].map((byte) => String.fromCharCode(byte)).join(''))
}
