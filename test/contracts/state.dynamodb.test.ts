/** DynamoDB does what every store does: the real client of AWS, an emulator behind it. */

import { afterAll, beforeAll } from 'vitest'
import { createDynamoState } from '../../src/state/dynamodb.ts'
import { createDynamo } from '../../src/state/dynamodb/sdk.ts'
import { AWS_ENV, startDynalite, type Dynalite } from '../helpers/dynalite.ts'
import { describeState } from './state.contract.ts'

let dynalite: Dynalite
beforeAll(async () => {
  Object.assign(process.env, AWS_ENV)
  dynalite = await startDynalite()
})
afterAll(() => dynalite.close())

describeState('DynamoDB', async () => {
  const tables = await dynalite.createTables()
  return { state: createDynamoState({ dynamo: createDynamo({ endpoint: dynalite.url }), tables }), close: () => {} }
})
