/** The embedded store does what every store does; so does the shared SQL without group commit, as a Durable Object runs it. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as pathOf } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createSqlState } from '../../src/state/sql.ts'
import { openSqlite } from '../../src/state/sqlite.ts'
import type { State } from '../../src/state/state.ts'
import { describeState } from './state.contract.ts'

/** Its file has one writer, so that many at once are parts of one process. */
let shared: State
const join = async () => ({ state: shared, close: () => {} })

const openFile = async () => {
  const folder = mkdtempSync(pathOf(tmpdir(), 'drayage-state-'))
  const state = await openSqlite(pathOf(folder, 'state.db'))
  shared = state
  return {
    state,
    close() {
      state.close()
      rmSync(folder, { recursive: true })
    },
  }
}

const openMemory = async () => {
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
  shared = state
  return { state, close: () => database.close() }
}

describeState('node:sqlite', openFile, { join })
describeState('shared SQL, one transaction for each write', openMemory, { join })
