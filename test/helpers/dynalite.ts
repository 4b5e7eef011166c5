/** A DynamoDB on loopback, its tables made as `tables.ts` says, and a proxy before it that throttles when it is told to. */

import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { TABLES, type TableShape } from '../../src/state/dynamodb/tables.ts'
import type { Tables } from '../../src/state/dynamodb/dynamo.ts'

/** What any client of an emulator needs: it checks that a request is signed, and not by whom. */
const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example' }
export const AWS_ENV = {
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
} as const

/** It brings no types. */
const UNTYPED: string = 'dynalite'

export type Dynalite = {
  readonly url: string
  /** Fresh ones. */
  createTables(): Promise<Tables>
  close(): Promise<void>
}

export async function startDynalite(): Promise<Dynalite> {
  const { default: dynalite }: { default: (options: object) => Server } = await import(UNTYPED)
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = new DynamoDBClient({ endpoint: url, region: AWS_ENV.AWS_REGION, credentials: CREDENTIALS })
  let made = 0
  return {
    url,
    async createTables() {
      made += 1
      const names = { documents: `documents-${made}`, inbox: `inbox-${made}`, journal: `journal-${made}` }
      const shapes = Object.entries(TABLES) as [keyof typeof names, TableShape][]
      await Promise.all(shapes.map(([name, shape]) => client.send(new CreateTableCommand(tableOf(names[name], shape)))))
      return names
    },
    async close() {
      client.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function tableOf(TableName: string, { attributes, key, indexes }: TableShape) {
  const keys = ([hash = '', range]: readonly string[]) => [
    { AttributeName: hash, KeyType: 'HASH' as const },
    ...(range === undefined ? [] : [{ AttributeName: range, KeyType: 'RANGE' as const }]),
  ]
  return {
    TableName,
    BillingMode: 'PAY_PER_REQUEST' as const,
    AttributeDefinitions: attributes.map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
    KeySchema: keys(key),
    GlobalSecondaryIndexes: indexes.map((index) => ({
      IndexName: index.name,
      KeySchema: keys(index.key),
      Projection:
        index.include === undefined
          ? { ProjectionType: 'KEYS_ONLY' as const }
          : { ProjectionType: 'INCLUDE' as const, NonKeyAttributes: [...index.include] },
    })),
  }
}
