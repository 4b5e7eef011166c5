/**
 * One document's object: the shared SQL over its own database, an alarm that is set with each save, a copy in D1. The
 * alarm is caught and set again whatever happens: one that keeps throwing is dropped by the platform after six tries.
 */

import { type Document, type DocumentId, wakeAt } from '../../domain/document.ts'
import type { Log } from '../../domain/log.ts'
import type { RemoteObject } from '../durable-object.ts'
import type { Database } from '../d1/database.ts'
import { createIndexOfDocuments } from '../d1/index-of-documents.ts'
import type { Loaded } from '../documents.ts'
import { idOfKey } from '../key.ts'
import { createSqlState, type Sql, type SqlRow, type SqlValue } from '../sql.ts'
import { takeOver } from '../take-over.ts'
import { backoffMs, createPublisher } from './publisher.ts'

/** What cannot be read waits for an upgrade, or for a person. */
const DAMAGED_RETRY_MS = 3_600_000
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
  const { documents } = createSqlState(sql, {
    onDamage: ({ place, id, detail }) => log.error('state damaged', { place, id, detail }),
  })
  const publisher = createPublisher({ sql, database, own, now, log })
  const index = createIndexOfDocuments(database, () => {})
  /** In a row: work that changed nothing. */
  let stalls = 0
  let isWorking = false
  /** There is one instance at a time, so leases that it finds are those of a dead one. Fencing stops what that one left behind. */
  let hasTakenOver = false

  function ownId(): DocumentId | null {
    const [row] = sql.run('SELECT id FROM document LIMIT 1')
    return row === undefined ? null : idOfKey(String(row['id']))
  }
  async function own(): Promise<Loaded | null> {
    const id = ownId()
    return id === null ? null : documents.load(id)
  }

  /** Leases of a dead instance would be waited for: they end at once, by an alarm that takes over. */
  function wakeOf(document: Document): number | null {
    const isLeft = !hasTakenOver && document.effects.some(({ lease }) => lease !== undefined)
    return isLeft ? now() : wakeAt(document)
  }

  /** In the same turn as the save that it belongs to: the platform then writes both or neither. */
  async function arm(...instants: readonly (number | null)[]): Promise<void> {
    const all = [...instants, isWorking ? now() + WATCH_MS : null].filter((at) => at !== null)
    if (all.length === 0) await storage.deleteAlarm()
    else await storage.setAlarm(Math.max(Math.min(...all), ALARM_MIN))
  }

  /** After work: what is due still would be due at once again, for ever. */
  async function armAfterWork(): Promise<void> {
    const loaded = await own()
    if (loaded === null) return
    const wake = wakeAt(loaded.document)
    const again = wake !== null && wake <= now() && stalls > 0 ? now() + backoffMs(stalls) : wake
    await arm(again, publisher.retryAt())
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
      const before = await own()
      const outcome = await documents.save(document, wasVersion, at)
      if (outcome === 'conflict') return outcome
      publisher.saved(before)
      await arm(wakeOf(document))
      // The saves of one piece of work are brought to D1 together, at its end.
      if (isWorking) return outcome
      await publisher.publish(document.id)
      if (publisher.retryAt() !== null) await arm(wakeOf((await own())?.document ?? document), publisher.retryAt())
      return outcome
    },
    async wake() {
      publisher.suspect()
      await storage.setAlarm(now())
    },
    async alarm() {
      const id = ownId()
      if (id === null) return
      try {
        await workOn(id)
        if (publisher.retryAt() !== null) await publisher.publish(id)
        await armAfterWork()
      } catch (error) {
        isWorking = false
        log.error('document cannot be read', { document: id, detail: describe(error) })
        const later = now() + DAMAGED_RETRY_MS
        await storage.setAlarm(later)
        await index.postpone(id, later).catch(() => {})
      }
    },
    holds: (id) => ownId() === id,
  }
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
