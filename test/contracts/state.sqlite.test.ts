/** The embedded store does what every store does; so does the shared SQL without group commit, as a Durable Object runs it. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createSqlState } from '../../src/state/sql.ts'
import { openSqlite } from '../../src/state/sqlite.ts'
import { describeState } from './state.contract.ts'

describeState('node:sqlite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'drayage-state-'))
  const state = await openSqlite(join(folder, 'state.db'))
  return {
    state,
    close() {
      state.close()
      rmSync(folder, { recursive: true })
    },
  }
})

describeState('shared SQL, one transaction for each write', async () => {
  const database = new DatabaseSync(':memory:')
  const run = (query: string, ...values: readonly (string | number | null)[]) => database.prepare(query).all(...values)
  const state = createSqlState({
    run,
    transaction(work) {
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
  })
  return { state, close: () => database.close() }
})
