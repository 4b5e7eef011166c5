/** What passes by itself, and is tried again, where PostgreSQL or the way to it fails; everything else is told at once. */

import { describe, expect, it } from 'vitest'
import { createDatabase, isPassing } from '../../../src/state/postgres/database.ts'
import type { Pool } from '../../../src/state/postgres/connection.ts'
import { RetryLater } from '../../../src/domain/retry.ts'

const failure = (message: string, code?: string): Error =>
  Object.assign(new Error(message), code === undefined ? {} : { code })

it.each([
  ['a refused connection', failure('connect ECONNREFUSED 127.0.0.1:5432', 'ECONNREFUSED')],
  ['a reset connection', failure('read ECONNRESET', 'ECONNRESET')],
  ['a name that is not known just now', failure('getaddrinfo EAI_AGAIN db', 'EAI_AGAIN')],
  ['a server that is shut down', failure('terminating connection due to administrator command', '57P01')],
  ['a server that starts', failure('the database system is starting up', '57P03')],
  ['a server that is full', failure('sorry, too many clients already', '53300')],
  ['a former primary', failure('cannot execute UPDATE in a read-only transaction', '25006')],
  ['two writers that met', failure('deadlock detected', '40P01')],
  ['an answer that never came', failure('Query read timeout')],
  ['a connection that ended', failure('Connection terminated unexpectedly')],
  ['no free connection', failure('timeout exceeded when trying to connect')],
])('tries again: %s', (_, error) => {
  expect(isPassing(error)).toBe(true)
})

it.each([
  ['a wrong password', failure('password authentication failed', '28P01')],
  ['a table that is not there', failure('relation does not exist', '42P01')],
  ['a value that does not fit', failure('value too long', '22001')],
  ['a full disk', failure('could not extend file', '53100')],
  ['a statement that takes too long', failure('canceling statement due to statement timeout', '57014')],
  ['our own mistake', new TypeError('x is not a function')],
  ['what is no error', 'Connection terminated'],
])('tells at once: %s', (_, error) => {
  expect(isPassing(error)).toBe(false)
})

describe('a statement', () => {
  /** Fails so often, then gives a row. */
  function aPool(failures: number, error: Error): { pool: Pool; calls: () => number } {
    let calls = 0
    const query = async () => {
      calls += 1
      if (calls <= failures) throw error
      return { rows: [{ answer: calls }] }
    }
    return { pool: { query, end: async () => {} } as unknown as Pool, calls: () => calls }
  }

  it('is run again until it is answered', async () => {
    const { pool } = aPool(2, failure('read ECONNRESET', 'ECONNRESET'))
    expect(await createDatabase(pool).run('SELECT 1')).toEqual([{ answer: 3 }])
  })

  it('is given up when patience ends, and may be tried later', async () => {
    const { pool, calls } = aPool(1_000, failure('read ECONNRESET', 'ECONNRESET'))
    await expect(createDatabase(pool).run('SELECT 1', [], 300)).rejects.toThrow(RetryLater)
    expect(calls()).toBeGreaterThan(1)
  })

  it('is run once where trying again changes nothing', async () => {
    const { pool, calls } = aPool(1, failure('relation does not exist', '42P01'))
    await expect(createDatabase(pool).run('SELECT 1')).rejects.toThrow('relation does not exist')
    expect(calls()).toBe(1)
  })

  it('is not run again when the store closes, nor begun afterwards', async () => {
    const { pool, calls } = aPool(1_000, failure('read ECONNRESET', 'ECONNRESET'))
    const database = createDatabase(pool)
    const running = database.run('SELECT 1')
    await Promise.all([expect(running).rejects.toThrow(/cannot be reached/u), database.close()])
    const before = calls()
    await expect(database.run('SELECT 1')).rejects.toThrow(/is closed/u)
    expect(calls()).toBe(before)
  })
})
