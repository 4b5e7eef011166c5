/** D1 and an object's storage over node:sqlite, for tests that need no workerd: D1 can be down, alarms are noted. */

import { DatabaseSync } from 'node:sqlite'
import { MIGRATIONS } from '../../src/state/sql/schema.ts'
import type { SqlRow, SqlValue, Statement } from '../../src/state/sql.ts'
import type { D1 } from '../../src/state/d1/database.ts'
import type { ObjectStorage } from '../../src/state/durable-object/document-object.ts'

export type FakeD1 = ReturnType<typeof createFakeD1>

export function createFakeD1() {
  const database = new DatabaseSync(':memory:')
  for (const statement of MIGRATIONS.flat()) database.exec(statement)
  const isOf = new WeakMap<object, Statement>()
  const faults = { isDown: false }
  const bound = (query: string, values: readonly SqlValue[]) => {
    const prepared = { bind: (...more: SqlValue[]) => bound(query, more) }
    isOf.set(prepared, [query, ...values])
    return prepared
  }
  const d1: D1 = {
    prepare: (query) => bound(query, []),
    async batch(statements) {
      if (faults.isDown) throw new Error('D1 is down')
      database.exec('BEGIN')
      try {
        const results = statements.map((statement) => {
          const [query, ...values] = isOf.get(statement) ?? ['']
          return { results: database.prepare(query).all(...values) }
        })
        database.exec('COMMIT')
        return results
      } catch (error) {
        database.exec('ROLLBACK')
        throw error
      }
    },
  }
  return { d1, faults, rows: (query: string): readonly SqlRow[] => database.prepare(query).all() }
}

export function createFakeStorage() {
  const database = new DatabaseSync(':memory:')
  const alarm = { at: null as number | null }
  const storage: ObjectStorage = {
    sql: { exec: (query, ...values) => ({ toArray: () => database.prepare(query).all(...values) }) },
    transactionSync(work) {
      database.exec('BEGIN')
      try {
        const value = work()
        database.exec('COMMIT')
        return value
      } catch (error) {
        database.exec('ROLLBACK')
        throw error
      }
    },
    async setAlarm(at) {
      alarm.at = at
    },
    async deleteAlarm() {
      alarm.at = null
    },
  }
  return { storage, alarm, run: (query: string): readonly SqlRow[] => database.prepare(query).all() }
}
