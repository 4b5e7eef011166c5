/** `drayage status`: what runs where, what is on its way and what it waits for. */

import { parseArgs } from 'node:util'
import type { Command, ExitCode, Io } from './command.ts'
import { printJson } from './output.ts'
import { reachToRead, REACH_HELP, reachOptions } from './reach.ts'
import { tellSubscription } from './telling.ts'

const help = `
Shows each subscription's stages: what runs there, the promotion under way, what waits and
for what, what was refused.

Usage: drayage status [SUBSCRIPTION] [--json]

${REACH_HELP}

Exit code: 0 fine, 1 something was given up and waits for a person, 2 misuse.

Example:
  $ drayage status payments
`

export const command: Command = { name: 'status', summary: 'what runs where, and what waits', help, run }

async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseArgs({ args: [...args], options: reachOptions, allowPositionals: true })
  const subscription = positionals[0]
  const status = await (await reachToRead(values, io)).status({ subscription })
  const isUnknown = subscription !== undefined && status.subscriptions.length === 0
  if (values.json === true) printJson(io, status, true)
  else {
    io.stdout(`mode: ${status.mode}, events waiting: ${status.waiting}\n`)
    for (const one of status.subscriptions) io.stdout(`${tellSubscription(one)}\n`)
    if (status.subscriptions.length === 0) io.stdout('nothing was offered yet\n')
  }
  const isStuck = status.subscriptions.some(({ stages }) =>
    stages.some(({ waits }) => waits.some((wait) => wait.includes('was given up'))),
  )
  return isUnknown || isStuck ? 1 : 0
}
