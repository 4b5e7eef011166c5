/** `drayage explain`: the whole walk of an image, an event or a subscription. */

import { parseArgs } from 'node:util'
import type { Command, ExitCode, Io } from './command.ts'
import { printJson } from './output.ts'
import { reachToRead, REACH_HELP, reachOptions } from './reach.ts'
import { tellEntry, tellEvent, tellStep, tellSubscription } from './telling.ts'

const help = `
Explains what became of an image, of an event, or how a subscription stands: which rule
matched, what the registry said, what was decided, what it waits for. Has no effects.

Usage: drayage explain IMAGE | EVENT | SUBSCRIPTION[/STAGE] [--json]

${REACH_HELP}

Exit code: 0 explained, 1 nothing is known of it, 2 misuse.

Example:
  $ drayage explain docker.io/acme/payments:1.4.2
`

export const command: Command = { name: 'explain', summary: 'why an image was delivered, or was not', help, run }

async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseArgs({ args: [...args], options: reachOptions, allowPositionals: true })
  const [subject] = positionals
  if (subject === undefined || positionals.length > 1) {
    io.stderr('drayage explain: expected one image, event or subscription\nTry: drayage explain --help\n')
    return 2
  }
  const explanation = await (await reachToRead(values, io)).explain(subject)
  if (values.json === true) {
    printJson(io, explanation, true)
    return explanation.about === 'nothing' ? 1 : 0
  }
  if (explanation.about === 'nothing')
    io.stdout('nothing is known of it: no event and no entry of the history names it\n')
  for (const status of explanation.status) io.stdout(`${tellSubscription(status)}\n`)
  for (const row of explanation.events) io.stdout([tellEvent(row), ...row.walk.map(tellStep), ''].join('\n'))
  if (explanation.entries.length > 0) io.stdout('decided, newest first:\n')
  for (const entry of explanation.entries) io.stdout(`${tellEntry(entry)}\n`)
  return explanation.about === 'nothing' ? 1 : 0
}
