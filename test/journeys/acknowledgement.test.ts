/** Durable before acknowledged, over the whole service as a process: what the kernel saw, in its order. */

import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createClient } from '../../src/cli/client.ts'
import { readLocalAccess } from '../../src/cli/local-access.ts'
import { eventually, freePort } from '../helpers/service.ts'
import { straceCommand, syncOrder } from '../helpers/sync-order.ts'

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname
const EVENTS = 30
const SECRET = 'Bearer sesame'
const canTrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'drayage-acknowledgement-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** One after the other, so that what the log holds at an answer is that answer's event. */
async function traceService(): Promise<string> {
  const [port, apiPort] = [await freePort(), await freePort()]
  const state = join(folder, 'state.db')
  const config = join(folder, 'drayage.yaml')
  const server = { listen: `127.0.0.1:${port}`, api: { listen: `127.0.0.1:${apiPort}` }, state }
  writeFileSync(
    config,
    `version: 1
server: ${JSON.stringify(server)}
registries:
  local: { host: "127.0.0.1:5000", insecure: true, events: { type: distribution, secret: env:HOOK } }
git:
  gitops: { url: /srv/gitops.git }
subscriptions:
  app: { image: "127.0.0.1:5000/acme/app", tags: { semver: ">=1" }, verify: none, stages: { prod: { git: gitops, file: app.yaml } } }
`,
  )
  const trace = join(folder, 'trace')
  const [strace, ...args] = straceCommand(trace)
  const env = { PATH: process.env['PATH'], HOOK: SECRET }
  const child = spawn(strace, [...args, process.execPath, MAIN, 'serve', '--config', config], { env, stdio: 'ignore' })
  const closed = new Promise((resolve) => child.once('close', resolve))
  try {
    await eventually('it is ready', async () => {
      return (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null))?.ok === true
    })
    await eventually('the way in is there', async () => (await readLocalAccess(state)) !== null)
    const access = await readLocalAccess(state)
    if (access === null) throw new Error('there is no way in')
    const client = createClient(access)
    for (let number = 0; number < EVENTS; number += 1) {
      const event = { id: `event-${number}`, action: 'push', target: { repository: 'acme/app', tag: `not-${number}` } }
      const response = await fetch(`http://127.0.0.1:${port}/hooks/local`, {
        method: 'POST',
        headers: { authorization: SECRET, 'content-type': 'application/json' },
        body: JSON.stringify({ events: [event] }),
      })
      expect(response.status).toBe(202)
      await eventually('it is settled', async () => (await client.status({})).waiting === 0)
    }
  } finally {
    // strace passes no signal on: the service is its only child.
    const [pid = ''] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ')
    process.kill(Number(pid), 'SIGTERM')
    await closed
  }
  return readFileSync(trace, 'utf8')
}

it.skipIf(!canTrace)(
  'writes each 202 after its event is synced (strace; skipped where it cannot run)',
  { timeout: 120_000 },
  async () => {
    const trace = await traceService()
    const isAcknowledgement = (call: string): boolean => call.includes('"HTTP/1.1 202 ')
    const order = syncOrder(trace, isAcknowledgement)
    expect(order.tooEarly).toEqual([])
    expect(order.acknowledgements).toBe(EVENTS)
    expect(order.syncs).toBeGreaterThanOrEqual(EVENTS)
    // The same service, had it not waited for its disk.
    const careless = trace.split('\n').filter((call) => !/ f(?:data)?sync\(/u.test(call))
    expect(syncOrder(careless.join('\n'), isAcknowledgement).tooEarly).toHaveLength(EVENTS)
  },
)
