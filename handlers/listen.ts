/** A listener of Node's own server, with the limits that hold before a request is ours. */

import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import type { Edge } from '../src/edge.ts'

const HEADERS_TIMEOUT_MS = 5_000
/** Headers and body. Node looks at the clock only so often. */
const REQUEST_TIMEOUT_MS = 10_000
const TIMEOUT_CHECK_MS = 1_000
const KEEP_ALIVE_MS = 65_000
const HEADER_BYTES_MAX = 16 * 1024
const CONNECTIONS_MAX = 1_024
/** Requests under way are answered within milliseconds; who sends its bytes slowly is not waited for. */
const CLOSE_GRACE_MS = 2_000
/** Who is answered while it still sends has so long to hear it. */
const LINGER_MS = 500
/** For HTTP/1.0, whose health checks name no host; we never read it. */
const NO_HOST = 'localhost'
/** Where a listener on all addresses is reached from this machine. */
const LOOPBACK: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

export type ListenLimits = { readonly headersTimeoutMs?: number; readonly requestTimeoutMs?: number }
export type Listening = {
  /** As it is reached from this machine. */
  readonly url: string
  close(): Promise<void>
}

/** Throws in words for the operator where the address cannot be had. */
export async function listen(app: Hono, address: string, limits: ListenLimits = {}): Promise<Listening> {
  const { headersTimeoutMs = HEADERS_TIMEOUT_MS, requestTimeoutMs = REQUEST_TIMEOUT_MS } = limits
  const answer = getRequestListener(app.fetch, { autoCleanupIncoming: false, hostname: NO_HOST })
  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES_MAX,
      keepAliveTimeout: KEEP_ALIVE_MS,

      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(TIMEOUT_CHECK_MS, headersTimeoutMs),
    },
    (request, response) => {
      response.once('finish', () => linger(request))
      void answer(request, response)
    },
  )
  server.maxConnections = CONNECTIONS_MAX
  // All that fit into the bytes: beyond a number of its own Node would drop headers in silence, a repeated credential among them.
  server.maxHeadersCount = 0
  const at = address.lastIndexOf(':')
  const host = address.slice(0, at).replaceAll(/[[\]]/gu, '')
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new Error(describe(error, address), { cause: error })))
    server.listen({ host, port: Number(address.slice(at + 1)) }, resolve)
  })
  return { url: urlOf(server), close: () => close(server) }
}

/** Nothing more is read of a body that nobody wants: to throw it away costs as much as to take it. */
function linger(request: IncomingMessage): void {
  if (request.complete) return
  const { socket } = request
  setTimeout(() => request.complete || socket.destroy(), LINGER_MS).unref()
}

/** What Node still has of a request. */
export const nodeEdge: Edge = {
  targetOf: (_request, env) => incomingOf(env).url ?? '',
  headersOf: (_request, env) => headersOf(incomingOf(env).rawHeaders),
  // A web stream around it costs more than all the rest of a hook. Who stops reading leaves the connection as it is, so
  // that the sender of too much still hears why.
  bodyOf: (_request, env) => incomingOf(env).iterator({ destroyOnReturn: false }),
}

function incomingOf(env: unknown): IncomingMessage {
  return (env as { incoming: IncomingMessage }).incoming
}

/** Header by header as they came: joined values would hide that a credential was sent twice. */
function headersOf(raw: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const headers = new Map<string, string[]>()
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase()
    const value = raw[index + 1] ?? ''
    const values = headers.get(name)
    if (values === undefined) headers.set(name, [value])
    else values.push(value)
  }
  return headers
}

function describe(error: NodeJS.ErrnoException, address: string): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `${address} is in use by another program. Stop that one, or give another address in the configuration (server:)`
    case 'EACCES':
      return `${address} may not be listened on by this user. Take a port above 1023, or grant CAP_NET_BIND_SERVICE`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${address} is no address of this machine`
    default:
      return `${address} cannot be listened on: ${error.message}`
  }
}

function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo
  const host = LOOPBACK[address] ?? address
  return `http://${family === 'IPv6' ? `[${host}]` : host}:${port}`
}

/**
 * Requests under way are answered; idle connections end at once, and silent ones after a moment: once it closes, Node
 * no longer ends them by the timeouts above.
 */
async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  const grace = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS)
  await closed
  clearTimeout(grace)
}
