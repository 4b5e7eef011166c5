/** `drayage backup`: one moment of the embedded store as a file, while the service works. */

import { statSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { backUpSqlite } from '../state/sqlite-backup.ts'
import { openSqliteReadOnly } from '../state/sqlite.ts'
import type { Command, ExitCode, Io } from './command.ts'
import { DEFAULT_CONFIG } from './load.ts'
import { printJson } from './output.ts'
import { stateOf } from './reach.ts'

const help = `
Copies the embedded store to FILE, whole and of one moment, also while the service runs; nobody
waits for it. It holds what was accepted, decided and refused, and no secret of the
configuration. Keep it where you keep such things: whoever writes it may say what was approved.

Usage: drayage backup FILE [--config FILE] [--state FILE] [--json]

  FILE            the backup; refused where there is such a file
  --config FILE   the service's configuration: says where its state is (default ${DEFAULT_CONFIG})
  --state FILE    the embedded store
  --json          {"file", "bytes", "documents", "waiting"}

State in PostgreSQL is backed up as any database: see docs/postgresql.md.

Exit code: 0 written and checked, 1 not, 2 misuse.

Example:
  $ drayage backup /var/backups/drayage-$(date +%F).db
`

const options = { config: { type: 'string' }, state: { type: 'string' }, json: { type: 'boolean' } } as const

export const command: Command = { name: 'backup', summary: 'copy the embedded store to a file', help, run }

async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const [file, ...others] = positionals
  if (file === undefined || others.length > 0) {
    io.stderr('drayage backup: expected one FILE to write\nTry: drayage backup --help\n')
    return 2
  }
  const state = await stateOf(values)
  if (typeof state !== 'string') {
    throw new Error('the state is in PostgreSQL: back it up with pg_dump (see docs/postgresql.md)')
  }
  backUpSqlite(state, file)
  const found = { file, bytes: statSync(file).size, ...(await countsOf(file)) }
  if (values.json === true) printJson(io, found, true)
  else io.stdout(`${file}: ${found.bytes} bytes, ${found.documents} documents, ${found.waiting} events waiting\n`)
  return 0
}

async function countsOf(file: string): Promise<{ readonly documents: number; readonly waiting: number }> {
  const state = await openSqliteReadOnly(file)
  let documents = 0
  for (let after: string | null | undefined; after !== null;) {
    const page = await state.documents.list({ limit: 500, ...(after === undefined ? {} : { after }) })
    documents += page.documents.length + page.damaged.length
    after = page.next
  }
  const waiting = await state.inbox.depth()
  state.close()
  return { documents, waiting }
}
