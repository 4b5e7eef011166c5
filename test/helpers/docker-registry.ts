/** Debian's `docker-registry` (CNCF Distribution) on a free port, its storage in a temporary folder. */

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const START_TIMEOUT_MS = 15_000
const PROBE_INTERVAL_MS = 50

export type DockerRegistryOptions = {
  /** Where it sends its notifications, with which headers. */
  readonly notify?: { readonly url: string; readonly headers: Readonly<Record<string, string>> }
}
export type DockerRegistry = { readonly host: string; close(): Promise<void> }

/** Starts it and waits until it answers; `close` ends the process by its id and removes the storage. */
export async function startDockerRegistry(options: DockerRegistryOptions = {}): Promise<DockerRegistry> {
  const folder = mkdtempSync(join(tmpdir(), 'drayage-registry-'))
  const host = `127.0.0.1:${await freePort()}`
  const file = join(folder, 'config.yml')
  // JSON is YAML; nothing has to be quoted by hand.
  writeFileSync(file, JSON.stringify(configOf(host, folder, options)))
  const child = spawn('docker-registry', ['serve', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  let complaint = ''
  child.stderr.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-2000)))
  const close = async (): Promise<void> => {
    await stop(child)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await waitUntilReady(host, child)
  } catch (error) {
    await close()
    throw new Error(`docker-registry does not start: ${complaint}`, { cause: error })
  }
  return { host, close }
}

function configOf(host: string, folder: string, { notify }: DockerRegistryOptions): object {
  const endpoint = notify && {
    name: 'drayage',
    url: notify.url,
    headers: Object.fromEntries(Object.entries(notify.headers).map(([name, value]) => [name, [value]])),
    timeout: '2s',
    threshold: 3,
    backoff: '1s',
  }
  return {
    version: '0.1',
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
    http: { addr: host, secret: 'only for tests' },
    ...(endpoint ? { notifications: { endpoints: [endpoint] } } : {}),
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}

async function waitUntilReady(host: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`)
    const status = await fetch(`http://${host}/v2/`).then(
      (answer) => answer.status,
      () => 0,
    )
    if (status === 200) return
    await new Promise((resolve) => setTimeout(resolve, PROBE_INTERVAL_MS))
  }
  throw new Error(`no answer after ${START_TIMEOUT_MS} ms`)
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const killer = setTimeout(() => child.kill('SIGKILL'), 3000)
  await ended
  clearTimeout(killer)
}
