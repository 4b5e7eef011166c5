/** `drayage restore`: a backup becomes the state, and is told that it is old before anything acts on it. */

import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { readSecretFile } from '../config/files.ts'
import { createSecrets } from '../config/secrets.ts'
import type { PostgresConfig } from '../domain/config.ts'
import { restoreState, type RestoreCount } from '../restore.ts'
import { checkBackup, restoreSqlite } from '../state/sqlite-backup.ts'
import type { Command, ExitCode, Io } from './command.ts'
import { DEFAULT_CONFIG } from './load.ts'
import { localPerson } from './local-access.ts'
import { printJson } from './output.ts'
import { stateOf } from './reach.ts'

const help = `
Puts a backup in the embedded store's place. No service may run on it.

What a backup says about the world is old, so nothing of it is acted on: what was under way is
taken back, what runs is looked at again before anything is delivered, and whatever is newer
there stays. Refusals stay refused. The events behind what was under way are handled again:
they ask the registry what is true now. Events that came after the backup are unknown; push
again, or replay what the registry can send again.

A pull request that was open stays open until the next candidate takes its branch; close it if
nobody wants it.

Usage: drayage restore FILE --reason TEXT [--force] [--config FILE] [--state FILE] [--json]
       drayage restore --reason TEXT [--config FILE]

  FILE            what drayage backup wrote. Without it: the configuration's PostgreSQL database was
                  restored by its own means just now, and no service runs on it yet
  --reason TEXT   stands in the history with your name
  --force         where there is a state already: it is kept aside, under a name that is told
  --config FILE   the service's configuration: says where its state is (default ${DEFAULT_CONFIG})
  --state FILE    the embedded store
  --json          {"state", "aside", "documents", "events", "damaged"}

Exit code: 0 restored, 1 refused with nothing changed, 2 misuse.

Example:
  $ drayage restore /var/backups/drayage-2026-11-20.db --reason "the disk failed"
`

const options = {
  config: { type: 'string' },
  state: { type: 'string' },
  reason: { type: 'string' },
  force: { type: 'boolean' },
  json: { type: 'boolean' },
} as const

export const command: Command = { name: 'restore', summary: 'put a backup of the state back', help, run }

type Done = RestoreCount & { readonly state: string; readonly aside: string | null }
type Told = { readonly now: number; readonly by: string; readonly reason: string }

async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const { reason } = values
  const [file, ...others] = positionals
  if (reason === undefined || others.length > 0) {
    io.stderr('drayage restore: expected FILE and --reason TEXT\nTry: drayage restore --help\n')
    return 2
  }
  const state = await stateOf(values)
  const told = { now: io.now(), by: localPerson(), reason }
  const done = await restore(file, state, { told, force: values.force ?? false, io })
  for (const id of done.damaged) io.stderr(`the document ${JSON.stringify(id)} cannot be read and is left as it is\n`)
  if (values.json === true) printJson(io, done, true)
  else {
    const aside = done.aside === null ? '' : `; what was there is now ${done.aside}`
    io.stdout(`${done.state}: ${done.documents} documents, ${done.events} events to handle again${aside}\n`)
  }
  return 0
}

type How = { readonly told: Told; readonly force: boolean; readonly io: Io }

async function restore(file: string | undefined, state: string | PostgresConfig, how: How): Promise<Done> {
  if (typeof state !== 'string') {
    if (file !== undefined) {
      throw new Error('the state is in PostgreSQL: restore the database first, then call this without a FILE')
    }
    return restoreDatabase(state, how)
  }
  if (file === undefined) throw new Error('expected the FILE of a backup')
  return restoreFile(file, state, how)
}

async function restoreFile(file: string, state: string, { told, force }: How): Promise<Done> {
  checkBackup(file)
  if (existsSync(state) && !force) {
    throw new Error(
      `there is a state file ${state} already. With --force it is kept aside, and the backup takes its place`,
    )
  }
  let count: RestoreCount = { documents: 0, events: 0, damaged: [] }
  const prepare = async (opened: Parameters<typeof restoreState>[0]): Promise<void> => {
    count = await restoreState(opened, told)
  }
  const { aside } = await restoreSqlite(file, state, { now: told.now, prepare })
  return { state, aside, ...count }
}

async function restoreDatabase({ postgres }: PostgresConfig, { told, io }: How): Promise<Done> {
  const { openPostgres } = await import('../state/postgres.ts')
  const secretOf = createSecrets({ env: io.env, readFile: readSecretFile, now: io.now })
  const state = await openPostgres({ url: secretOf(postgres), connections: 2, now: io.now })
  try {
    const others = await state.others()
    if (others > 0)
      throw new Error(`${others} other processes work on the database: stop them, wait ten seconds, and try again`)
    return { state: postgres, aside: null, ...(await restoreState(state, told)) }
  } finally {
    await state.close()
  }
}
