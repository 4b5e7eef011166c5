/** What is saved as one: all that must be consistent lives in one document, and documents talk by messages. */

import * as z from 'zod'
import { Bulletin } from './bulletin.ts'
import { Line } from './line.ts'
import { err, ok, type Result } from './result.ts'
import { isUnderWay, Train } from './train.ts'
import { upgrade, type UpgradeProblem } from './upgrade.ts'

export const Document = z.discriminatedUnion('kind', [Line, Train, Bulletin])
export type Document = z.infer<typeof Document>
export type DocumentId = string

/** Entries wait this long in a quiet document's tail before a wake-up brings them to the journal. */
const TAIL_FLUSH_MS = 60_000

/** When the document needs somebody next: an effect is due, a lease runs out, entries wait. Null: never. */
export function wakeAt(document: Document): number | null {
  const effects = document.effects
    .filter((effect) => effect.dead === undefined)
    .map((effect) => effect.lease ?? effect.due)
  const newest = document.tail.at(-1)
  const all = newest === undefined ? effects : [...effects, newest.at + TAIL_FLUSH_MS]
  const alarm = alarmOf(document)
  if (alarm !== null) all.push(alarm)
  return all.length === 0 ? null : Math.min(...all)
}

/** When time alone may move it; null: nothing waits for time. */
export function alarmOf(document: Document): number | null {
  if (document.kind === 'bulletin') return null
  if (document.kind === 'line') return document.alarm
  // Its answer comes, or its lease runs out.
  return isUnderWay(document) ? null : document.departs
}

export type DocumentProblem = UpgradeProblem

/** Reads what a store holds, also of an older program. A document of a newer one is refused, not guessed at. */
export function readDocument(stored: unknown): Result<Document, DocumentProblem> {
  const upgraded = upgrade(stored)
  if (!upgraded.ok) return upgraded
  const parsed = Document.safeParse(upgraded.value)
  if (parsed.success) return ok(parsed.data)
  return err({ reason: 'malformed-document', detail: z.prettifyError(parsed.error) })
}
