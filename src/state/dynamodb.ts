/** The store on AWS: three tables of DynamoDB, on demand. Every write is one item under one condition. */

import { createDynamoDocuments } from './dynamodb/documents.ts'
import type { Dynamo, Tables } from './dynamodb/dynamo.ts'
import { createDynamoInbox, type DynamoInbox } from './dynamodb/inbox.ts'
import { createDynamoJournal } from './dynamodb/journal.ts'
import { createDynamoKeep } from './dynamodb/keep.ts'
import type { Damage, State } from './state.ts'

const EVENT_DAYS = 14

export type DynamoStateOptions = {
  readonly dynamo: Dynamo
  readonly tables: Tables
  /** Told of each item that cannot be read, when it is met. */
  readonly onDamage?: (damage: Damage) => void
  /** How long a settled event is kept. Default 14 days. */
  readonly eventDays?: number | undefined
  /** How long history is kept. Default: for ever. */
  readonly journalDays?: number | null | undefined
}

export type DynamoState = State & { readonly inbox: DynamoInbox }

export function createDynamoState(options: DynamoStateOptions): DynamoState {
  const { dynamo, tables, onDamage = () => {}, eventDays = EVENT_DAYS, journalDays = null } = options
  const store = { dynamo, tables, onDamage, eventDays, journalDays }
  return {
    documents: createDynamoDocuments(store),
    inbox: createDynamoInbox(store),
    journal: createDynamoJournal(store),
    keep: createDynamoKeep(dynamo, tables.documents),
  }
}
