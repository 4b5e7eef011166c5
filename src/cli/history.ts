/** `drayage history`: what was decided, when, and on which grounds. */

import { parseArgs } from 'node:util'
import { findBreak } from '../domain/chain.ts'
import type { Entry } from '../domain/history.ts'
import type { Command, ExitCode, Io } from './command.ts'
import { printJson } from './output.ts'
import { reachToRead, REACH_HELP, reachOptions, type Reads } from './reach.ts'
import { tellEntry } from './telling.ts'

const PAGE_SIZE = 500

const help = `
Shows the history, newest first: every decision with its reason, the configuration that
decided, and the hash that chains it to the entry before.

Usage: drayage history [SUBSCRIPTION] [--image PART] [--promotion ID] [--limit N] [--json]
       drayage history SUBSCRIPTION --verify

  --image PART    entries about an image (or a part of its name, its tag, its digest)
  --promotion ID  entries of one promotion
  --limit N       default 50, at most 500
  --verify        recompute the whole chain of a subscription; exit code 1 where it breaks
${REACH_HELP}

Exit code: 0 found, 1 nothing found or the chain breaks, 2 misuse.

Example:
  $ drayage history payments --limit 5
`

const options = {
  ...reachOptions,
  image: { type: 'string' },
  promotion: { type: 'string' },
  limit: { type: 'string' },
  verify: { type: 'boolean' },
} as const

export const command: Command = { name: 'history', summary: 'what was decided, and why', help, run }

async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const [subscription, ...others] = positionals
  if (others.length > 0) {
    io.stderr('drayage history: expected at most one subscription\nTry: drayage history --help\n')
    return 2
  }
  const limit = values.limit ?? '50'
  if (!/^[1-9][0-9]{0,2}$/u.test(limit) || Number(limit) > PAGE_SIZE) {
    io.stderr(`drayage history: expected --limit 1 to ${PAGE_SIZE}\n`)
    return 2
  }
  if (values.verify === true && subscription === undefined) {
    io.stderr('drayage history: --verify needs a subscription\n')
    return 2
  }
  if (values.verify === true && (values.image !== undefined || values.promotion !== undefined)) {
    io.stderr('drayage history: --verify takes the whole chain, without --image or --promotion\n')
    return 2
  }
  const reads = await reachToRead(values, io)
  if (values.verify === true) return verify(subscription ?? '', reads, io)
  const { image, promotion } = values
  const page = await reads.history({ subscription, image, promotion, limit })
  if (values.json === true) printJson(io, page, true)
  else for (const entry of page.entries) io.stdout(`${tellEntry(entry)}\n`)
  return page.entries.length === 0 ? 1 : 0
}

async function verify(subscription: string, reads: Reads, io: Io): Promise<ExitCode> {
  const entries: Entry[] = []
  let before: string | undefined
  do {
    const page = await reads.history({ subscription, before, limit: String(PAGE_SIZE) })
    entries.push(...page.entries)
    before = page.next ?? undefined
  } while (before !== undefined)
  const broken = await findBreak(entries.toReversed())
  if (entries.length === 0) io.stdout(`there is no history of ${subscription}\n`)
  else if (broken === null) io.stdout(`${entries.length} entries, the chain holds\n`)
  else io.stdout(`the chain breaks at ${tellEntry(broken)}\n`)
  return broken === null && entries.length > 0 ? 0 : 1
}
