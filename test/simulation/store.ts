/**
 * The memory store, quicker: whoever loads a document gets the one that all others get, and may not change it. That nobody does,
 * and that each can be read again, is looked at with the first saves of a schedule, and then with every few.
 */

import { copyOf } from '../../src/domain/copy.ts'
import { wakeAt, type Document } from '../../src/domain/document.ts'
import type { Documents } from '../../src/state/documents.ts'
import { createMemoryState } from '../../src/state/memory.ts'
import type { State } from '../../src/state/state.ts'
import { documentText } from '../../src/state/stored.ts'
import type { Chronicle } from './chronicle.ts'

const CHECKED_FIRST = 4
const CHECKED_EVERY = 16

/** Its text where it was looked at. */
type Row = {
  readonly version: number
  readonly wake: number | null
  readonly document: Document
  readonly text?: string
}

export function createSimulatedState(chronicle: Chronicle): State {
  return { ...createMemoryState(), documents: createDocuments(chronicle) }
}

function createDocuments({ check }: Chronicle): Documents {
  const rows = new Map<string, Row>()
  let saves = 0
  const kept = (document: Document): Pick<Row, 'document' | 'text'> => {
    saves += 1
    if (saves > CHECKED_FIRST && saves % CHECKED_EVERY !== 0) return { document: copyOf(document) }
    const text = documentText(document)
    return { document: JSON.parse(text) as Document, text }
  }
  return {
    async load(id) {
      const row = rows.get(id)
      return row === undefined ? null : { document: row.document, version: row.version }
    },
    async save(document, wasVersion) {
      const before = rows.get(document.id)
      if ((before?.version ?? 0) !== wasVersion) return 'conflict'
      const isAsSaved = before?.text === undefined || JSON.stringify(before.document) === before.text
      check(isAsSaved, () => `somebody changed ${document.id} after it was read`)
      rows.set(document.id, { version: wasVersion + 1, wake: wakeAt(document), ...kept(document) })
      return 'saved'
    },
    async due(now, limit) {
      return [...rows]
        .flatMap(([id, { wake }]) => (wake !== null && wake <= now ? [{ id, wake }] : []))
        .toSorted((a, b) => a.wake - b.wake || (a.id < b.id ? -1 : 1))
        .slice(0, limit)
        .map(({ id }) => id)
    },
    async list({ prefix = '', after = '', limit }) {
      const found = [...rows].filter(([id]) => id.startsWith(prefix) && id > after)
      const page = found.toSorted(([a], [b]) => (a < b ? -1 : 1)).slice(0, limit)
      const next = found.length > page.length ? (page.at(-1)?.[0] ?? null) : null
      return { documents: page.map(([, { document }]) => document), damaged: [], next }
    },
  }
}
