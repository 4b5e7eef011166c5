/** The store on a real PostgreSQL does what every store does. */

import { afterAll, beforeAll, describe } from 'vitest'
import { openPostgres } from '../../src/state/postgres.ts'
import { type Postgres, postgresBinaries, startPostgres, withoutPostgres } from '../helpers/postgres.ts'
import { describeState } from './state.contract.ts'

describe.skipIf(postgresBinaries === null)(`PostgreSQL${withoutPostgres}`, () => {
  let postgres: Postgres
  let url: string
  beforeAll(async () => {
    postgres = await startPostgres()
    url = await postgres.create('contract')
  })
  afterAll(() => postgres.close())

  describeState('PostgreSQL', async () => {
    const state = await openPostgres({ url: async () => [url], connections: 10 })
    return {
      state,
      async close() {
        await state.close()
        await postgres.query('TRUNCATE drayage.document, drayage.inbox, drayage.image, drayage.journal', 'contract')
      },
    }
  })
})
