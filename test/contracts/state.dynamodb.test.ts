/** DynamoDB does what every store does: the real client of AWS, an emulator behind it, also where some calls are throttled. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createDynamoState } from '../../src/state/dynamodb.ts'
import type { Tables } from '../../src/state/dynamodb/dynamo.ts'
import { createDynamo } from '../../src/state/dynamodb/sdk.ts'
import { aLine, NOW } from '../helpers/build.ts'
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

describe('an answer that is lost', () => {
  let store: Awaited<ReturnType<typeof openAt>>['state']
  beforeEach(async () => {
    busy.refuse(0)
    store = (await openAt(busy.url)).state
  })

  it.each([0, 1])('does not make a conflict of what was saved over version %i', async (version) => {
    if (version === 1) await store.documents.save(aLine(), 0, NOW)
    const { lost } = busy.counts
    busy.lose(1)
    expect(await store.documents.save(aLine({ fence: 7 }), version, NOW)).toBe('saved')
    expect(busy.counts.lost).toBe(lost + 1)
    expect(await store.documents.load('line/payments')).toMatchObject({ version: version + 1, document: { fence: 7 } })
  })

  it('lets one of many creators win, whosever answers are lost', async () => {
    busy.lose(6)
    const outcomes = await Promise.all(
      Array.from({ length: 16 }, (_, fence) => store.documents.save(aLine({ fence }), 0, NOW)),
    )
    expect(outcomes.filter((outcome) => outcome === 'saved')).toHaveLength(1)
    expect((await store.documents.load('line/payments'))?.document.fence).toBe(outcomes.indexOf('saved'))
  })
})

it('is throttled where the cases say so', async () => {
  busy.refuse(REFUSED_PERCENT)
  const { state } = await openAt(busy.url)
  const { refused } = busy.counts
  await Promise.all(Array.from({ length: 200 }, (_, n) => state.documents.load(`line/${n}`)))
  expect(busy.counts.refused).toBeGreaterThan(refused)
})
