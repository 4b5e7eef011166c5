/** Alarms of Durable Objects in workerd wake as the port says; nobody asks for the sweep. */

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { wakeConfig } from '../helpers/wake.ts'
import { noting } from '../helpers/wake-processes.ts'
import { startWorker } from '../helpers/worker.ts'
import { describeWake, type WakeSubject } from './wake.contract.ts'

const ENTRY = new URL('../helpers/wake-worker.ts', import.meta.url).pathname

/** What a document has to do here is to tell this peer of itself. */
async function startPeer(told: (name: string) => void) {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { data } = JSON.parse(Buffer.concat(chunks).toString()) as { data: { subject: string } }
      told(data.subject)
      response.writeHead(204).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close(): Promise<void> {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function open(): Promise<WakeSubject> {
  const done = noting()
  let skipped = 0
  const planned: string[] = []
  const peer = await startPeer((name) => done.note(name, Date.now() + skipped))
  const secrets = { TOKEN: 'a-token', GITHUB_KEY: 'none', PEER_URL: peer.url, PEER_SECRET: `whsec_${btoa('a secret')}` }
  const server = { api: { tokens: [{ person: 'ann', role: 'viewer', token: 'env:TOKEN' }] } }
  const worker = await startWorker({ config: { ...wakeConfig(), server }, secrets, entry: ENTRY, schedule: false })
  const call = async (method: string, name: string, at = 0): Promise<unknown> => {
    const response = await fetch(`${worker.url}/wake`, { method: 'POST', body: JSON.stringify({ method, name, at }) })
    return response.json()
  }
  return {
    async plan(name, at) {
      planned.push(name)
      await call('plan', name, at)
      // The platform's own clock did not go on.
      if (skipped > 0) await call('skip', name, skipped)
    },
    /** An object's alarm is set by the save; what asks for more asks for it now. */
    wake: async (name) => void (await call('wake', name)),
    quietVersion: async (name) => (await call('version', name)) as number | null,
    done: done.of,
    now: () => Date.now() + skipped,
    async skip(ms) {
      skipped += ms
      for (const name of planned) await call('skip', name, skipped)
    },
    restart: worker.restart,
    async close() {
      await worker.stop()
      await peer.close()
    },
  }
}

describeWake('alarms of Durable Objects', open)
