/** DynamoDB as this store needs it: single items under a condition, and queries. No transaction, so that any emulator and any size will do. */

/** A value in an item. `B` is bytes: what was compressed. */
export type Value = { readonly S: string } | { readonly N: string } | { readonly B: Uint8Array }
export type Item = Readonly<Record<string, Value>>
export type Key = Readonly<Record<string, Value>>

type Expression = {
  readonly ConditionExpression?: string
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>
  readonly ExpressionAttributeValues?: Readonly<Record<string, Value>>
}
export type Put = Expression & { readonly TableName: string; readonly Item: Item }
export type Update = Expression & { readonly TableName: string; readonly Key: Key; readonly UpdateExpression: string }
export type Delete = Expression & { readonly TableName: string; readonly Key: Key }
export type Query = {
  readonly TableName: string
  readonly IndexName?: string
  readonly KeyConditionExpression: string
  readonly FilterExpression?: string
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>
  readonly ExpressionAttributeValues: Readonly<Record<string, Value>>
  readonly ScanIndexForward?: boolean
  readonly Select?: 'COUNT'
  readonly Limit?: number
  readonly ExclusiveStartKey?: Key
}
export type Page = { readonly items: readonly Item[]; readonly count: number; readonly next: Key | null }

/** Throws `RetryLater` where it was throttled or is not there. */
export type Dynamo = {
  /** False where the condition did not hold. */
  put(input: Put): Promise<boolean>
  /** The item as it is now; null where the condition did not hold. */
  update(input: Update): Promise<Item | null>
  delete(input: Delete): Promise<boolean>
  /** What was saved before is seen. */
  get(table: string, key: Key): Promise<Item | null>
  /** Those that are there, in no order. */
  getAll(table: string, keys: readonly Key[]): Promise<readonly Item[]>
  /** Along an index it may lag behind by a moment. */
  query(input: Query): Promise<Page>
}

export type Tables = { readonly documents: string; readonly inbox: string; readonly journal: string }

export function text(value: string): Value {
  return { S: value }
}

export function number(value: number): Value {
  return { N: String(value) }
}

export function textOf(item: Item, name: string): string {
  const value = item[name]
  return value !== undefined && 'S' in value ? value.S : ''
}

/** NaN where there is none, which no shape accepts. */
export function numberOf(item: Item, name: string): number {
  const value = item[name]
  return value !== undefined && 'N' in value ? Number(value.N) : Number.NaN
}
