/** The small registry with the referrers API and its pages, over HTTP on this machine. */

import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { memoryRegistry, type MemoryRegistry } from './artifacts.ts'

export type ReferrersRegistry = MemoryRegistry & { readonly host: string; close(): Promise<void> }

export async function startReferrersRegistry(): Promise<ReferrersRegistry> {
  const registry = memoryRegistry()
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', `http://${request.headers.host}`)
    const seen = { method: request.method ?? '', url, headers: new Headers(), body: '', nth: 1 }
    const answer = await registry.script(seen)
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    response.end(Buffer.from(await answer.arrayBuffer()))
  }
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy())
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
