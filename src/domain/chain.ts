/** The history's chain: each entry carries a hash over itself and the entry before, so nothing can be changed or left out unseen. */

import type { Entry, Note } from './history.ts'

type Chained = { readonly id: string; readonly seq: number; readonly hash: string }

/** Notes become entries, in order, after the document's newest. */
export async function chainEntries(
  document: Chained,
  notes: readonly Note[],
  at: number,
  config: string,
): Promise<Entry[]> {
  const entries: Entry[] = []
  let before: Pick<Chained, 'seq' | 'hash'> = document
  for (const note of notes) {
    const unsigned = { ...note, document: document.id, seq: before.seq + 1, at, config }
    const entry: Entry = { ...unsigned, hash: await hashEntry(before.hash, unsigned) }
    entries.push(entry)
    before = entry
  }
  return entries
}

/** The first entry that does not follow from the one before it; null where all do. Entries of one document, in order. */
export async function findBreak(entries: readonly Entry[]): Promise<Entry | null> {
  let before: Entry | undefined
  for (const entry of entries) {
    const { hash, ...unsigned } = entry
    const follows = before === undefined ? true : entry.seq === before.seq + 1
    const previous = before?.hash ?? (entry.seq === 1 ? '' : null)
    if (!follows) return entry
    if (previous !== null && hash !== (await hashEntry(previous, unsigned))) return entry
    before = entry
  }
  return null
}

async function hashEntry(before: string, entry: Omit<Entry, 'hash'>): Promise<string> {
  const members = Object.entries(entry).filter(([, value]) => value !== undefined)
  const canonical = JSON.stringify(members.toSorted(([a], [b]) => (a < b ? -1 : 1)))
  const bytes = new TextEncoder().encode(`${before}\n${canonical}`)
  const digest = await crypto.subtle.digest('SHA-256', bytes)
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
