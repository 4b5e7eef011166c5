/** `drayage rollback`: put back what was healthy before. */

import type { Command } from './command.ts'
import { createOperation } from './operation/operation.ts'

export const command: Command = createOperation('rollback', {
  summary: 'put back what was healthy before',
  text: 'Puts back what was healthy on a stage before. It skips soak, windows, approvals and scans, never the\nsignature. What runs now is refused there until drayage lift.',
  place: 'stage',
  example: 'drayage rollback payments/prod --reason "checkout fails for half of the customers"',
})
