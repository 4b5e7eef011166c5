/** The real service as a process of its own: `drayage serve` on a configuration in a temporary folder. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, type Client } from '../../src/cli/client.ts'
import { readLocalAccess } from '../../src/cli/local-access.ts'

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname
const START_TIMEOUT_MS = 20_000
/** Of all services on one database. */
export const FLEET_TOKEN = 'CANARY-of-the-fleet'
const PROBE_MS = 25
const EVENTUALLY_MS = 60_000

export type ServiceOptions = {
  /** Lines of `drayage.yaml` after `server:`; `server` is filled in. */
  readonly yaml: string
  readonly env?: Readonly<Record<string, string>>
  /** Beside `drayage.yaml`, by name. */
  readonly files?: Readonly<Record<string, string>>
  /** Fixed, so that a registry can be told before the service starts. */
  readonly port?: number
  /** `server.api.tokens`; on this machine the local token does without. */
  readonly tokens?: readonly unknown[]
  /** A PostgreSQL URL, in place of the embedded store: services that share it are asked with a token of their configuration. */
  readonly database?: string
  /** `server.api.oidc`: whose signed tokens count. */
  readonly oidc?: readonly object[]
  /** `server.config`: a repository that holds the rest. */
  readonly follows?: object
}
export type Service = Awaited<ReturnType<typeof startService>>

/** The folder, and with it the state, stays over restarts until `remove`. */
export async function startService({
  yaml,
  env = {},
  files = {},
  port,
  tokens = [],
  oidc,
  database,
  follows,
}: ServiceOptions) {
  const folder = mkdtempSync(join(tmpdir(), 'drayage-service-'))
  const config = join(folder, 'drayage.yaml')
  const state = join(folder, 'state.db')
  const hooksPort = port ?? (await freePort())
  const apiPort = await freePort()
  const shared = { person: 'fleet', role: 'operator', token: 'env:FLEET_TOKEN' }
  const server = {
    listen: `127.0.0.1:${hooksPort}`,
    api: {
      listen: `127.0.0.1:${apiPort}`,
      tokens: database === undefined ? tokens : [...tokens, shared],
      ...(oidc === undefined ? {} : { oidc }),
    },
    state: database === undefined ? state : { postgres: 'env:DATABASE_URL', connections: 5 },
    ...(follows === undefined ? {} : { config: follows }),
  }
  writeFileSync(config, `version: 1\nserver: ${JSON.stringify(server)}\n${yaml}`)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  let child: ChildProcess | undefined
  let log = ''
  let client: Client | undefined

  const start = async (): Promise<void> => {
    child = spawn(process.execPath, [MAIN, 'serve', '--config', config], {
      env: { PATH: process.env['PATH'], DATABASE_URL: database, FLEET_TOKEN, ...env },
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (log += text))
    await eventually(
      'the service is ready',
      async () => {
        if (child?.exitCode !== null) throw new Error(`it ended: ${log}`)
        return (await fetch(`http://127.0.0.1:${hooksPort}/readyz`).catch(() => null))?.ok === true
      },
      START_TIMEOUT_MS,
    )
    await eventually(
      'the local token is written',
      async () => {
        const access =
          database === undefined
            ? await readLocalAccess(state)
            : { url: `http://127.0.0.1:${apiPort}`, token: FLEET_TOKEN }
        if (access?.url !== `http://127.0.0.1:${apiPort}`) return false
        client = createClient(access)
        return client.status({}).then(
          () => true,
          () => false,
        )
      },
      START_TIMEOUT_MS,
    )
  }
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> => {
    const ending = child
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return ending?.exitCode ?? null
    const closed = once(ending, 'exit')
    ending.kill(signal)
    await closed
    return ending.exitCode
  }
  await start()
  return {
    hooks: `http://127.0.0.1:${hooksPort}`,
    api: `http://127.0.0.1:${apiPort}`,
    config,
    state,
    folder,
    start,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    log: () => log,
    get client(): Client {
      if (client === undefined) throw new Error('the service never started')
      return client
    },
    async remove(): Promise<void> {
      await end('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Waits for what must come; the time is a bound, never a measure. */
export async function eventually(
  what: string,
  holds: () => Promise<boolean>,
  timeoutMs = EVENTUALLY_MS,
): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, PROBE_MS))
  }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}
