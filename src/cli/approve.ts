/** `drayage approve`: say yes to what waits for approval. */

import type { Command } from './command.ts'
import { createOperation } from './operation/operation.ts'

export const command: Command = createOperation('approve', {
  summary: 'say yes to what waits for approval',
  text: 'Says yes to one candidate that waits at a stage. Whether your voice counts says the stage: who may is\nlisted there, and nobody approves what they pushed.',
  place: 'stage',
  what: 'CANDIDATE',
  example: 'drayage approve payments/prod 1.5.0 --reason "reviewed with the team"',
})
