/** Documents in memory, kept as text so that no value is shared. */

import { type Document, wakeAt } from '../../domain/document.ts'
import type { Documents } from '../documents.ts'
import { compareKeys, key } from '../key.ts'
import { boundedRows } from '../page.ts'
import { documentText, readable, readDocumentText } from '../stored.ts'

type StoredDocument = {
  readonly id: string
  readonly version: number
  readonly wake: number | null
  readonly body: string
}

export function createMemoryDocuments(): Documents {
  const rows = new Map<string, StoredDocument>()
  const read = ({ id, body }: StoredDocument): Document => readable(readDocumentText(id, body))
  return {
    async load(id) {
      const row = rows.get(id)
      return row === undefined ? null : { document: read(row), version: row.version }
    },
    async save(document, wasVersion) {
      const body = documentText(document)
      if ((rows.get(document.id)?.version ?? 0) !== wasVersion) return 'conflict'
      rows.set(document.id, { id: document.id, version: wasVersion + 1, wake: wakeAt(document), body })
      return 'saved'
    },
    async due(now, limit) {
      return [...rows.values()]
        .flatMap(({ id, wake }) => (wake !== null && wake <= now ? [{ id, wake }] : []))
        .toSorted((a, b) => a.wake - b.wake || compareKeys(key(a.id), key(b.id)))
        .slice(0, boundedRows(limit))
        .map(({ id }) => id)
    },
    async list({ prefix = '', after, limit }) {
      const found = [...rows.values()]
        .filter(({ id }) => id.startsWith(prefix) && (after === undefined || compareKeys(key(id), key(after)) > 0))
        .toSorted((a, b) => compareKeys(key(a.id), key(b.id)))
      const page = found.slice(0, boundedRows(limit))
      const next = found.length > page.length ? (page.at(-1)?.id ?? null) : null
      return { documents: page.map(read), damaged: [], next }
    },
  }
}
