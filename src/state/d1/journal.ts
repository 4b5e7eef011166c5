/** The journal in D1, by the shared SQL. */

import type { Journal } from '../journal.ts'
import { insertEntry, NOTHING, readPage, selectEntries } from '../sql/journal.ts'
import type { Damage } from '../state.ts'
import type { Database } from './database.ts'

export function createD1Journal(database: Database, onDamage: (damage: Damage) => void): Journal {
  return {
    async append(entries) {
      await database.transaction(entries.flatMap(insertEntry))
    },
    async query(query) {
      const statement = selectEntries(query)
      return statement === null ? NOTHING : readPage(await database.run(statement), query.limit, onDamage)
    },
  }
}
