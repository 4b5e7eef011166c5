/** The two servers that the ingest bench compares, one a process: `bare` answers what it has read and proven, `drayage` also keeps it. */

import { createHmac, timingSafeEqual } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { isHmacByNode } from '../../handlers/hmac.ts'
import { listen, nodeEdge } from '../../handlers/listen.ts'
import { createApp } from '../../src/app.ts'
import { webhook } from '../../src/receivers/webhook.ts'
import { openSqlite } from '../../src/state/sqlite.ts'
import { noHttp } from '../helpers/no-http.ts'

export const SECRET = Buffer.from('0123456789abcdef0123456789abcdef')

const silent = (): void => {}

async function startDrayage(): Promise<string> {
  const state = await openSqlite(join(mkdtempSync(join(tmpdir(), 'drayage-bench-')), 'state.db'))
  const secret = `whsec_${SECRET.toString('base64')}`
  const receiver = webhook.create(
    webhook.Settings.parse({ type: 'webhook', secret: 'env:SECRET' }),
    () => async () => [secret],
    noHttp,
    null,
  )
  const receivers = new Map([['ci', receiver]])
  const app = createApp({
    receivers: () => receivers,
    inbox: state.inbox,
    onStored: silent,
    unready: async () => [],
    now: Date.now,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    measure: silent,
    edge: nodeEdge,
    isHmac: isHmacByNode,
  })
  return (await listen(app, '127.0.0.1:0')).url
}

async function startBare(): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      const signed = `${request.headers['webhook-id']}.${request.headers['webhook-timestamp']}.`
      const expected = createHmac('sha256', SECRET).update(signed).update(body).digest()
      const given = Buffer.from(String(request.headers['webhook-signature']).slice('v1,'.length), 'base64')
      const isAuthentic = given.length === expected.length && timingSafeEqual(given, expected)
      const { type }: { type?: unknown } = JSON.parse(body.toString('utf8'))
      response.writeHead(isAuthentic && type === 'image.pushed' ? 202 : 401).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
}

if (import.meta.main) {
  const url = await (process.argv[2] === 'bare' ? startBare() : startDrayage())
  process.send?.(url)
  process.on('disconnect', () => process.exit(0))
}
