/** A service of a cloud on loopback: answers by path, and remembers what it was asked. */

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGuardedFetch } from '../../src/clients/address-guard.ts'
import { createHttp, type Http } from '../../src/clients/http.ts'

export type Asked = {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}
/** A number is a status with an empty answer; a string goes as it is. */
export type Answers = Readonly<Record<string, (asked: Asked) => unknown>>

export async function startPeer(answers: Answers) {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://peer')
      const headers = request.headers as Record<string, string>
      const one = { method: request.method ?? '', url, headers, body: Buffer.concat(chunks).toString() }
      asked.push(one)
      const answer = answers[`${one.method} ${url.pathname}`]?.(one) ?? 404
      if (typeof answer === 'number') response.writeHead(answer).end('{}')
      else response.end(typeof answer === 'string' ? answer : JSON.stringify(answer))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    asked,
    async close(): Promise<void> {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

/** As the service makes it. */
export function guardedHttp(): Http {
  return createHttp({ fetch: createGuardedFetch(), now: Date.now, random: Math.random })
}
