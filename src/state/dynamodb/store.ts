/** What the parts of this store share. */

import type { Damage } from '../state.ts'
import type { Dynamo, Tables } from './dynamo.ts'

export type DynamoStore = {
  readonly dynamo: Dynamo
  readonly tables: Tables
  readonly onDamage: (damage: Damage) => void
  /** How long a settled event is kept. */
  readonly eventDays: number
  /** How long history is kept; null: for ever. */
  readonly journalDays: number | null
}

const DAY_SECONDS = 86_400

/** DynamoDB deletes an item some time after this instant, in seconds. */
export function expiry(fromMs: number, days: number): number {
  return Math.ceil(fromMs / 1000) + days * DAY_SECONDS
}
