/**
 * All documents in one place, for lists and for the sweep: a copy of what each object holds, brought up to date after
 * each save. It is never read to decide: that is the object's own copy.
 */

import { type Document, type DocumentId, wakeAt } from '../../domain/document.ts'
import { err, type Result } from '../../domain/result.ts'
import type { DamagedDocument, Documents } from '../documents.ts'
import { idOfKey, key } from '../key.ts'
import { boundedRows } from '../page.ts'
import type { Statement } from '../sql.ts'
import { readPage, selectPage } from '../sql/documents.ts'
import type { Damage } from '../state.ts'
import { documentText, readDocumentText } from '../stored.ts'
import type { Database } from './database.ts'

export type IndexOfDocuments = Pick<Documents, 'due' | 'list'> & {
  /** Out of the way of the others: it is not due before then, unless it is saved. */
  postpone(id: DocumentId, until: number): Promise<void>
}

export function createIndexOfDocuments(database: Database, onDamage: (damage: Damage) => void): IndexOfDocuments {
  const read = (stored: string, body: unknown): Result<Document, DamagedDocument> => {
    const id = idOfKey(stored)
    const result = readDocumentText(id, String(body))
    if (result.ok) return result
    onDamage({ place: 'document', id, detail: result.error.detail })
    return err({ id, ...result.error })
  }
  return {
    async due(now, limit) {
      const rows = await database.run([
        'SELECT id FROM document WHERE wake <= ? ORDER BY wake, id LIMIT ?',
        now,
        boundedRows(limit),
      ])
      return rows.map((row) => idOfKey(String(row['id'])))
    },
    list: async (query) => readPage(await database.run(selectPage(query)), query.limit, read),
    async postpone(id, until) {
      await database.run(['UPDATE document SET wake = ? WHERE id = ? AND wake < ?', until, key(id), until])
    },
  }
}

/** Copies come in any order: an older one changes nothing. */
export function indexDocument(document: Document, version: number, now: number): Statement {
  return [
    `INSERT INTO document (id, version, wake, saved, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE
     SET version = excluded.version, wake = excluded.wake, saved = excluded.saved, body = excluded.body
     WHERE excluded.version >= document.version`,
    key(document.id),
    version,
    wakeAt(document),
    now,
    documentText(document),
  ]
}
