/** For stores with one writer: who holds the file now knows that the one before is dead, and takes up its work without waiting for leases. */

import type { Document } from '../domain/document.ts'
import type { Documents } from './documents.ts'

const PAGE_SIZE = 200

/** Frees what the dead writer had claimed. Never call it on a store that others write too. */
export async function takeOver(documents: Documents, now: number): Promise<void> {
  let after: string | null = null
  do {
    const page = await documents.list({ limit: PAGE_SIZE, ...(after === null ? {} : { after }) })
    for (const document of page.documents) if (isLeased(document)) await release(document.id, documents, now)
    after = page.next
  } while (after !== null)
}

function isLeased(document: Document): boolean {
  return document.effects.some(({ lease }) => lease !== undefined)
}

/** Frees what somebody has claimed in one document: for a store that knows its claimer dead. */
export async function release(id: string, documents: Documents, now: number): Promise<void> {
  const loaded = await documents.load(id)
  if (loaded === null) return
  const effects = loaded.document.effects.map(({ lease: _ended, ...effect }) => ({
    ...effect,
    due: Math.min(effect.due, now),
  }))
  await documents.save({ ...loaded.document, effects }, loaded.version, now)
}
