/** `drayage retry`: try again what was given up. */

import { parseArgs } from 'node:util'
import type { Command, ExitCode, Io } from './command.ts'
import { printJson } from './output.ts'
import { ACT_HELP, reachOptions, reachToAct } from './reach.ts'

const help = `
Performs again what was given up after its attempts, or could not be done: see the lines
"waits" of drayage status. An event is given another try by drayage replay.

Usage: drayage retry SUBSCRIPTION[/STAGE] --reason TEXT [--json]

  --reason TEXT   stands in the history with your name
${ACT_HELP}

Exit code: 0 done, 1 refused or nothing to do, 2 misuse.

Example:
  $ drayage retry payments/prod --reason "the cluster is back"
`

const options = { ...reachOptions, reason: { type: 'string' } } as const

export const command: Command = { name: 'retry', summary: 'try again what was given up', help, run }

async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const [whole = '', ...others] = positionals
  const { reason } = values
  const [subscription = '', stage, ...more] = whole.split('/')
  if (subscription === '' || stage === '' || reason === undefined || others.length + more.length > 0) {
    io.stderr('drayage retry: expected SUBSCRIPTION[/STAGE] and --reason TEXT\nTry: drayage retry --help\n')
    return 2
  }
  const answer = await (
    await reachToAct(values, io)
  ).act('retry', { subscription, reason, ...(stage === undefined ? {} : { stage }) })
  printJson(io, answer, values.json ?? false)
  return 0
}
