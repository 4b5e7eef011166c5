/** The text in which documents, events and entries are kept: bounded and readable when written, checked when read. */

import * as z from 'zod'
import { type Document, type DocumentProblem, readDocument } from '../domain/document.ts'
import { AcceptedEvent } from '../domain/event.ts'
import { Entry } from '../domain/history.ts'
import { Json } from '../domain/json.ts'
import { err, type Result } from '../domain/result.ts'
import { InboxRow, InboxState, WalkStep } from '../domain/walk.ts'
import { boundedText, quoted } from './event-text.ts'

export { eventText } from './event-text.ts'

const DOCUMENT_BYTES_MAX = 1024 * 1024
/** A document's tail holds it first, so it is smaller than a document. */
const ENTRY_BYTES_MAX = DOCUMENT_BYTES_MAX
/** An event that is tried for days keeps its newest steps. */
const WALK_STEPS_MAX = 100
const WALK_TEXT_LENGTH_MAX = 2000

/** Throws for a document that is too large, or that could not be read again: it would be stuck for ever. */
export function documentText(document: Document): string {
  const readable = readDocument(document)
  if (!readable.ok) {
    throw new Error(`${quoted(document.id)} is not saved, for it could not be read again: ${readable.error.detail}`)
  }
  return boundedText(`Document ${quoted(document.id)}`, document, DOCUMENT_BYTES_MAX)
}

export function entryText(entry: Entry): string {
  return boundedText(`Entry ${entry.seq} of ${quoted(entry.document)}`, entry, ENTRY_BYTES_MAX)
}

/** Cut to its limits: a walk that were refused would keep its event from ever being settled. */
export function walkText(walk: readonly WalkStep[]): string {
  const cut = (text: string) => text.slice(0, WALK_TEXT_LENGTH_MAX)
  const steps = walk.slice(-WALK_STEPS_MAX)
  return JSON.stringify(steps.map((step) => ({ ...step, reason: cut(step.reason), detail: cut(step.detail) })))
}

/** The document that was stored under this id. */
export function readDocumentText(id: string, text: string): Result<Document, DocumentProblem> {
  const json = Json.safeParse(text)
  if (!json.success) return err({ reason: 'malformed-document', detail: z.prettifyError(json.error) })
  const read = readDocument(json.data)
  if (!read.ok || read.value.id === id) return read
  return err({
    reason: 'malformed-document',
    detail: `it is stored as ${quoted(id)} and calls itself ${quoted(read.value.id)}`,
  })
}

const StoredInboxRow = z.object({
  accepted: Json.pipe(AcceptedEvent),
  state: InboxState,
  attempts: InboxRow.shape.attempts,
  walk: Json.pipe(z.array(WalkStep)),
})

/** Columns of those names, the event and its walk as text. */
export function readInboxRow(columns: unknown): Result<InboxRow, string> {
  return resultOf(StoredInboxRow.safeParse(columns))
}

/** For adding to it; a walk that cannot be read begins anew, so that its event can still be settled. */
export function readWalkText(text: string): readonly WalkStep[] {
  const read = StoredInboxRow.shape.walk.safeParse(text)
  return read.success ? read.data : []
}

const StoredEntry = Json.pipe(Entry)

export function readEntryText(text: string): Result<Entry, string> {
  return resultOf(StoredEntry.safeParse(text))
}

/** What a store wrote itself a moment ago: anything else is our own mistake. */
export function readable<T>(read: Result<T, unknown>): T {
  if (read.ok) return read.value
  throw new Error(`The store cannot read what it wrote: ${JSON.stringify(read.error)}`)
}

function resultOf<T>(parsed: z.ZodSafeParseResult<T>): Result<T, string> {
  return parsed.success ? { ok: true, value: parsed.data } : err(z.prettifyError(parsed.error))
}
