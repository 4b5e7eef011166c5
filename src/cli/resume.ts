/** `drayage resume`: let paused effects go on. */

import type { Command } from './command.ts'
import { createOperation } from './operation/operation.ts'

export const command: Command = createOperation('resume', {
  summary: 'let paused effects go on',
  text: 'Takes exactly that pause away which drayage pause made, with the same place.',
  place: 'scope',
  example: 'drayage resume --reason "the cluster is moved"',
})
