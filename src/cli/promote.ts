/** `drayage promote`: bring one image to a stage, also an older one. */

import type { Command } from './command.ts'
import { createOperation } from './operation/operation.ts'

export const command: Command = createOperation('promote', {
  summary: 'bring one image to a stage, also an older one',
  text: `Brings one image to a stage, also an older one than what runs. It is verified, and every gate of the
stage is asked, as for any other; the stages before it must have proven it.`,
  place: 'stage',
  what: 'IMAGE',
  flag: {
    name: 'break-glass',
    text: `goes around soak, windows and scans, never the signature. Two people say it with
                  this command, each in their own name: those whom the stage's breakGlass: lists`,
  },
  example: 'drayage promote payments/dev 1.4.2 --reason "comparing with the last release"',
})
