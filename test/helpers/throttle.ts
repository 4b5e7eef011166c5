/** A proxy in front of a DynamoDB: notes what is asked of it, refuses some calls as the real one does when it has too much to do, and loses answers. */

import { once } from 'node:events'
import { createServer, request as ask } from 'node:http'
import type { AddressInfo } from 'node:net'

const REFUSALS = ['ProvisionedThroughputExceededException', 'ThrottlingException', 'RequestLimitExceeded'] as const

export type Throttled = {
  readonly url: string
  /** From now on, of each hundred calls so many are refused. */
  refuse(percent: number): void
  /** So many calls from now on are made, and nobody hears how they ended. */
  lose(answers: number): void
  readonly counts: { passed: number; refused: number; lost: number }
  /** `PutItem inbox-1`, `Query journal-1/index/time`. */
  readonly asked: ReadonlySet<string>
  close(): Promise<void>
}

export async function throttle(target: string): Promise<Throttled> {
  const counts = { passed: 0, refused: 0, lost: 0 }
  const asked = new Set<string>()
  let percent = 0
  let losing = 0
  let calls = 0
  const server = createServer((incoming, response) => {
    calls += 1
    // A fixed pattern without a rhythm that a retry could fall into.
    if ((calls * 7919) % 100 < percent) {
      counts.refused += 1
      incoming.resume()
      const type = `com.amazonaws.dynamodb.v20120810#${REFUSALS[calls % REFUSALS.length]}`
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' })
      return response.end(JSON.stringify({ __type: type, message: 'Rate exceeded' }))
    }
    counts.passed += 1
    const { method, headers } = incoming
    const outgoing = ask(target, { method, headers }, (answer) => {
      if (losing > 0) {
        losing -= 1
        counts.lost += 1
        answer.resume()
        return response.destroy()
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      return answer.pipe(response)
    })
    outgoing.on('error', () => response.destroy())
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => noteCall(asked, String(headers['x-amz-target']), Buffer.concat(chunks).toString()))
    incoming.pipe(outgoing)
    return undefined
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refuse: (share) => void (percent = share),
    lose: (answers) => void (losing = answers),
    counts,
    asked,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function noteCall(asked: Set<string>, target: string, body: string): void {
  const input = JSON.parse(body) as { TableName?: string; IndexName?: string; RequestItems?: Record<string, unknown> }
  const [, operation] = target.split('.')
  const index = input.IndexName === undefined ? '' : `/index/${input.IndexName}`
  const tables = input.TableName === undefined ? Object.keys(input.RequestItems ?? {}) : [input.TableName]
  for (const table of tables) asked.add(`${operation} ${table}${index}`)
}
