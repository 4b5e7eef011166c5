/** Minutes pass: what the dead had claimed is free again. In life a lease runs out by itself; a test does not wait for it. */

import { takeOver } from '../../src/state/take-over.ts'
import { createDynamoState } from '../../src/state/dynamodb.ts'
import { text, type Tables } from '../../src/state/dynamodb/dynamo.ts'
import { createDynamo } from '../../src/state/dynamodb/sdk.ts'
import { itemKey } from '../../src/state/dynamodb/item-key.ts'

const ROWS_MAX = 1_000

export async function endLeases(endpoint: string, tables: Tables): Promise<void> {
  const dynamo = createDynamo({ endpoint })
  const { documents, inbox } = createDynamoState({ dynamo, tables })
  await takeOver(documents, Date.now())
  for (const { accepted } of await inbox.list({ state: 'waiting', limit: ROWS_MAX })) {
    await dynamo.update({
      TableName: tables.inbox,
      Key: { id: text(await itemKey(accepted.id)) },
      UpdateExpression: 'REMOVE lease',
    })
  }
}
