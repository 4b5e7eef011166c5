/** The store of tests and simulations, and where nothing has to outlive the process. */

import { createMemoryDocuments } from './memory/documents.ts'
import { createMemoryInbox } from './memory/inbox.ts'
import { createMemoryJournal } from './memory/journal.ts'
import { createMemoryKeep } from './memory/keep.ts'
import type { State } from './state.ts'

export function createMemoryState(): State {
  return {
    documents: createMemoryDocuments(),
    inbox: createMemoryInbox(),
    journal: createMemoryJournal(),
    keep: createMemoryKeep(),
  }
}
