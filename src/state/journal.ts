/** The port of the journal: history, append-only. */

import type { Entry } from '../domain/history.ts'

export type JournalQuery = {
  readonly document?: string
  readonly promotion?: string
  /** `registry/repository:tag@digest`, or a part of it. */
  readonly image?: string
  readonly cause?: string
  /** Newest first (of one document: along its chain), before this place: the `next` of the page before. */
  readonly before?: string
  readonly limit: number
}

export type JournalPage = { readonly entries: readonly Entry[]; readonly next: string | null }

export type Journal = {
  /** Idempotent by (document, seq): what is there already stays as it is. */
  append(entries: readonly Entry[]): Promise<void>
  query(query: JournalQuery): Promise<JournalPage>
}
