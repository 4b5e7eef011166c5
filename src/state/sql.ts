/** The one SQL store, free of platforms: node:sqlite and a Durable Object's database both satisfy `Sql` in a few lines. */

import type { Damage, State } from './state.ts'
import { createSqlDocuments } from './sql/documents.ts'
import { createSqlInbox } from './sql/inbox.ts'
import { createSqlJournal } from './sql/journal.ts'
import { createSqlKeep } from './sql/keep.ts'
import { migrate } from './sql/schema.ts'

export type SqlValue = string | number | null
export type SqlRow = Readonly<Record<string, unknown>>

/** A query and its values: the same text for every database that is SQLite. */
export type Statement = readonly [query: string, ...values: readonly SqlValue[]]

/** Synchronous, as SQLite is. Every query is a constant text with `?` for values. */
export type Sql = {
  run(query: string, ...values: readonly SqlValue[]): readonly SqlRow[]
  /** All or nothing. */
  transaction<T>(work: () => T): T
}

/** Runs work that writes, all or nothing, and resolves when it is durable. */
export type Commit = <T>(work: () => T) => Promise<T>

export type SqlStore = { readonly sql: Sql; readonly commit: Commit; readonly onDamage: (damage: Damage) => void }

export type SqlOptions = {
  /** Where the platform can make several writes durable at once. Default: one transaction each. */
  readonly commit?: Commit
  /** Told of each row that cannot be read, when it is met. */
  readonly onDamage?: (damage: Damage) => void
}

/** Brings the schema up to date. Throws where the database was written by a newer program. */
export function createSqlState(sql: Sql, options: SqlOptions = {}): State {
  migrate(sql)
  const store: SqlStore = {
    sql,
    commit: options.commit ?? (async (work) => sql.transaction(work)),
    onDamage: options.onDamage ?? (() => {}),
  }
  return {
    documents: createSqlDocuments(store),
    inbox: createSqlInbox(store),
    journal: createSqlJournal(store),
    keep: createSqlKeep(store),
  }
}
