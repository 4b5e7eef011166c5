/** The journal in memory, its entries kept as text so that no value is shared. */

import type { Entry } from '../../domain/history.ts'
import type { Journal, JournalQuery } from '../journal.ts'
import { compareKeys, key } from '../key.ts'
import { boundedRows, formatPlace, parsePlace, type Place } from '../page.ts'
import { entryText, readable, readEntryText } from '../stored.ts'

type StoredEntry = Place & {
  readonly text: string
  readonly promotion: string | undefined
  readonly image: string | undefined
  readonly cause: string | undefined
}

export function createMemoryJournal(): Journal {
  const documents = new Map<string, Map<number, StoredEntry>>()
  return {
    async append(entries) {
      const rows = entries.map((entry) => ({ ...pick(entry), text: entryText(entry) }))
      for (const row of rows) {
        const chain = documents.get(row.document) ?? new Map<number, StoredEntry>()
        documents.set(row.document, chain)
        if (!chain.has(row.seq)) chain.set(row.seq, row)
      }
    },
    async query(query) {
      const place = query.before === undefined ? undefined : parsePlace(query.before)
      if (place === null) return { entries: [], next: null }
      const order = query.document === undefined ? byTime : byChain
      const found = [...documents.values()]
        .flatMap((chain) => [...chain.values()])
        .filter((row) => isFound(query, row) && (place === undefined || order(row, place) > 0))
        .toSorted(order)
      const page = found.slice(0, boundedRows(query.limit))
      const last = page.at(-1)
      const next = found.length > page.length && last !== undefined ? formatPlace(last) : null
      return { entries: page.map(({ text }) => readable(readEntryText(text))), next }
    },
  }
}

function pick({ at, seq, document, promotion, image, cause }: Entry): Omit<StoredEntry, 'text'> {
  return { at, seq, document, promotion, image, cause }
}

function isFound(query: JournalQuery, row: StoredEntry): boolean {
  return (
    (query.document === undefined || row.document === query.document) &&
    (query.promotion === undefined || row.promotion === query.promotion) &&
    (query.image === undefined || row.image?.includes(query.image) === true) &&
    (query.cause === undefined || row.cause === query.cause)
  )
}

/** Newest first. */
function byTime(a: Place, b: Place): number {
  return b.at - a.at || compareKeys(key(b.document), key(a.document)) || b.seq - a.seq
}

function byChain(a: Place, b: Place): number {
  return b.seq - a.seq
}
