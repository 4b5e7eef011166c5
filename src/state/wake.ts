/** The port of wake-ups: somebody will look at the document at or after that instant, at least once. One too many changes nothing. */

import type { DocumentId } from '../domain/document.ts'

export type Wake = (document: DocumentId, at: number) => Promise<void>
