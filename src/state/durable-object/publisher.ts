/**
 * Brings what an object keeps to D1: the copy of its document, and the entries of its tail. An entry is in the document
 * until a save replaces the tail; what D1 may not have by then goes to an outbox, so nothing is lost while D1 is down.
 */

import type { DocumentId } from '../../domain/document.ts'
import type { Entry } from '../../domain/history.ts'
import type { Log } from '../../domain/log.ts'
import type { Database } from '../d1/database.ts'
import { indexDocument } from '../d1/index-of-documents.ts'
import type { Loaded } from '../documents.ts'
import type { Sql } from '../sql.ts'
import { insertEntry } from '../sql/journal.ts'
import { entryText, readEntryText } from '../stored.ts'

const BACKOFF_FIRST_MS = 1_000
const BACKOFF_MAX_MS = 60_000
const ENTRIES_AT_ONCE_MAX = 100

export type PublisherOptions = {
  readonly sql: Sql
  readonly database: Database
  readonly own: () => Promise<Loaded | null>
  readonly now: () => number
  readonly log: Log
}

export function createPublisher({ sql, database, own, now, log }: PublisherOptions) {
  sql.run('CREATE TABLE IF NOT EXISTS outbox (seq INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT')
  /** `unknown`: the instance before us may have died before it could tell. Then the outbox is used to be safe, and that is all. */
  let state: 'published' | 'unknown' | 'behind' = isOutboxEmpty(sql) ? 'unknown' : 'behind'
  let failures = 0

  return {
    /** When to try again; null where D1 has all. */
    retryAt: () => (state === 'behind' ? now() + backoffMs(failures) : null),
    /** The document was saved, and was `before` until now. In the same turn as the save, so that both are written or neither. */
    saved(before: Loaded | null): void {
      const tail = state === 'published' ? [] : (before?.document.tail ?? [])
      for (const entry of tail) {
        sql.run('INSERT INTO outbox (seq, body) VALUES (?, ?) ON CONFLICT DO NOTHING', entry.seq, entryText(entry))
      }
      state = 'behind'
    },
    /** Somebody found an old copy in D1. */
    suspect(): void {
      state = 'behind'
    },
    /** Never throws: what could not be brought now is brought later. */
    async publish(id: DocumentId): Promise<void> {
      state = 'behind'
      try {
        const loaded = await own()
        if (loaded === null) return
        const waiting = readOutbox(sql)
        const entries = [...waiting.entries, ...loaded.document.tail]
        const copy = indexDocument(loaded.document, loaded.version, now())
        await database.transaction([...entries.flatMap(insertEntry), copy])
        for (const seq of waiting.seqs) sql.run('DELETE FROM outbox WHERE seq = ?', seq)
        // Another save may have come while D1 was at work: its own publishing sets this again.
        if (isOutboxEmpty(sql) && (await own())?.version === loaded.version) state = 'published'
        failures = 0
      } catch (error) {
        failures += 1
        log.warn('index waits', { document: id, detail: error instanceof Error ? error.message : 'unknown failure' })
      }
    },
  }
}

/** 1, 2, 4 … seconds, at most a minute. */
export function backoffMs(failures: number): number {
  return Math.min(BACKOFF_FIRST_MS * 2 ** Math.min(failures, 10), BACKOFF_MAX_MS)
}

function isOutboxEmpty(sql: Sql): boolean {
  return sql.run('SELECT 1 FROM outbox LIMIT 1').length === 0
}

/** One that cannot be read was not written by this program: it is let go, and its hash is missed in the chain. */
function readOutbox(sql: Sql): { readonly seqs: readonly number[]; readonly entries: readonly Entry[] } {
  const rows = sql.run('SELECT seq, body FROM outbox ORDER BY seq LIMIT ?', ENTRIES_AT_ONCE_MAX)
  const read = rows.map((row) => readEntryText(String(row['body'])))
  return {
    seqs: rows.map((row) => Number(row['seq'])),
    entries: read.flatMap((entry) => (entry.ok ? [entry.value] : [])),
  }
}
