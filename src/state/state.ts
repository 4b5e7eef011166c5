/** What one store gives: its ports, and word of what it holds and cannot read. */

import type { Documents } from './documents.ts'
import type { Inbox } from './inbox.ts'
import type { Journal } from './journal.ts'
import type { Keep } from './keep.ts'

export type State = {
  readonly documents: Documents
  readonly inbox: Inbox
  readonly journal: Journal
  readonly keep: Keep
}

/** A row that was passed over because it cannot be read. Nothing of it is changed; the others go on. */
export type Damage = { readonly place: 'document' | 'event' | 'entry'; readonly id: string; readonly detail: string }
