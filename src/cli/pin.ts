/** `drayage pin`: keep what runs on a stage, whatever comes. */

import type { Command } from './command.ts'
import { createOperation } from './operation/operation.ts'

export const command: Command = createOperation('pin', {
  summary: 'keep what runs on a stage, whatever comes',
  text: 'Keeps what runs on a stage: everything newer waits there until drayage unpin.',
  place: 'stage',
  example: 'drayage pin payments/prod --reason "until the incident is closed"',
})
