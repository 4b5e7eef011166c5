/** Documents in PostgreSQL: one row each, swapped where its version is still the one that was read. */

import { type Document, wakeAt } from '../../domain/document.ts'
import { err, type Result } from '../../domain/result.ts'
import type { DamagedDocument, DocumentPage, Documents } from '../documents.ts'
import { describeDamage, pageOf } from '../damage.ts'
import { idOfKey, key, KEY_END } from '../key.ts'
import { boundedRows } from '../page.ts'
import type { Damage } from '../state.ts'
import { documentText, readDocumentText } from '../stored.ts'
import type { Database } from './database.ts'

/** What one process was given as due is given to no other meanwhile: by then it has claimed the work, or is dead. */
const HELD_MS = 3_000
/** News for other processes: what is due so soon. */
const SOON_MS = 1_000

export type DocumentsOptions = {
  readonly database: Database
  /** This process, among others on the same database. */
  readonly self: string
  readonly onDamage: (damage: Damage) => void
  readonly tell: () => void
}

export function createPostgresDocuments({ database, self, onDamage, tell }: DocumentsOptions): Documents {
  /** Keys of what could not be read, so that it does not stand first in `due` for ever; tried again by each `load`. */
  const damaged = new Set<string>()

  function read(stored: string, body: unknown): Result<Document, DamagedDocument> {
    const id = idOfKey(stored)
    const result = readDocumentText(id, String(body))
    if (result.ok) {
      damaged.delete(stored)
      return result
    }
    damaged.add(stored)
    onDamage({ place: 'document', id, detail: result.error.detail })
    return err({ id, ...result.error })
  }

  return {
    async load(id) {
      const [row] = await database.run('SELECT version, body FROM drayage.document WHERE id = $1', [key(id)])
      if (row === undefined) return null
      const result = read(key(id), row['body'])
      if (!result.ok) throw new Error(describeDamage(result.error))
      return { document: result.value, version: Number(row['version']) }
    },
    async save(document, wasVersion, now) {
      const wake = wakeAt(document)
      const lessee = document.effects.some(({ lease }) => lease !== undefined) ? self : null
      const values = [key(document.id), wasVersion, wake, now, crypto.randomUUID(), documentText(document), lessee]
      const rows = await database.run(wasVersion === 0 ? CREATE : SWAP, values)
      if (rows.length === 0) return 'conflict'
      if (wake !== null && wake <= now + SOON_MS) tell()
      return 'saved'
    },
    async due(now, limit) {
      const rows = await database.run(DUE, [now, self, HELD_MS, [...damaged], boundedRows(limit)])
      return rows.map((row) => idOfKey(String(row['id'])))
    },
    async list({ prefix = '', after, limit }): Promise<DocumentPage> {
      const isFirst = after === undefined || key(after) < key(prefix)
      const rows = await database.run(
        `SELECT id, body FROM drayage.document WHERE id ${isFirst ? '>=' : '>'} $1 AND id < $2 ORDER BY id LIMIT $3`,
        [key(isFirst ? prefix : after), key(prefix) + KEY_END, boundedRows(limit) + 1],
      )
      const page = rows.slice(0, boundedRows(limit))
      const last = page.at(-1)
      const all = page.map((row) => read(String(row['id']), row['body']))
      const next = rows.length > page.length && last !== undefined ? idOfKey(String(last['id'])) : null
      return pageOf(all, next)
    },
  }
}

/** A save whose answer was lost finds its own stamp, and knows that it was done. */
const OURS = 'SELECT 1 FROM drayage.document WHERE id = $1 AND version = $2 + 1 AND stamp = $5::uuid'

const CREATE = `WITH swapped AS (
    INSERT INTO drayage.document (id, version, wake, saved, stamp, body, lessees)
    VALUES ($1, $2::bigint + 1, $3, $4, $5, $6, CASE WHEN $7::uuid IS NOT NULL THEN ARRAY[$7::uuid] END)
    ON CONFLICT (id) DO NOTHING RETURNING 1
  ) SELECT 1 FROM swapped UNION ALL ${OURS}`

const SWAP = `WITH swapped AS (
    UPDATE drayage.document
    SET version = $2::bigint + 1, wake = $3, saved = $4, stamp = $5, body = $6, holder = NULL, held = NULL,
      lessees = CASE WHEN $7::uuid IS NULL THEN NULL WHEN $7::uuid = ANY (lessees) THEN lessees
        ELSE array_append(lessees, $7::uuid) END
    WHERE id = $1 AND version = $2::bigint RETURNING 1
  ) SELECT 1 FROM swapped UNION ALL ${OURS}`

/** A note of who has it need not survive the server, so nobody waits for the disk. */
const DUE = `WITH relaxed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),
  next AS MATERIALIZED (
    SELECT id, wake, holder, held FROM drayage.document
    WHERE wake <= $1::bigint AND (holder IS NULL OR holder = $2::uuid OR held <= $1::bigint) AND id <> ALL ($4::text[])
    ORDER BY wake, id LIMIT $5 FOR UPDATE SKIP LOCKED
  ),
  noted AS (
    UPDATE drayage.document SET holder = $2::uuid, held = $1::bigint + $3::bigint FROM next, relaxed
    WHERE document.id = next.id AND (next.holder IS DISTINCT FROM $2::uuid OR next.held < $1::bigint + $3::bigint / 2)
  )
  SELECT id FROM next ORDER BY wake, id`
