/** `drayage pause`: stop all effects: everywhere, of a subscription, of a stage. */

import type { Command } from './command.ts'
import { createOperation } from './operation/operation.ts'

export const command: Command = createOperation('pause', {
  summary: 'stop all effects: everywhere, of a subscription, of a stage',
  text: 'The kill switch: within a second nothing is written, proposed, merged or rolled back any more. What is\ndecided goes on being decided and recorded. /prod is that stage of all subscriptions, and no place is\neverything.',
  place: 'scope',
  example: 'drayage pause --reason "the cluster is being moved"',
})
