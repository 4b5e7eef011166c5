/** The small registry with the referrers API and its pages, over HTTP on this machine. */

import { once } from 'node:events'
import { createServer } from 'node:http'
import { memoryRegistry, type MemoryRegistry } from './artifacts.ts'

export type ReferrersRegistry = MemoryRegistry & { readonly host: string; close(): Promise<void> }

export async function startReferrersRegistry(): Promise<ReferrersRegistry> {
  const registry = memoryRegistry()
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', `http://${request.headers.host}`)
    const seen = { method: request.method ?? '', url, headers: new Headers(), body: '', nth: 1 }
    Promise.resolve(registry.script(seen))
      .then(async (answer) => {
        response.writeHead(answer.status, Object.fromEntries(answer.headers))
        response.end(Buffer.from(await answer.arrayBuffer()))
      })
      .catch(() => response.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return Object.assign(registry, {
    host: `127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  })
}
