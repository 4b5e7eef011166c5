/** `drayage reject`: say no to what waits for approval. */

import type { Command } from './command.ts'
import { createOperation } from './operation/operation.ts'

export const command: Command = createOperation('reject', {
  summary: 'say no to what waits for approval',
  text: 'Says no to one candidate that waits at a stage. It does not come again there until somebody lifts\nthat: drayage lift.',
  place: 'stage',
  what: 'CANDIDATE',
  example: 'drayage reject payments/prod 1.5.0 --reason "the migration is not reviewed"',
})
