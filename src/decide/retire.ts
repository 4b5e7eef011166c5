/** A document that no configuration asks for any more: it stays for its history and wishes for nothing. */

import type { Document } from '../domain/document.ts'
import type { Decision } from './index.ts'

export function retire(was: Document): Decision {
  const document = structuredClone(was)
  if (document.effects.length === 0) return { document, notes: [] }
  document.effects = []
  if (document.kind === 'line') {
    for (const state of Object.values(document.stages)) {
      delete state.promotion
      delete state.next
    }
  }
  const detail = 'its subscription is no longer in the configuration'
  return { document, notes: [{ kind: 'withdrawn', reason: 'subscription-removed', detail }] }
}
