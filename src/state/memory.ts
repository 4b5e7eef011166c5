/** The store of tests, simulations and the first request on any platform: nothing outlives the process. Kept as text, so no value is shared. */

import { type Document, wakeAt } from '../domain/document.ts'
import type { Entry } from '../domain/history.ts'
import type { Result } from '../domain/result.ts'
import type { InboxRow, WalkStep } from '../domain/walk.ts'
import type { Documents } from './documents.ts'
import type { Inbox } from './inbox.ts'
import type { Journal, JournalQuery } from './journal.ts'
import { compareKeys, key } from './key.ts'
import { boundedRows, formatPlace, parsePlace, type Place } from './page.ts'
import type { State } from './state.ts'
import {
  documentText,
  entryText,
  eventText,
  readDocumentText,
  readEntryText,
  readInboxRow,
  readWalkText,
  walkText,
} from './stored.ts'

export function createMemoryState(): State {
  return { documents: createMemoryDocuments(), inbox: createMemoryInbox(), journal: createMemoryJournal() }
}

type StoredDocument = {
  readonly id: string
  readonly version: number
  readonly wake: number | null
  readonly body: string
}

function createMemoryDocuments(): Documents {
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

type StoredEvent = {
  readonly id: string
  readonly state: InboxRow['state']
  readonly due: number
  readonly received: number
  readonly attempts: number
  readonly accepted: string
  readonly walk: string
}

function createMemoryInbox(): Inbox {
  /** In the order of arrival. */
  const rows = new Map<string, StoredEvent>()
  const waiting = () => [...rows.values()].filter(({ state }) => state === 'waiting')
  const read = (row: StoredEvent): InboxRow => readable(readInboxRow(row))
  const longer = (walk: string, steps: readonly WalkStep[]) => walkText([...readWalkText(walk), ...steps])
  return {
    async put(events) {
      const texts = events.map((event) => ({ event, accepted: eventText(event) }))
      return texts.map(({ event, accepted }) => {
        if (rows.has(event.id)) return 'duplicate'
        const { id, receivedAt } = event
        rows.set(id, { id, state: 'waiting', due: receivedAt, received: receivedAt, attempts: 0, accepted, walk: '[]' })
        return 'stored'
      })
    },
    async claim(limit, leaseMs, now) {
      const due = waiting().filter((row) => row.due <= now)
      const claimed = due.toSorted((a, b) => a.due - b.due).slice(0, boundedRows(limit))
      return claimed.map((row) => {
        const leased = { ...row, due: now + Math.max(1, leaseMs), attempts: row.attempts + 1 }
        rows.set(row.id, leased)
        return read(leased)
      })
    },
    async settle(id, settlement, walk) {
      const row = rows.get(id)
      if (row === undefined || row.state !== 'waiting') return
      const outcome =
        settlement.state === 'retry' ? { state: 'waiting' as const, due: settlement.at } : { state: settlement.state }
      rows.set(id, { ...row, ...outcome, walk: longer(row.walk, walk) })
    },
    async reopen(id, note, now) {
      const row = rows.get(id)
      if (row === undefined || row.state === 'waiting') return false
      rows.set(id, { ...row, state: 'waiting', due: now, attempts: 0, walk: longer(row.walk, [note]) })
      return true
    },
    async get(id) {
      const row = rows.get(id)
      return row === undefined ? null : read(row)
    },
    async list({ state, before, limit }) {
      const newer = before === undefined ? undefined : rows.get(before)
      if (before !== undefined && newer === undefined) return []
      return [...rows.values()]
        .filter((row) => (state === undefined || row.state === state) && (newer === undefined || byAge(row, newer) > 0))
        .toSorted(byAge)
        .slice(0, boundedRows(limit))
        .map(read)
    },
    async depth() {
      return waiting().length
    },
    async nextDue() {
      return waiting().reduce<number | null>((least, { due }) => (least === null ? due : Math.min(least, due)), null)
    },
    async prune(before) {
      const old = [...rows.values()].filter((row) => row.state !== 'waiting' && row.received < before)
      for (const { id } of old) rows.delete(id)
      return old.length
    },
  }
}

function byAge(a: StoredEvent, b: StoredEvent): number {
  return b.received - a.received || compareKeys(key(b.id), key(a.id))
}

type StoredEntry = Place & {
  readonly text: string
  readonly promotion: string | undefined
  readonly image: string | undefined
  readonly cause: string | undefined
}

function createMemoryJournal(): Journal {
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

/** We wrote it a moment ago and checked it then. */
function readable<T>(read: Result<T, unknown>): T {
  if (read.ok) return read.value
  throw new Error(`The memory store cannot read what it wrote: ${JSON.stringify(read.error)}`)
}
