/** What stands before several processes: gives each request to the next one that takes connections, as a Kubernetes Service does. */

import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'

export type Balancer = { readonly url: string; close(): Promise<void> }

/** `targets` are asked for at each request; one that accepted a request and dies over it is the sender's to repeat. */
export async function startBalancer(targets: () => readonly string[]): Promise<Balancer> {
  let turn = 0
  const server = createServer((incoming, response) => {
    answer(incoming, response).catch(() => response.destroy())
  })
  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readAll(incoming)
    turn += 1
    const all = targets()
    pass(incoming, body, response, [...all.slice(turn % all.length), ...all.slice(0, turn % all.length)])
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function pass(incoming: IncomingMessage, body: Buffer, response: ServerResponse, [target, ...others]: string[]): void {
  if (target === undefined) {
    response.writeHead(503).end()
    return
  }
  const { method, url, headers } = incoming
  const outgoing = request(`${target}${url}`, { method, headers: { ...headers, connection: 'close' } }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.on('error', () => response.destroy())
    answer.pipe(response)
  })
  outgoing.on('error', (error: NodeJS.ErrnoException) => {
    if (response.headersSent) response.destroy()
    else if (error.code === 'ECONNREFUSED') pass(incoming, body, response, others)
    else response.writeHead(502).end()
  })
  outgoing.end(body)
}

async function readAll(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}
