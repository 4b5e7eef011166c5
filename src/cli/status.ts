/** `drayage status`: what runs where, what is on its way and what it waits for. */

import { parseArgs } from 'node:util'
import { escapeForTerminal } from '../escape.ts'
import type { ServiceStatus } from './client.ts'
import type { Command, ExitCode, Io } from './command.ts'
import { printJson } from './output.ts'
import { reachToRead, REACH_HELP, reachOptions } from './reach.ts'
import { tellSubscription } from './telling.ts'

const help = `
Shows each subscription's stages: what runs there, the promotion under way, what waits and
for what, what was refused.

Usage: drayage status [SUBSCRIPTION] [--json]

${REACH_HELP}

Exit code: 0 fine, 1 something was given up and waits for a person, something is missing,
or there is no such subscription, 2 misuse.

Example:
  $ drayage status payments
`

export const command: Command = { name: 'status', summary: 'what runs where, and what waits', help, run }

async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseArgs({ args: [...args], options: reachOptions, allowPositionals: true })
  const [subscription, ...others] = positionals
  if (others.length > 0) {
    io.stderr('drayage status: expected at most one subscription\nTry: drayage status --help\n')
    return 2
  }
  const status = await (await reachToRead(values, io)).status({ subscription })
  if (values.json === true) printJson(io, status, true)
  else tell(status, subscription, io)
  const isUnknown = subscription !== undefined && status.subscriptions.length === 0
  const isStuck = status.subscriptions.some(
    ({ damage, stages }) => damage !== null || stages.some(({ givenUp }) => givenUp > 0),
  )
  return isUnknown || isStuck || status.problems.length > 0 ? 1 : 0
}

function tell({ mode, waiting, problems, subscriptions }: ServiceStatus, asked: string | undefined, io: Io): void {
  io.stdout(`mode: ${mode}, events waiting: ${waiting}\n`)
  for (const problem of problems) io.stdout(`missing: ${escapeForTerminal(problem)}\n`)
  for (const one of subscriptions) io.stdout(`${tellSubscription(one)}\n`)
  if (subscriptions.length > 0) return
  if (asked === undefined) io.stdout('nothing was offered yet\n')
  else io.stdout(`there is no subscription ${escapeForTerminal(asked)}, or nothing was ever offered to it\n`)
}
