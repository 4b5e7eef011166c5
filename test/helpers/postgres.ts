/** A real PostgreSQL from the machine's installed binaries, on a free port, its data in a temporary folder, synced as in production. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, chownSync, constants, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { freePort } from './service.ts'

/** It refuses to run as root: there it runs as nobody. */
const NOBODY = { uid: 65_534, gid: 65_534 }
const PASSWORD = 'CANARY-of-the-database'
const START_TIMEOUT_MS = 30_000
const PROBE_MS = 50

const folders = [
  ...(process.env['PATH'] ?? '').split(':'),
  ...globSync('/usr/lib/postgresql/*/bin').toSorted().toReversed(),
]

/** Null where it is not installed: tests skip visibly. */
export const postgresBinaries =
  folders.find((folder) => isExecutable(join(folder, 'initdb')) && isExecutable(join(folder, 'postgres'))) ?? null
export const withoutPostgres = postgresBinaries === null ? ' (skipped: no initdb and postgres)' : ''

export type Postgres = {
  readonly port: number
  /** Of a database; without a name, of the one that is always there. */
  url(database?: string): string
  /** A new, empty database of that name. */
  create(database: string): Promise<string>
  /** As a superuser, over a connection of its own. */
  query(text: string, database?: string): Promise<readonly Record<string, unknown>[]>
  start(): Promise<void>
  /** As a crash: whatever is under way is cut off. */
  crash(): Promise<void>
  close(): Promise<void>
}

export async function startPostgres(settings: Readonly<Record<string, string>> = {}): Promise<Postgres> {
  const folder = mkdtempSync(join(tmpdir(), 'drayage-postgres-'))
  const identity = userInfo().uid === 0 ? NOBODY : {}
  const port = await freePort()
  if (userInfo().uid === 0) chownSync(folder, NOBODY.uid, NOBODY.gid)
  const data = join(folder, 'data')
  initialise(folder, data, identity)
  const set = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: folder,
    max_connections: '200',
    shared_buffers: '32MB',
    ...settings,
  }
  const args = ['-D', data, ...Object.entries(set).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  let child: ChildProcess | undefined
  let complaint = ''

  const url = (database = 'postgres'): string => `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/${database}`
  const end = async (signal: 'SIGINT' | 'SIGQUIT'): Promise<void> => {
    const ending = child
    child = undefined
    if (ending === undefined || ending.exitCode !== null) return
    const closed = once(ending, 'exit')
    ending.kill(signal)
    await closed
  }
  const query: Postgres['query'] = async (text, database) => {
    const client = new Client({ connectionString: url(database) })
    client.on('error', () => {})
    await client.connect()
    try {
      return (await client.query<Record<string, unknown>>(text)).rows
    } finally {
      await client.end()
    }
  }
  const start = async (): Promise<void> => {
    child = spawn(join(postgresBinaries ?? '', 'postgres'), args, { ...identity, stdio: ['ignore', 'ignore', 'pipe'] })
    child.stderr?.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-2_000)))
    const deadline = Date.now() + START_TIMEOUT_MS
    while (
      !(await query('SELECT 1').then(
        () => true,
        () => false,
      ))
    ) {
      if (Date.now() > deadline || child.exitCode !== null) throw new Error(`PostgreSQL does not start: ${complaint}`)
      await new Promise((resolve) => setTimeout(resolve, PROBE_MS))
    }
  }
  await start()
  return {
    port,
    url,
    query,
    start,
    async create(database) {
      await query(`CREATE DATABASE ${database}`)
      return url(database)
    },
    crash: () => end('SIGQUIT'),
    async close() {
      await end('SIGINT')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function initialise(folder: string, data: string, identity: object): void {
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, PASSWORD)
  const args = [
    '-D',
    data,
    '-U',
    'postgres',
    '-A',
    'scram-sha-256',
    `--pwfile=${passwordFile}`,
    '-E',
    'UTF8',
    '--locale=C',
    '--no-sync',
  ]
  const made = spawnSync(join(postgresBinaries ?? '', 'initdb'), args, { ...identity, encoding: 'utf8' })
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
