/** The store on a real PostgreSQL does what every store does, alone and with others on the same database. */

import { afterAll, beforeAll, describe } from 'vitest'
import { openPostgres, type PostgresState } from '../../src/state/postgres.ts'
import { type Postgres, postgresBinaries, startPostgres, withoutPostgres } from '../helpers/postgres.ts'
import { describeState } from './state.contract.ts'

/** A few rows each time: truncating would make new files, and sync them. */
const EMPTY = ['kept', 'journal', 'image', 'inbox', 'document'].map((table) => `DELETE FROM drayage.${table}`).join(';')
/** As many as the cases of sharing join. */
const STATES = 4

describe.skipIf(postgresBinaries === null)(`a real server${withoutPostgres}`, () => {
  let postgres: Postgres
  /** Kept for all cases, since connecting costs more than most of them; each begins with empty tables. */
  let states: PostgresState[]
  let joined = 0
  beforeAll(async () => {
    postgres = await startPostgres()
    const url = await postgres.create('contract')
    states = await Promise.all(
      Array.from({ length: STATES }, () => openPostgres({ url: async () => [url], connections: 10, now: Date.now })),
    )
  })
  afterAll(async () => {
    for (const state of states) await state.close()
    await postgres.close()
  })

  function nth(index: number): PostgresState {
    const state = states[index]
    if (state === undefined) throw new Error(`only ${STATES} are open`)
    return state
  }
  const open = async () => {
    joined = 0
    await postgres.query(EMPTY, 'contract')
    return { state: nth(0), close: () => {} }
  }
  const join = async () => ({ state: nth((joined += 1)), close: () => {} })
  describeState('PostgreSQL', open, { join })
})
