/** A listener of Node's own server, with the limits that hold before a request is ours. */

import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Context, Hono } from 'hono'

const HEADERS_TIMEOUT_MS = 5_000
const REQUEST_TIMEOUT_MS = 10_000
const KEEP_ALIVE_MS = 65_000
const HEADER_BYTES_MAX = 16 * 1024
const CONNECTIONS_MAX = 1_024

export type Listening = { readonly url: string; close(): Promise<void> }

export async function listen(app: Hono, address: string): Promise<Listening> {
  const answer = getRequestListener(app.fetch)
  const server = createServer(
    { maxHeaderSize: HEADER_BYTES_MAX, keepAliveTimeout: KEEP_ALIVE_MS },
    (request, response) => void answer(request, response),
  )
  server.headersTimeout = HEADERS_TIMEOUT_MS
  server.requestTimeout = REQUEST_TIMEOUT_MS
  server.maxConnections = CONNECTIONS_MAX
  const at = address.lastIndexOf(':')
  const host = address.slice(0, at).replaceAll(/[[\]]/gu, '')
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port: Number(address.slice(at + 1)) }, resolve)
  })
  return { url: urlOf(server), close: () => close(server) }
}

/** Header by header as they came: joined values would hide that a credential was sent twice. */
export function rawHeadersOf(context: Context): ReadonlyMap<string, readonly string[]> {
  const { incoming }: { incoming: IncomingMessage } = context.env
  const headers = new Map<string, string[]>()
  for (let index = 0; index < incoming.rawHeaders.length; index += 2) {
    const name = (incoming.rawHeaders[index] ?? '').toLowerCase()
    headers.set(name, [...(headers.get(name) ?? []), incoming.rawHeaders[index + 1] ?? ''])
  }
  return headers
}

/** The body as Node has it: a web stream around it costs more than all the rest of a hook. */
export function rawBodyOf(context: Context): AsyncIterable<Uint8Array> {
  const { incoming }: { incoming: IncomingMessage } = context.env
  return incoming
}

function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

/** Requests under way are answered; idle connections end at once. */
async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  await closed
}
