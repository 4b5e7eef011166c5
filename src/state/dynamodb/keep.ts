/** Kept texts in DynamoDB: items beside the documents, in none of their indexes. */

import type { Keep } from '../keep.ts'
import { bodyOf, readBody } from './body.ts'
import { number, numberOf, text, type Dynamo } from './dynamo.ts'

/** Documents' keys begin with `=`. The role of the webhook may read these alone. */
const PREFIX = 'kept/'

export function createDynamoKeep(dynamo: Pick<Dynamo, 'get' | 'put'>, TableName: string): Keep {
  const keyOf = (name: string): string => `${PREFIX}${name}`
  return {
    async load(name) {
      const item = await dynamo.get(TableName, { id: text(keyOf(name)) })
      return item === null ? null : { text: await readBody(item, 'body'), version: numberOf(item, 'version') }
    },
    async save(name, value, wasVersion) {
      const body = await bodyOf(name, value)
      const saved = await dynamo.put({
        TableName,
        Item: { id: text(keyOf(name)), version: number(wasVersion + 1), body },
        ...(wasVersion === 0
          ? { ConditionExpression: 'attribute_not_exists(id)' }
          : { ConditionExpression: 'version = :was', ExpressionAttributeValues: { ':was': number(wasVersion) } }),
      })
      return saved ? 'saved' : 'conflict'
    },
  }
}
