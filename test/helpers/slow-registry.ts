/** In front of a registry: passes on what it is asked, but only while its gate is open. */

import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'

export async function startGate(target: string) {
  let open = (): void => {}
  let gate = Promise.resolve()
  let asked = 0
  const server = createServer((incoming, response) => {
    asked += 1
    void gate.then(() => pass(target, incoming, response))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    host: `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    asked: () => asked,
    shut(): void {
      gate = new Promise((resolve) => (open = resolve))
    },
    open: () => open(),
    async close(): Promise<void> {
      open()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function pass(target: string, incoming: IncomingMessage, response: ServerResponse): void {
  const { method, url, headers } = incoming
  const outgoing = request(`http://${target}${url}`, { method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
  outgoing.on('error', () => response.destroy())
  incoming.pipe(outgoing)
}
