/** `drayage unpin`: let others come to a pinned stage. */

import type { Command } from './command.ts'
import { createOperation } from './operation/operation.ts'

export const command: Command = createOperation('unpin', {
  summary: 'let others come to a pinned stage',
  text: 'Takes a pin away: the newest that waits comes to its turn.',
  place: 'stage',
  example: 'drayage unpin payments/prod --reason "the incident is closed"',
})
