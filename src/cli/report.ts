/** `drayage report`: tell a gate's check how it ended. */

import { parseArgs } from 'node:util'
import type { Command, ExitCode, Io } from './command.ts'
import { printJson } from './output.ts'
import { ACT_HELP, reachOptions, reachToAct } from './reach.ts'

const help = `
Tells a check that waits for a report how it ended, for one candidate at one stage. For CI jobs:
a token with the role reporter is enough.

Usage: drayage report SUBSCRIPTION/STAGE CANDIDATE CHECK held|failed --reason TEXT [--json]

  CANDIDATE       its digest, its tag, or the image as drayage status shows it
  CHECK           the check's name in the configuration
  --reason TEXT   stands in the history
${ACT_HELP}

Exit code: 0 done, 1 refused or nothing to do, 2 misuse.

Example:
  $ drayage report payments/prod 1.5.0 e2e held --reason "214 tests, run 4711"
`

const options = { ...reachOptions, reason: { type: 'string' } } as const

export const command: Command = { name: 'report', summary: "tell a gate's check how it ended", help, run }

async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const [where = '', candidate, check, state, ...others] = positionals
  const { reason } = values
  const [subscription = '', stage = '', ...more] = where.split('/')
  const isWhole = subscription !== '' && stage !== '' && check !== undefined && reason !== undefined
  if (!isWhole || (state !== 'held' && state !== 'failed') || others.length + more.length > 0) {
    io.stderr(
      'drayage report: expected SUBSCRIPTION/STAGE CANDIDATE CHECK held|failed and --reason TEXT\nTry: drayage report --help\n',
    )
    return 2
  }
  const body = { subscription, stage, candidate, check, state, reason }
  printJson(io, await (await reachToAct(values, io)).act('report', body), values.json ?? false)
  return 0
}
