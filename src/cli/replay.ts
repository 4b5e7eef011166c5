/** `drayage replay`: give a settled event another walk. */

import { parseArgs } from 'node:util'
import type { Command, ExitCode, Io } from './command.ts'
import { printJson } from './output.ts'
import { ACT_HELP, reachOptions, reachToAct } from './reach.ts'

const help = `
Puts an accepted event back into the inbox, as if it came again: for events that were given
up (dead letters), or after a change of the configuration.

Usage: drayage replay EVENT --reason TEXT [--json]

  --reason TEXT   stands in the event's walk with your name
${ACT_HELP}

Exit code: 0 done, 1 refused or nothing to do, 2 misuse.

Example:
  $ drayage replay hub/4f5ec4d5 --reason "the registry was down"
`

const options = { ...reachOptions, reason: { type: 'string' } } as const

export const command: Command = { name: 'replay', summary: 'give a settled event another walk', help, run }

async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const [event, ...others] = positionals
  const { reason } = values
  if (event === undefined || reason === undefined || others.length > 0) {
    io.stderr('drayage replay: expected EVENT and --reason TEXT\nTry: drayage replay --help\n')
    return 2
  }
  const answer = await (await reachToAct(values, io)).act('replay', { event, reason })
  printJson(io, answer, values.json ?? false)
  return 0
}
