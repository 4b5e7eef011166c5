/** Group commit over a real database whose statements are written down. */

import { DatabaseSync } from 'node:sqlite'
import { beforeEach, describe, expect, it } from 'vitest'
import { createGroupCommit, type GroupCommit } from '../../../src/state/group-commit.ts'

let database: DatabaseSync
let group: GroupCommit
let statements: string[]
let scheduled: (() => void)[]

beforeEach(() => {
  database = new DatabaseSync(':memory:')
  database.exec('CREATE TABLE parent (id INTEGER PRIMARY KEY) STRICT')
  database.exec(
    'CREATE TABLE kept (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED) STRICT',
  )
  statements = []
  scheduled = []
  const connection = {
    execute(statement: string) {
      statements.push(statement)
      database.exec(statement)
    },
    isInTransaction: () => database.isTransaction,
  }
  group = createGroupCommit(connection, (flush) => scheduled.push(flush))
})

const keep = (id: number, parent: number | null = null) =>
  group.commit(() => {
    database.prepare('INSERT INTO kept (id, parent) VALUES (?, ?)').run(id, parent)
    return id
  })
const kept = () =>
  database
    .prepare('SELECT id FROM kept ORDER BY id')
    .all()
    .map((row) => row['id'])
const commits = () => statements.filter((statement) => statement === 'COMMIT').length
/** Runs what was scheduled, as the event loop would, until nothing is. */
function turn(): void {
  for (let next = scheduled.shift(); next !== undefined; next = scheduled.shift()) next()
}

describe('group commit', () => {
  it('makes what comes in one turn durable by one commit', async () => {
    const writes = Promise.all([1, 2, 3].map((id) => keep(id)))
    expect(statements).toEqual([])
    turn()
    expect(await writes).toEqual([1, 2, 3])
    expect(commits()).toBe(1)
    expect(kept()).toEqual([1, 2, 3])
  })

  it('says that a write is durable after the commit, not before', async () => {
    const told = keep(1).then(() => statements.push('told'))
    turn()
    await told
    expect(statements.slice(-2)).toEqual(['COMMIT', 'told'])
  })

  it('schedules once for a turn, and again for the next', async () => {
    const writes = [keep(1), keep(2)]
    expect(scheduled).toHaveLength(1)
    turn()
    writes.push(keep(3))
    expect(scheduled).toHaveLength(1)
    turn()
    await Promise.all(writes)
    expect(commits()).toBe(2)
  })

  it('takes back one write that fails, and nothing of the others', async () => {
    const writes = Promise.allSettled([
      keep(1),
      group.commit(() => {
        database.exec('INSERT INTO kept (id) VALUES (2)')
        throw new Error('half done')
      }),
      keep(1),
      keep(3),
    ])
    turn()
    expect((await writes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
    expect(kept()).toEqual([1, 3])
  })

  it('rejects every write of a commit that fails, and works on', async () => {
    const writes = Promise.allSettled([keep(1), keep(2, 404)])
    turn()
    expect((await writes).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(kept()).toEqual([])
    const next = keep(3)
    turn()
    expect(await next).toBe(3)
  })

  it('rejects every write where no transaction can begin, and works on', async () => {
    database.exec('BEGIN')
    const writes = Promise.allSettled([keep(1), keep(2)])
    turn()
    expect((await writes).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    const next = keep(3)
    turn()
    await next
    expect(kept()).toEqual([3])
  })

  it('rejects every write when the database ends the transaction itself, as it may on a full disk', async () => {
    const writes = Promise.allSettled([
      keep(1),
      group.commit(() => {
        database.exec('ROLLBACK')
        throw new Error('disk full')
      }),
      keep(2),
    ])
    turn()
    const full = { status: 'rejected', reason: new Error('disk full') }
    expect(await writes).toEqual([full, full, full])
    expect(kept()).toEqual([])
    expect(database.isTransaction).toBe(false)
  })

  it('holds the event loop for at most a thousand writes', async () => {
    const writes = Promise.all(Array.from({ length: 2500 }, (_, id) => keep(id)))
    scheduled.shift()?.()
    expect(kept()).toHaveLength(1000)
    turn()
    await writes
    expect(commits()).toBe(3)
  })

  it('commits what waits when it is told to, and leaves nothing for later', async () => {
    const writes = Promise.all(Array.from({ length: 1500 }, (_, id) => keep(id)))
    group.flush()
    expect(kept()).toHaveLength(1500)
    turn()
    await writes
    expect(commits()).toBe(2)
  })

  it('does nothing for nothing', () => {
    group.flush()
    expect(statements).toEqual([])
  })
})
