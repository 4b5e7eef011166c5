/** The store's DynamoDB over AWS's own client. */

import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb'
import { RetryLater } from '../../domain/retry.ts'
import type { Dynamo, Item, Key } from './dynamo.ts'

/** The client waits in between, ever longer: a partition that is split needs a moment. */
const ATTEMPTS_MAX = 5
const THROTTLED_RETRY_MS = 2_000
const GET_KEYS_MAX = 100
const UNPROCESSED_ROUNDS_MAX = 8
const UNPROCESSED_FIRST_WAIT_MS = 25
/** More would wait for a connection, and be counted as late while they do. */
const AT_ONCE_MAX = 48
const CONNECT_TIMEOUT_MS = 2_000
const REQUEST_TIMEOUT_MS = 5_000
const THROTTLED: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
])

export type DynamoOptions = {
  /** Default: the region's own. */
  readonly endpoint?: string | undefined
}

/** Region and credentials are the function's own. */
export function createDynamo({ endpoint }: DynamoOptions = {}): Dynamo {
  const inTurn = createTurns(AT_ONCE_MAX)
  const client = new DynamoDBClient({
    maxAttempts: ATTEMPTS_MAX,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
    ...(endpoint === undefined ? {} : { endpoint }),
  })
  const dynamo: Dynamo = {
    put: (input) => holds(client.send(new PutItemCommand(sdkOf(input)))),
    async update(input) {
      const command = new UpdateItemCommand({ ...sdkOf(input), ReturnValues: 'ALL_NEW' })
      const sent = await conditional(client.send(command))
      return sent === null ? null : itemOf(sent.Attributes ?? {})
    },
    delete: (input) => holds(client.send(new DeleteItemCommand(sdkOf(input)))),
    async get(table, key) {
      const command = new GetItemCommand({ TableName: table, Key: { ...key }, ConsistentRead: true })
      const { Item: found } = await answered(client.send(command))
      return found === undefined ? null : itemOf(found)
    },
    async getAll(table, keys) {
      const items: Item[] = []
      for (let at = 0; at < keys.length; at += GET_KEYS_MAX) {
        items.push(...(await getSome(client, table, keys.slice(at, at + GET_KEYS_MAX))))
      }
      return items
    },
    async query(input) {
      const page = await answered(client.send(new QueryCommand(sdkOf(input))))
      const next = page.LastEvaluatedKey === undefined ? null : itemOf(page.LastEvaluatedKey)
      return { items: (page.Items ?? []).map(itemOf), count: page.Count ?? 0, next }
    },
  }
  return {
    put: (input) => inTurn(() => dynamo.put(input)),
    update: (input) => inTurn(() => dynamo.update(input)),
    delete: (input) => inTurn(() => dynamo.delete(input)),
    get: (table, key) => inTurn(() => dynamo.get(table, key)),
    getAll: (table, keys) => inTurn(() => dynamo.getAll(table, keys)),
    query: (input) => inTurn(() => dynamo.query(input)),
  }
}

/** Runs at most so many at once; the others wait in their order. */
function createTurns(atOnceMax: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let running = 0
  return async (work) => {
    if (running >= atOnceMax) await new Promise<void>((resolve) => waiting.push(resolve))
    else running += 1
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) running -= 1
      else next()
    }
  }
}

type SdkItem = Record<string, AttributeValue>

/** The same shapes; AWS's are not read-only. */
function sdkOf<T extends object>(input: T): { -readonly [K in keyof T]: T[K] extends Item ? SdkItem : T[K] } {
  return input as { -readonly [K in keyof T]: T[K] extends Item ? SdkItem : T[K] }
}

function itemOf(item: SdkItem): Item {
  return item as Item
}

/** What was not processed is asked for again, after a moment. */
async function getSome(client: DynamoDBClient, table: string, keys: readonly Key[]): Promise<readonly Item[]> {
  const items: Item[] = []
  let wanted = keys.map((key): SdkItem => ({ ...key }))
  for (let round = 0; wanted.length > 0; round += 1) {
    if (round >= UNPROCESSED_ROUNDS_MAX) {
      throw new RetryLater(`DynamoDB left ${wanted.length} items of ${table} unread`, {
        retryAfterMs: THROTTLED_RETRY_MS,
      })
    }
    if (round > 0) await new Promise((resolve) => setTimeout(resolve, UNPROCESSED_FIRST_WAIT_MS * 2 ** round))
    const RequestItems = { [table]: { Keys: wanted, ConsistentRead: true } }
    const { Responses, UnprocessedKeys } = await answered(client.send(new BatchGetItemCommand({ RequestItems })))
    items.push(...(Responses?.[table] ?? []).map(itemOf))
    wanted = UnprocessedKeys?.[table]?.Keys ?? []
  }
  return items
}

async function holds(sent: Promise<unknown>): Promise<boolean> {
  return (await conditional(sent)) !== null
}

/** Null where the condition did not hold. */
async function conditional<T>(sent: Promise<T>): Promise<T | null> {
  try {
    return await answered(sent)
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return null
    throw error
  }
}

async function answered<T>(sent: Promise<T>): Promise<T> {
  try {
    return await sent
  } catch (cause) {
    if (!(cause instanceof Error) || !THROTTLED.has(cause.name)) throw cause
    throw new RetryLater(`DynamoDB throttles us (${cause.name})`, { retryAfterMs: THROTTLED_RETRY_MS, cause })
  }
}
