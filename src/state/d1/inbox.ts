/** The inbox in D1: each step one statement or one batch, since nothing may happen between a look and a write. */

import type { InboxRow, WalkStep } from '../../domain/walk.ts'
import { RetryLater } from '../../domain/retry.ts'
import type { Inbox } from '../inbox.ts'
import { idOfKey, key } from '../key.ts'
import { boundedRows } from '../page.ts'
import type { SqlRow, Statement } from '../sql.ts'
import { DAMAGED_RETRY_MS, deleteSettled, INBOX_COLUMNS, PRUNE_ROWS_MAX, selectRows } from '../sql/inbox.ts'
import type { Damage } from '../state.ts'
import { eventText, readInboxRow, readWalkText, walkText } from '../stored.ts'
import type { Database } from './database.ts'

/** D1 takes values of 2 MB; a character is at most three bytes. */
const VALUE_LENGTH_MAX = 500_000
const CONFLICTS_MAX = 50

export function createD1Inbox(database: Database, onDamage: (damage: Damage) => void): Inbox {
  function read(row: SqlRow): InboxRow | null {
    const result = readInboxRow(row)
    if (result.ok) return result.value
    onDamage({ place: 'event', id: idOfKey(String(row['id'])), detail: result.error })
    return null
  }

  /** Null for one that cannot be read; fewer than `limit` where no more is due. */
  async function claimSome(limit: number, leaseMs: number, now: number): Promise<readonly (InboxRow | null)[]> {
    const due = `SELECT place FROM inbox WHERE state = 'waiting' AND due <= ? ORDER BY due, place LIMIT ?`
    const [rows = []] = await database.transaction([
      [
        `SELECT ${INBOX_COLUMNS} FROM inbox WHERE state = 'waiting' AND due <= ? ORDER BY due, place LIMIT ?`,
        now,
        limit,
      ],
      [
        `UPDATE inbox SET due = ?, attempts = attempts + 1 WHERE place IN (${due})`,
        now + Math.max(1, leaseMs),
        now,
        limit,
      ],
    ])
    const found = rows.map((row) => ({ row, readable: read(row) }))
    const damaged = found.filter(({ readable }) => readable === null).map(({ row }) => Number(row['place']))
    await database.transaction(
      damaged.map((place) => ['UPDATE inbox SET due = ? WHERE place = ?', now + DAMAGED_RETRY_MS, place]),
    )
    return found.map(({ readable }) => readable && { ...readable, attempts: readable.attempts + 1 })
  }

  /** Reads, changes and writes, again where somebody was faster. False: it is in no such state. */
  async function change(id: string, where: string, to: (walk: string, due: number) => Change): Promise<boolean> {
    for (let conflicts = 0; conflicts < CONFLICTS_MAX; conflicts += 1) {
      const [row] = await database.run([`SELECT place, due, walk FROM inbox WHERE id = ? AND ${where}`, key(id)])
      if (row === undefined) return false
      const { set, values } = to(String(row['walk']), Number(row['due']))
      const changed = await database.run([
        `UPDATE inbox SET ${set} WHERE place = ? AND ${where} AND walk = ? RETURNING 1`,
        ...values,
        Number(row['place']),
        String(row['walk']),
      ])
      if (changed.length > 0) return true
    }
    throw new RetryLater(`the event ${JSON.stringify(id)} was changed by others ${CONFLICTS_MAX} times in a row`)
  }

  return {
    async put(events) {
      const texts = events.map((event) => ({ id: key(event.id), at: event.receivedAt, text: eventText(event) }))
      const results = await database.transaction(insertEvents(texts.map((text) => JSON.stringify(text))))
      const stored = new Set(results.flat().map((row) => row['id']))
      return events.map(({ id }) => (stored.delete(key(id)) ? 'stored' : 'duplicate'))
    },
    async claim(limit, leaseMs, now) {
      const claimed: InboxRow[] = []
      for (const wanted = boundedRows(limit); claimed.length < wanted;) {
        const missing = wanted - claimed.length
        const rows = await claimSome(missing, leaseMs, now)
        claimed.push(...rows.filter((row) => row !== null))
        if (rows.length < missing) break
      }
      return claimed
    },
    async settle(id, settlement, walk) {
      await change(id, `state = 'waiting'`, (before, due) => ({
        set: 'state = ?, due = ?, walk = ?',
        values: [
          settlement.state === 'retry' ? 'waiting' : settlement.state,
          settlement.state === 'retry' ? settlement.at : due,
          added(before, walk),
        ],
      }))
    },
    reopen: (id, note, now) =>
      change(id, `state <> 'waiting'`, (before) => ({
        set: `state = 'waiting', attempts = 0, due = ?, walk = ?`,
        values: [now, added(before, [note])],
      })),
    async get(id) {
      const [row] = await database.run([`SELECT ${INBOX_COLUMNS} FROM inbox WHERE id = ?`, key(id)])
      if (row === undefined) return null
      const readable = readInboxRow(row)
      if (readable.ok) return readable.value
      throw new Error(`The stored event ${JSON.stringify(id)} cannot be read and is left as it is: ${readable.error}`)
    },
    list: async (query) => (await database.run(selectRows(query))).map(read).filter((row) => row !== null),
    async depth() {
      const [row] = await database.run([`SELECT count(*) AS depth FROM inbox WHERE state = 'waiting'`])
      return Number(row?.['depth'])
    },
    async nextDue() {
      const [row] = await database.run([`SELECT min(due) AS due FROM inbox WHERE state = 'waiting'`])
      return typeof row?.['due'] === 'number' ? row['due'] : null
    },
    async prune(before) {
      for (let pruned = 0; ;) {
        const rows = await database.run(deleteSettled(before))
        pruned += rows.length
        if (rows.length < PRUNE_ROWS_MAX) return pruned
      }
    },
  }
}

type Change = { readonly set: string; readonly values: readonly (string | number)[] }

function added(before: string, walk: readonly WalkStep[]): string {
  return walkText([...readWalkText(before), ...walk])
}

/** A thousand events are a few statements: an invocation may make a thousand queries in all. */
function insertEvents(texts: readonly string[]): readonly Statement[] {
  const chunks: string[][] = []
  let length = Number.POSITIVE_INFINITY
  for (const text of texts) {
    if (length + text.length > VALUE_LENGTH_MAX) {
      chunks.push([])
      length = 0
    }
    chunks.at(-1)?.push(text)
    length += text.length + 1
  }
  return chunks.map((chunk) => [
    `INSERT INTO inbox (id, state, due, received, attempts, accepted, walk)
     SELECT value ->> 'id', 'waiting', value ->> 'at', value ->> 'at', 0, value ->> 'text', '[]'
     FROM json_each(?) WHERE true ON CONFLICT (id) DO NOTHING RETURNING id`,
    `[${chunk.join(',')}]`,
  ])
}
