/** Documents that were read, the damaged among them: how every store tells of them. */

import type { Document } from '../domain/document.ts'
import type { Result } from '../domain/result.ts'
import type { DamagedDocument, DocumentPage } from './documents.ts'

export function pageOf(all: readonly Result<Document, DamagedDocument>[], next: string | null): DocumentPage {
  return {
    documents: all.flatMap((read) => (read.ok ? [read.value] : [])),
    damaged: all.flatMap((read) => (read.ok ? [] : [read.error])),
    next,
  }
}

export function describeDamage({ id, reason, detail }: DamagedDocument): string {
  const remedy = reason === 'newer-schema' ? 'Run the newer program.' : 'Restore it from a backup.'
  return `The stored document ${JSON.stringify(id)} cannot be read and is left as it is: ${detail}. ${remedy}`
}
