/** The port of documents: load, compare and swap, what is due. */

import type { Document, DocumentId, DocumentProblem } from '../domain/document.ts'

export type Loaded = { readonly document: Document; readonly version: number }

/** Stored, but cannot be read: shown, never guessed at, and never in the way of the others. */
export type DamagedDocument = DocumentProblem & { readonly id: DocumentId }

export type DocumentPage = {
  readonly documents: readonly Document[]
  readonly damaged: readonly DamagedDocument[]
  readonly next: string | null
}

export type Documents = {
  /** Throws where the stored document cannot be read. */
  load(id: DocumentId): Promise<Loaded | null>
  /** Saves only over `wasVersion` (0: it must not exist yet); the saved version is one higher. Durable when it resolves. */
  save(document: Document, wasVersion: number, now: number): Promise<'saved' | 'conflict'>
  /** Documents whose `wakeAt` has come, earliest first; one that `load` could not read is passed over until it can. */
  due(now: number, limit: number): Promise<readonly DocumentId[]>
  /** By id; `after` is the `next` of the page before. */
  list(page: { readonly prefix?: string; readonly after?: string; readonly limit: number }): Promise<DocumentPage>
}
