/**
 * One document's object: the shared SQL over its own database, an alarm that is set with each save, a copy in D1. The
 * alarm is caught and set again whatever happens: one that keeps throwing is dropped by the platform after six tries.
 */

import { type DocumentId, wakeAt } from '../../domain/document.ts'
import type { Log } from '../../domain/log.ts'
import type { RemoteObject } from '../durable-object.ts'
import type { Database } from '../d1/database.ts'
import { createIndexOfDocuments, indexDocument } from '../d1/index-of-documents.ts'
import type { Loaded } from '../documents.ts'
import { idOfKey } from '../key.ts'
import { createSqlState, type Sql, type SqlRow, type SqlValue } from '../sql.ts'
import { insertEntry } from '../sql/journal.ts'
import { takeOver } from '../take-over.ts'

const BACKOFF_FIRST_MS = 1_000
const BACKOFF_MAX_MS = 60_000
/** What cannot be read waits for an upgrade, or for a person. */
const DAMAGED_RETRY_MS = 3_600_000
const ENTRIES_AT_ONCE_MAX = 100
/** The platform takes no earlier instant. */
const ALARM_MIN = 1
/** While it works, its alarm stays this near: should it die, the next instance takes over soon. */
const WATCH_MS = 10_000

/** The part of Cloudflare's `DurableObjectStorage` that we use. Answers of an object leave it when its writes are on disk. */
export type ObjectStorage = {
  readonly sql: { exec(query: string, ...values: SqlValue[]): { toArray(): SqlRow[] } }
  transactionSync<T>(work: () => T): T
  setAlarm(at: number): Promise<void>
  deleteAlarm(): Promise<void>
}

export type DocumentObjectOptions = {
  readonly storage: ObjectStorage
  readonly database: Database
  /** Performs what is due on the document. */
  readonly work: (id: DocumentId) => Promise<void>
  readonly now: () => number
  readonly log: Log
}

export type DocumentObject = RemoteObject & {
  alarm(): Promise<void>
  /** Whether this is the object of that document. */
  holds(id: DocumentId): boolean
}

export function createDocumentObject({ storage, database, work, now, log }: DocumentObjectOptions): DocumentObject {
  const sql = sqlOf(storage)
  const { documents, journal } = createSqlState(sql, {
    onDamage: ({ place, id, detail }) => log.error('state damaged', { place, id, detail }),
  })
  const index = createIndexOfDocuments(database, () => {})
  /** False where D1 may lack something of ours. */
  let isPublished = sql.run('SELECT 1 FROM journal LIMIT 1').length === 0
  /** In a row: of bringing our news to D1, and of work that changed nothing. */
  let unpublished = 0
  let stalls = 0
  let isWorking = false
  /** There is one instance at a time, so leases that it finds are those of a dead one. Fencing stops what that one left behind. */
  let hasTakenOver = false

  const ownId = (): DocumentId | null => {
    const [row] = sql.run('SELECT id FROM document LIMIT 1')
    return row === undefined ? null : idOfKey(String(row['id']))
  }
  const own = async (): Promise<Loaded | null> => {
    const id = ownId()
    return id === null ? null : documents.load(id)
  }

  /** In the same turn as the save that it belongs to: the platform then writes both or neither. */
  async function arm(wake: number | null): Promise<void> {
    const all = [wake, isPublished ? null : now() + backoffMs(unpublished), isWorking ? now() + WATCH_MS : null].filter(
      (at) => at !== null,
    )
    if (all.length === 0) await storage.deleteAlarm()
    else await storage.setAlarm(Math.max(Math.min(...all), ALARM_MIN))
  }

  /** After work: what is due still would be due at once again, for ever. */
  async function armAfterWork(): Promise<void> {
    const loaded = await own()
    if (loaded === null) return
    const wake = wakeAt(loaded.document)
    await arm(wake !== null && wake <= now() && stalls > 0 ? now() + backoffMs(stalls) : wake)
  }

  /** The copy in D1, and the entries that came with the saves: one transaction there. They stay here until it is done. */
  async function publish(id: DocumentId): Promise<void> {
    isPublished = false
    try {
      const loaded = await own()
      if (loaded === null) return
      const { entries, next } = await journal.query({ limit: ENTRIES_AT_ONCE_MAX })
      const copy = indexDocument(loaded.document, loaded.version, now())
      await database.transaction([...entries.flatMap(insertEntry), copy])
      for (const { seq } of entries) sql.run('DELETE FROM journal WHERE seq = ?', seq)
      // Another save may have come while D1 was at work: its own publishing sets this again.
      isPublished = next === null && (await own())?.version === loaded.version
      unpublished = 0
    } catch (error) {
      unpublished += 1
      log.warn('index waits', { document: id, detail: describe(error) })
    }
  }

  async function workOn(id: DocumentId): Promise<void> {
    isWorking = true
    await storage.setAlarm(now() + WATCH_MS)
    if (!hasTakenOver) await takeOver(documents, now())
    hasTakenOver = true
    const before = (await own())?.version
    try {
      await work(id)
      stalls = (await own())?.version === before ? stalls + 1 : 0
    } catch (error) {
      stalls += 1
      log.error('document waits', { document: id, detail: describe(error) })
    } finally {
      isWorking = false
    }
  }

  return {
    load: (id) => documents.load(id),
    async save(document, wasVersion, at) {
      const outcome = await documents.save(document, wasVersion, at)
      if (outcome === 'conflict') return outcome
      await journal.append(document.tail)
      await arm(wakeAt(document))
      await publish(document.id)
      if (!isPublished) await arm(wakeAt((await own())?.document ?? document))
      return outcome
    },
    async wake() {
      isPublished = false
      await storage.setAlarm(now())
    },
    async alarm() {
      const id = ownId()
      if (id === null) return
      try {
        if (!isPublished) await publish(id)
        await workOn(id)
        await armAfterWork()
      } catch (error) {
        log.error('document cannot be read', { document: id, detail: describe(error) })
        const later = now() + DAMAGED_RETRY_MS
        await storage.setAlarm(later)
        await index.postpone(id, later).catch(() => {})
      }
    },
    holds: (id) => ownId() === id,
  }
}

function backoffMs(failures: number): number {
  return Math.min(BACKOFF_FIRST_MS * 2 ** Math.min(failures, 10), BACKOFF_MAX_MS)
}

function sqlOf(storage: ObjectStorage): Sql {
  return {
    run: (query, ...values) => storage.sql.exec(query, ...values).toArray(),
    transaction: (work) => storage.transactionSync(work),
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown failure'
}
