/**
 * State on Cloudflare: each document in a Durable Object of its own, which is its one writer; D1 for what is looked up
 * across documents. What an object keeps needs no D1: while that is down, promotions go on, and are listed later.
 */

import type { DocumentId } from '../domain/document.ts'
import type { Entry } from '../domain/history.ts'
import type { Documents } from './documents.ts'
import { createIndexOfDocuments } from './d1/index-of-documents.ts'
import { createD1Inbox } from './d1/inbox.ts'
import { createD1Journal } from './d1/journal.ts'
import { createD1Keep } from './d1/keep.ts'
import type { Database } from './d1/database.ts'
import type { Damage, State } from './state.ts'

/** One document's object, here or elsewhere: what of it others may call. */
export type RemoteObject = Pick<Documents, 'load' | 'save'> & {
  /** Somebody thinks that it was forgotten: it looks after itself soon. */
  wake(id: DocumentId): Promise<void>
}

export type ObjectStateOptions = {
  readonly objectOf: (id: DocumentId) => RemoteObject
  readonly database: Database
  readonly onDamage: (damage: Damage) => void
}

const KEPT_MAX = 10_000

export function createObjectState({ objectOf, database, onDamage }: ObjectStateOptions): State {
  const { due, list } = createIndexOfDocuments(database, onDamage)
  const journal = createD1Journal(database, onDamage)
  /** Entries that came with a document: its object keeps them, and brings them to the journal. */
  const kept = new Set<string>()
  const keep = (entries: readonly Entry[]): void => {
    if (kept.size > KEPT_MAX) kept.clear()
    for (const entry of entries) kept.add(nameOf(entry))
  }
  return {
    documents: {
      due,
      list,
      async load(id) {
        const loaded = await objectOf(id).load(id)
        if (loaded !== null) keep(loaded.document.tail)
        return loaded
      },
      async save(document, wasVersion, now) {
        const outcome = await objectOf(document.id).save(document, wasVersion, now)
        if (outcome === 'saved') keep(document.tail)
        return outcome
      },
    },
    inbox: createD1Inbox(database, onDamage),
    keep: createD1Keep(database),
    journal: { ...journal, append: (entries) => journal.append(entries.filter((entry) => !kept.has(nameOf(entry)))) },
  }
}

function nameOf({ document, seq, hash }: Entry): string {
  return `${seq} ${hash} ${document}`
}
