/** The inbox in PostgreSQL: one row for each accepted event. `due` is when it may be claimed: a lease is a later `due`. */

import type { InboxRow, InboxState } from '../../domain/walk.ts'
import type { Inbox, InboxQuery } from '../inbox.ts'
import { idOfKey, key } from '../key.ts'
import { boundedRows } from '../page.ts'
import type { Damage } from '../state.ts'
import { eventText, readInboxRow, readWalkText, walkText } from '../stored.ts'
import type { Database, Row, Value } from './database.ts'

/** A row that cannot be read steps back for so long, out of the way of the others, and is tried again: an upgrade may have cured it. */
const DAMAGED_RETRY_MS = 3_600_000
/** Removed in one transaction, so that pruning a day never holds up a push. */
const PRUNE_ROWS_MAX = 500
/** A sender hears "later" before it gives up on us. */
const PUT_PATIENCE_MS = 6_000

const COLUMNS = 'place, id, state, attempts, accepted, walk'
/** Ids come from outside and may be too long for an index. */
const DIGEST = `sha256(convert_to($1::text, 'UTF8'))`

export type InboxOptions = {
  readonly database: Database
  /** This process, among others on the same database. */
  readonly self: string
  readonly onDamage: (damage: Damage) => void
  /** Something new waits: for other processes. */
  readonly tell: () => void
}

export function createPostgresInbox({ database, self, onDamage, tell }: InboxOptions): Inbox {
  function read(row: Row): InboxRow | null {
    const result = readInboxRow(row)
    if (result.ok) return result.value
    onDamage({ place: 'event', id: idOfKey(String(row['id'])), detail: result.error })
    return null
  }

  /** Fewer than `limit` where nothing more is due; null for one that cannot be read. */
  async function claimSome(limit: number, leaseMs: number, now: number): Promise<readonly (InboxRow | null)[]> {
    const rows = await database.run(CLAIM, [now, limit, now + Math.max(1, leaseMs), self])
    const found = rows.map((row) => ({ place: Number(row['place']), readable: read(row) }))
    const damaged = found.filter(({ readable }) => readable === null).map(({ place }) => place)
    if (damaged.length > 0) {
      const until = now + DAMAGED_RETRY_MS
      await database.run('UPDATE drayage.inbox SET due = $1 WHERE place = ANY ($2::bigint[])', [until, damaged])
    }
    return found.map(({ readable }) => readable)
  }

  /** Reads, changes and writes, again where somebody was faster. False: no such row is in such a state. */
  async function change(id: string, from: readonly InboxState[], to: (walk: string) => Change): Promise<boolean> {
    for (;;) {
      const [row] = await database.run(
        `SELECT place, walk FROM drayage.inbox WHERE digest = ${DIGEST} AND state = ANY ($2::text[])`,
        [key(id), from],
      )
      if (row === undefined) return false
      const { state, due, attempts, walk } = to(String(row['walk']))
      const changed = await database.run(
        `UPDATE drayage.inbox
         SET state = $1, due = coalesce($2::bigint, due), attempts = coalesce($3::integer, attempts), walk = $4,
           holder = NULL
         WHERE place = $5 AND state = ANY ($6::text[]) AND walk = $7 RETURNING 1`,
        [state, due, attempts, walk, Number(row['place']), from, String(row['walk'])],
      )
      if (changed.length > 0) return true
    }
  }

  return {
    async put(events) {
      const texts = events.map(eventText)
      if (events.length === 0) return []
      const values = [events.map(({ id }) => key(id)), events.map(({ receivedAt }) => receivedAt), texts]
      const stored = new Set((await database.run(PUT, values, PUT_PATIENCE_MS)).map((row) => row['id']))
      if (stored.size > 0) tell()
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
      await change(id, ['waiting'], (before) => ({
        state: settlement.state === 'retry' ? 'waiting' : settlement.state,
        due: settlement.state === 'retry' ? settlement.at : null,
        attempts: null,
        walk: walkText([...readWalkText(before), ...walk]),
      }))
    },
    async reopen(id, note, now) {
      const isOpen = await change(id, ['done', 'dead'], (before) => ({
        state: 'waiting',
        due: now,
        attempts: 0,
        walk: walkText([...readWalkText(before), note]),
      }))
      if (isOpen) tell()
      return isOpen
    },
    async get(id) {
      const [row] = await database.run(`SELECT ${COLUMNS} FROM drayage.inbox WHERE digest = ${DIGEST}`, [key(id)])
      if (row === undefined) return null
      const readable = readInboxRow(row)
      if (readable.ok) return readable.value
      throw new Error(`The stored event ${JSON.stringify(id)} cannot be read and is left as it is: ${readable.error}`)
    },
    async list(query) {
      const { text, values } = listQuery(query)
      return (await database.run(text, values)).map(read).filter((row) => row !== null)
    },
    async depth() {
      const [row] = await database.run(`SELECT count(*) AS depth FROM drayage.inbox WHERE state = 'waiting'`)
      return Number(row?.['depth'])
    },
    async nextDue() {
      const [row] = await database.run(`SELECT min(due) AS due FROM drayage.inbox WHERE state = 'waiting'`)
      return typeof row?.['due'] === 'number' ? row['due'] : null
    },
    async prune(before) {
      for (let pruned = 0; ;) {
        const rows = await database.run(PRUNE, [before, PRUNE_ROWS_MAX])
        pruned += rows.length
        if (rows.length < PRUNE_ROWS_MAX) return pruned
      }
    },
  }
}

type Change = {
  readonly state: InboxState
  readonly due: number | null
  readonly attempts: number | null
  readonly walk: string
}

/** Numbered as they came; written in the order of their digests, so that two writers of the same events never wait for each other. */
const PUT = `INSERT INTO drayage.inbox (place, digest, id, state, due, received, attempts, accepted, walk)
  SELECT place, digest, id, 'waiting', received, received, 0, accepted, '[]' FROM (
    SELECT nextval('drayage.inbox_place') AS place, sha256(convert_to(id, 'UTF8')) AS digest, id, received, accepted
    FROM unnest($1::text[], $2::bigint[], $3::text[]) WITH ORDINALITY AS event (id, received, accepted, number)
    ORDER BY number
  ) AS numbered ORDER BY digest, place
  ON CONFLICT (digest) DO NOTHING RETURNING id`

/** A lease need not survive the server, so nobody waits for the disk. */
const CLAIM = `WITH relaxed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),
  next AS MATERIALIZED (
    SELECT place, due FROM drayage.inbox WHERE state = 'waiting' AND due <= $1::bigint
    ORDER BY due, place LIMIT $2 FOR UPDATE SKIP LOCKED
  ),
  claimed AS (
    UPDATE drayage.inbox SET due = $3::bigint, attempts = attempts + 1, holder = $4::uuid FROM next, relaxed
    WHERE inbox.place = next.place
    RETURNING inbox.place, id, state, attempts, accepted, walk, next.due AS was
  )
  SELECT ${COLUMNS} FROM claimed ORDER BY was, place`

const PRUNE = `DELETE FROM drayage.inbox WHERE place IN (
    SELECT place FROM drayage.inbox WHERE received < $1::bigint AND state IN ('done', 'dead')
    ORDER BY received LIMIT $2 FOR UPDATE SKIP LOCKED
  ) RETURNING 1`

/** Literals, for a partial index is used only where the query says the same. */
const IN_STATE: Readonly<Record<InboxState, string>> = {
  waiting: `state = 'waiting'`,
  done: `state = 'done'`,
  dead: `state = 'dead'`,
}

function listQuery({ state, before, limit }: InboxQuery): { text: string; values: readonly Value[] } {
  const inState = state === undefined ? 'true' : IN_STATE[state]
  const order = 'ORDER BY received DESC, id DESC'
  if (before === undefined) {
    const text = `SELECT ${COLUMNS} FROM drayage.inbox WHERE ${inState} ${order} LIMIT $1`
    return { text, values: [boundedRows(limit)] }
  }
  const newer = `(SELECT received, id FROM drayage.inbox WHERE digest = ${DIGEST})`
  // Said twice, for an index knows the first column only.
  const older = `received <= (SELECT received FROM drayage.inbox WHERE digest = ${DIGEST}) AND (received, id) < ${newer}`
  const text = `SELECT ${COLUMNS} FROM drayage.inbox WHERE ${inState} AND ${older} ${order} LIMIT $2`
  return { text, values: [key(before), boundedRows(limit)] }
}
