/** `drayage affected`: which stages run what a finding, a digest or a signer names. */

import { parseArgs } from 'node:util'
import type { AffectedPlace } from '../affected.ts'
import type { Command, ExitCode, Io } from './command.ts'
import { printJson } from './output.ts'
import { reachToRead, REACH_HELP, reachOptions } from './reach.ts'

const help = `
Says which subscriptions and stages run what is named: a finding, a digest, or whatever a
signer signed. Answers from what was found when each was verified, and from what scanners
said since; it asks no scanner. Where nobody can say, that is said, and is no "no".

Usage: drayage affected CVE | DIGEST | SIGNER [--json]

${REACH_HELP}

SIGNER is a name of signers: in the configuration, or who that is, as \`drayage verify\`
shows it.

Exit code: 0 it runs somewhere, 1 nowhere that is known of, 2 misuse.

Example:
  $ drayage affected CVE-2026-1234
`

export const command: Command = { name: 'affected', summary: 'what runs with a finding, or by a signer', help, run }

async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseArgs({ args: [...args], options: reachOptions, allowPositionals: true })
  const [subject] = positionals
  if (subject === undefined || positionals.length > 1) {
    io.stderr('drayage affected: expected one finding, digest or signer\nTry: drayage affected --help\n')
    return 2
  }
  const answer = await (await reachToRead(values, io)).affected(subject)
  const code = answer.places.length > 0 ? 0 : 1
  if (values.json === true) {
    printJson(io, answer, true)
    return code
  }
  if (code === 1) io.stdout(`${subject} runs nowhere that is known of\n`)
  for (const place of answer.places) io.stdout(tell(place))
  if (answer.unknown.length > 0) io.stdout('nobody can say of:\n')
  for (const place of answer.unknown) io.stdout(tell(place))
  return code
}

function tell({ subscription, stage, image, how, detail, seenAt, owners }: AffectedPlace): string {
  const seen = seenAt === null ? '' : `, as seen ${new Date(seenAt).toISOString()}`
  const whose = owners.length === 0 ? '' : ` (${owners.join(', ')})`
  return `${subscription}/${stage}${whose}: ${image} ${how === 'runs' ? 'runs' : 'is on its way'}: ${detail}${seen}\n`
}
