/** `drayage lift`: let a refused candidate come again. */

import { parseArgs } from 'node:util'
import type { Command, ExitCode, Io } from './command.ts'
import { printJson } from './output.ts'
import { ACT_HELP, reachOptions, reachToAct } from './reach.ts'

const help = `
Lifts a refusal: a candidate that was rejected or rolled back may be offered again. It comes
with its next event, or by drayage replay. Without a stage it is lifted wherever it stands.

Usage: drayage lift SUBSCRIPTION[/STAGE] CANDIDATE --reason TEXT [--json]

  CANDIDATE       its digest, its tag, or the image as drayage status shows it
  --reason TEXT   stands in the history with your name
${ACT_HELP}

Exit code: 0 done, 1 refused or nothing to do, 2 misuse.

Example:
  $ drayage lift payments/prod sha256:3259… --reason "the database was at fault"
`

const options = { ...reachOptions, reason: { type: 'string' } } as const

export const command: Command = { name: 'lift', summary: 'let a refused candidate come again', help, run }

async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const [whole = '', candidate, ...others] = positionals
  const { reason } = values
  const [subscription = '', stage, ...more] = whole.split('/')
  const isWhole = subscription !== '' && stage !== '' && candidate !== undefined && reason !== undefined
  if (!isWhole || others.length + more.length > 0) {
    io.stderr('drayage lift: expected SUBSCRIPTION[/STAGE] CANDIDATE and --reason TEXT\nTry: drayage lift --help\n')
    return 2
  }
  const answer = await (
    await reachToAct(values, io)
  ).act('lift', {
    subscription,
    candidate,
    reason,
    ...(stage === undefined ? {} : { stage }),
  })
  printJson(io, answer, values.json ?? false)
  return 0
}
