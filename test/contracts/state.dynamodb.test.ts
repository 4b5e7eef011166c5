/** DynamoDB does what every store does: the real client of AWS, an emulator behind it, also where some calls are throttled. */

import { afterAll, beforeAll, expect, it } from 'vitest'
import { createDynamoState } from '../../src/state/dynamodb.ts'
import type { Tables } from '../../src/state/dynamodb/dynamo.ts'
import { createDynamo } from '../../src/state/dynamodb/sdk.ts'
import { AWS_ENV, startDynalite, type Dynalite } from '../helpers/dynalite.ts'
import { throttle, type Throttled } from '../helpers/throttle.ts'
import { describeState } from './state.contract.ts'

/** Each costs half a second, and there are some twenty thousand calls. */
const REFUSED_PERCENT = 1

let dynalite: Dynalite
let busy: Throttled
beforeAll(async () => {
  Object.assign(process.env, AWS_ENV)
  dynalite = await startDynalite()
  busy = await throttle(dynalite.url)
  busy.refuse(REFUSED_PERCENT)
})
afterAll(async () => {
  await busy.close()
  await dynalite.close()
})

let tables: Tables
const stateAt = (url: string) => ({
  state: createDynamoState({ dynamo: createDynamo({ endpoint: url }), tables }),
  close: () => {},
})
const openAt = async (url: string) => {
  tables = await dynalite.createTables()
  return stateAt(url)
}

describeState('DynamoDB', () => openAt(dynalite.url), { join: async () => stateAt(dynalite.url) })
describeState('DynamoDB that throttles', () => openAt(busy.url), { join: async () => stateAt(busy.url) })

it('was throttled all the while', () => {
  expect(busy.counts.refused).toBeGreaterThan(50)
})
