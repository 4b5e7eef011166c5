/** The port of documents: load, compare and swap, what is due. */

import type { Document, DocumentId } from '../domain/document.ts'

export type Loaded = { readonly document: Document; readonly version: number }

export type DocumentPage = { readonly documents: readonly Document[]; readonly next: string | null }

export type Documents = {
  load(id: DocumentId): Promise<Loaded | null>
  /** Saves only over `wasVersion` (0: it must not exist yet); the saved version is one higher. Durable when it resolves. */
  save(document: Document, wasVersion: number, now: number): Promise<'saved' | 'conflict'>
  /** Documents whose `wakeAt` has come, earliest first. */
  due(now: number, limit: number): Promise<readonly DocumentId[]>
  /** By id; `after` is the `next` of the page before. */
  list(page: { readonly prefix?: string; readonly after?: string; readonly limit: number }): Promise<DocumentPage>
}
