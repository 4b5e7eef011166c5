/** The inbox in SQL: one row for each accepted event. `due` is when it may be claimed: a lease is a later `due`. */

import type { AcceptedEvent } from '../../domain/event.ts'
import type { InboxRow, InboxState, WalkStep } from '../../domain/walk.ts'
import type { Inbox, InboxQuery, Settlement } from '../inbox.ts'
import { idOfKey, key } from '../key.ts'
import { boundedRows } from '../page.ts'
import type { Sql, SqlRow, SqlStore, Statement } from '../sql.ts'
import { eventText, readInboxRow, readWalkText, walkText } from '../stored.ts'

/** A row that cannot be read steps back for so long, out of the way of the others, and is tried again: an upgrade may have cured it. */
export const DAMAGED_RETRY_MS = 3_600_000
/** Removed in one transaction, so that pruning a day never holds up a push. */
export const PRUNE_ROWS_MAX = 500

export const INBOX_COLUMNS = 'place, id, state, attempts, accepted, walk'

export function createSqlInbox({ sql, commit, onDamage }: SqlStore): Inbox {
  function read(row: SqlRow): InboxRow | null {
    const result = readInboxRow(row)
    if (result.ok) return result.value
    onDamage({ place: 'event', id: idOfKey(String(row['id'])), detail: result.error })
    return null
  }

  /** One row at a time, so that an unreadable one takes nobody's place. */
  function claimNext(leaseMs: number, now: number): InboxRow | null | undefined {
    const [row] = sql.run(
      `SELECT ${INBOX_COLUMNS} FROM inbox WHERE state = 'waiting' AND due <= ? ORDER BY due, place LIMIT 1`,
      now,
    )
    if (row === undefined) return undefined
    const readable = read(row)
    const due = now + (readable === null ? DAMAGED_RETRY_MS : leaseMs)
    sql.run('UPDATE inbox SET due = ?, attempts = attempts + 1 WHERE place = ?', due, Number(row['place']))
    return readable && { ...readable, attempts: readable.attempts + 1 }
  }

  return {
    async put(events) {
      const rows = events.map((event) => ({ event, text: eventText(event) }))
      return commit(() => rows.map(({ event, text }) => insert(sql, event, text)))
    },
    async claim(limit, leaseMs, now) {
      return commit(() => {
        const claimed: InboxRow[] = []
        while (claimed.length < boundedRows(limit)) {
          const row = claimNext(Math.max(1, leaseMs), now)
          if (row === undefined) break
          if (row !== null) claimed.push(row)
        }
        return claimed
      })
    },
    settle: (id, settlement, walk) => commit(() => settle(sql, id, settlement, walk)),
    reopen: (id, note, now) => commit(() => reopen(sql, id, note, now)),
    async get(id) {
      const [row] = sql.run(`SELECT ${INBOX_COLUMNS} FROM inbox WHERE id = ?`, key(id))
      if (row === undefined) return null
      const readable = readInboxRow(row)
      if (readable.ok) return readable.value
      throw new Error(`The stored event ${JSON.stringify(id)} cannot be read and is left as it is: ${readable.error}`)
    },
    list: async (query) =>
      sql
        .run(...selectRows(query))
        .map(read)
        .filter((row) => row !== null),
    async depth() {
      return Number(sql.run(`SELECT count(*) AS depth FROM inbox WHERE state = 'waiting'`)[0]?.['depth'])
    },
    async nextDue() {
      const due = sql.run(`SELECT min(due) AS due FROM inbox WHERE state = 'waiting'`)[0]?.['due']
      return typeof due === 'number' ? due : null
    },
    async prune(before) {
      for (let pruned = 0; ;) {
        const rows = await commit(() => sql.run(...deleteSettled(before)))
        pruned += rows.length
        if (rows.length < PRUNE_ROWS_MAX) return pruned
      }
    },
  }
}

function insert(sql: Sql, event: AcceptedEvent, text: string): 'stored' | 'duplicate' {
  const rows = sql.run(
    `INSERT INTO inbox (id, state, due, received, attempts, accepted, walk) VALUES (?, 'waiting', ?, ?, 0, ?, '[]')
     ON CONFLICT (id) DO NOTHING RETURNING 1`,
    key(event.id),
    event.receivedAt,
    event.receivedAt,
    text,
  )
  return rows.length > 0 ? 'stored' : 'duplicate'
}

function settle(sql: Sql, id: string, settlement: Settlement, walk: readonly WalkStep[]): void {
  const [row] = sql.run(`SELECT place, due, walk FROM inbox WHERE id = ? AND state = 'waiting'`, key(id))
  if (row === undefined) return
  sql.run(
    'UPDATE inbox SET state = ?, due = ?, walk = ? WHERE place = ?',
    settlement.state === 'retry' ? 'waiting' : settlement.state,
    settlement.state === 'retry' ? settlement.at : Number(row['due']),
    walkText([...readWalkText(String(row['walk'])), ...walk]),
    Number(row['place']),
  )
}

function reopen(sql: Sql, id: string, note: WalkStep, now: number): boolean {
  const [row] = sql.run(`SELECT place, walk FROM inbox WHERE id = ? AND state <> 'waiting'`, key(id))
  if (row === undefined) return false
  sql.run(
    `UPDATE inbox SET state = 'waiting', due = ?, attempts = 0, walk = ? WHERE place = ?`,
    now,
    walkText([...readWalkText(String(row['walk'])), note]),
    Number(row['place']),
  )
  return true
}

/** Literals, for a partial index is used only where the query says the same. */
const IN_STATE: Readonly<Record<InboxState, string>> = {
  waiting: `state = 'waiting'`,
  done: `state = 'done'`,
  dead: `state = 'dead'`,
}

export function selectRows({ state, before, limit }: InboxQuery): Statement {
  const inState = state === undefined ? 'true' : IN_STATE[state]
  const older = before === undefined ? 'true' : '(received, id) < (SELECT received, id FROM inbox WHERE id = ?)'
  return [
    `SELECT ${INBOX_COLUMNS} FROM inbox WHERE ${inState} AND ${older} ORDER BY received DESC, id DESC LIMIT ?`,
    ...(before === undefined ? [] : [key(before)]),
    boundedRows(limit),
  ]
}

/** Its rows are as many as were removed: fewer than `PRUNE_ROWS_MAX` where none is left. */
export function deleteSettled(before: number): Statement {
  return [
    `DELETE FROM inbox WHERE place IN (
       SELECT place FROM inbox WHERE received < ? AND state IN ('done', 'dead') ORDER BY received LIMIT ?
     ) RETURNING 1`,
    before,
    PRUNE_ROWS_MAX,
  ]
}
