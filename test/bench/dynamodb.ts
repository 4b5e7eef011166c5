/** What the store on DynamoDB costs besides the calls themselves: against bare items put by the same client into the same emulator. */

import { createDynamoState } from '../../src/state/dynamodb.ts'
import { createDynamo } from '../../src/state/dynamodb/sdk.ts'
import { anAcceptedEvent } from '../helpers/build.ts'
import { AWS_ENV, startDynalite } from '../helpers/dynalite.ts'
import { type Measure, medians, rate } from './rate.ts'
import { rolloutsPerSecond } from './rollouts.ts'
import type { BenchRow } from './row.ts'
import { writersOf } from './store.ts'

const WRITERS = 64
const ROLLOUTS = 100
const BODY = JSON.stringify(anAcceptedEvent())

export async function bench(): Promise<readonly BenchRow[]> {
  Object.assign(process.env, AWS_ENV)
  const dynalite = await startDynalite()
  try {
    const tables = await dynalite.createTables()
    const dynamo = createDynamo({ endpoint: dynalite.url })
    const { put, saveOwn } = writersOf(createDynamoState({ dynamo, tables }))
    let count = 0
    const bare = (): Promise<unknown> => {
      const Item = { id: { S: `bare/${(count += 1)}` }, body: { S: BODY } }
      return dynamo.put({ TableName: tables.documents, Item, ConditionExpression: 'attribute_not_exists(id)' })
    }
    const measures = [
      { name: 'bare', perSecond: () => rate(WRITERS, bare) },
      { name: 'puts', perSecond: () => rate(WRITERS, put) },
      { name: 'saves', perSecond: () => rate(WRITERS, saveOwn) },
    ] as const satisfies readonly Measure[]
    const figures = await medians(measures)
    const place = JSON.stringify({ url: dynalite.url, tables: await dynalite.createTables() })
    const rollouts = await rolloutsPerSecond({ kind: 'dynamodb', place, processes: 1, rollouts: ROLLOUTS })
    const row = (name: string, figure: number, of: string, aim: string): BenchRow => ({
      name: `DynamoDB (emulator): ${name} : bare item`,
      ratio: figure / figures('bare'),
      aim,
      detail: `${round(figure)} ${of}/s : ${round(figures('bare'))} items/s`,
    })
    return [
      row(`durable events, ${WRITERS} at once`, figures('puts'), 'events', '≥ 0.5'),
      row(`document saves, ${WRITERS} at once`, figures('saves'), 'saves', '≥ 0.5'),
      row('whole rollouts', rollouts, 'rollouts', '≥ 0.01'),
    ]
  } finally {
    await dynalite.close()
  }
}

function round(figure: number): string {
  return Math.round(figure).toLocaleString('en')
}
