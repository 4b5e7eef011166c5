/** Documents in SQL: one row each, swapped where its version is still the one that was read. */

import { type Document, wakeAt } from '../../domain/document.ts'
import { err, type Result } from '../../domain/result.ts'
import { describeDamage, pageOf } from '../damage.ts'
import type { DamagedDocument, DocumentPage, Documents } from '../documents.ts'
import { idOfKey, key, KEY_END } from '../key.ts'
import { boundedRows } from '../page.ts'
import type { Sql, SqlRow, SqlStore, Statement } from '../sql.ts'
import { documentText, readDocumentText } from '../stored.ts'

export function createSqlDocuments({ sql, commit, onDamage }: SqlStore): Documents {
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
      const [row] = sql.run('SELECT version, body FROM document WHERE id = ?', key(id))
      if (row === undefined) return null
      const result = read(key(id), row['body'])
      if (!result.ok) throw new Error(describeDamage(result.error))
      return { document: result.value, version: Number(row['version']) }
    },
    async save(document, wasVersion, now) {
      const body = documentText(document)
      return commit(() => (swap(sql, { document, body, wasVersion, now }) ? 'saved' : 'conflict'))
    },
    async due(now, limit) {
      const rows = sql.run(
        'SELECT id FROM document WHERE wake <= ? ORDER BY wake, id LIMIT ?',
        now,
        boundedRows(limit) + damaged.size,
      )
      const readable = rows.map((row) => String(row['id'])).filter((stored) => !damaged.has(stored))
      return readable.slice(0, limit).map(idOfKey)
    },
    list: async (query) => readPage(sql.run(...selectPage(query)), query.limit, read),
  }
}

type PageQuery = Parameters<Documents['list']>[0]

/** One row more than asked for, which says whether there is a next page. */
export function selectPage({ prefix = '', after, limit }: PageQuery): Statement {
  const isFirst = after === undefined || key(after) < key(prefix)
  return [
    `SELECT id, body FROM document WHERE id ${isFirst ? '>=' : '>'} ? AND id < ? ORDER BY id LIMIT ?`,
    key(isFirst ? prefix : after),
    key(prefix) + KEY_END,
    boundedRows(limit) + 1,
  ]
}

type Read = (stored: string, body: unknown) => Result<Document, DamagedDocument>

export function readPage(rows: readonly SqlRow[], limit: number, read: Read): DocumentPage {
  const page = rows.slice(0, boundedRows(limit))
  const last = page.at(-1)
  const all = page.map((row) => read(String(row['id']), row['body']))
  return pageOf(all, rows.length > page.length && last !== undefined ? idOfKey(String(last['id'])) : null)
}

type Swap = { readonly document: Document; readonly body: string; readonly wasVersion: number; readonly now: number }

function swap(sql: Sql, { document, body, wasVersion, now }: Swap): boolean {
  const values = [wasVersion + 1, wakeAt(document), now, body, key(document.id)] as const
  const rows =
    wasVersion === 0
      ? sql.run(
          'INSERT INTO document (version, wake, saved, body, id) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1',
          ...values,
        )
      : sql.run(
          'UPDATE document SET version = ?, wake = ?, saved = ?, body = ? WHERE id = ? AND version = ? RETURNING 1',
          ...values,
          wasVersion,
        )
  return rows.length > 0
}
