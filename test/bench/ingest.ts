/** Durable acknowledged events per second against a bare server that reads, proves and parses the same, and keeps nothing. */

import { fork, type ChildProcess } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { SECRET } from './ingest-server.ts'
import type { BenchRow } from './row.ts'

const CONNECTIONS = 64
const ROUNDS = 9
const REQUESTS = 5_000

type Server = { readonly url: URL; readonly child: ChildProcess }

export async function bench(): Promise<readonly BenchRow[]> {
  const [bare, drayage] = await Promise.all([start('bare'), start('drayage')])
  const rates: { bare: number[]; drayage: number[] } = { bare: [], drayage: [] }
  try {
    for (let round = 0; round <= ROUNDS; round += 1) {
      const figures = { bare: await load(bare, round), drayage: await load(drayage, round) }
      // The first round warms both up.
      if (round === 0) continue
      rates.bare.push(figures.bare)
      rates.drayage.push(figures.drayage)
    }
  } finally {
    bare.child.disconnect()
    drayage.child.disconnect()
  }
  const [bareRate, drayageRate] = [median(rates.bare), median(rates.drayage)]
  // Round by round: the machine's other work touches both alike.
  const ratios = rates.drayage.map((rate, round) => rate / (rates.bare[round] ?? rate))
  return [
    {
      name: `durable acknowledged events : bare server, ${CONNECTIONS} connections`,
      ratio: median(ratios),
      aim: '≥ 0.6',
      detail: `${Math.round(drayageRate)} : ${Math.round(bareRate)} events/s, every answer was 202`,
    },
  ]
}

async function start(kind: 'bare' | 'drayage'): Promise<Server> {
  const child = fork(new URL('./ingest-server.ts', import.meta.url), [kind])
  const [url] = await once(child, 'message')
  return { url: new URL(String(url)), child }
}

/** Events per second; throws unless the ledger balances: as many 202 as requests. */
async function load({ url }: Server, round: number): Promise<number> {
  const requests = Array.from({ length: REQUESTS }, (_, index) => requestOf(url.host, `msg_${round}_${index}`))
  let next = 0
  let answered = 0
  const started = performance.now()
  const worker = async (): Promise<void> => {
    const socket = connect(Number(url.port), url.hostname)
    await once(socket, 'connect')
    socket.setNoDelay(true)
    for (let request = requests[next++]; request !== undefined; request = requests[next++]) {
      socket.write(request)
      const [answer] = await once(socket, 'data')
      if (String(answer).startsWith('HTTP/1.1 202')) answered += 1
    }
    socket.destroy()
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, worker))
  const seconds = (performance.now() - started) / 1_000
  if (answered !== REQUESTS) throw new Error(`void: ${answered} of ${REQUESTS} were acknowledged`)
  return REQUESTS / seconds
}

function requestOf(host: string, id: string): Buffer {
  const body = JSON.stringify({
    type: 'image.pushed',
    timestamp: new Date().toISOString(),
    data: { image: 'registry.example.com/acme/payments:1.5.0' },
  })
  const timestamp = Math.floor(Date.now() / 1_000)
  const signature = createHmac('sha256', SECRET).update(`${id}.${timestamp}.${body}`).digest('base64')
  const head = [
    'POST /hooks/ci HTTP/1.1',
    `host: ${host}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    `webhook-id: ${id}`,
    `webhook-timestamp: ${timestamp}`,
    `webhook-signature: v1,${signature}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
}
