/** An OCI registry inside this process: serves real pushes and pulls on loopback and tells of pushes as CNCF Distribution does. */

import { createHash, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createHttp } from '../../clients/http.ts'
import type { Digest } from '../../domain/image.ts'
import { tinyImage } from './image.ts'
import { createNotifier, type Endpoint } from './notifier.ts'
import { pushTinyImage } from './push.ts'
import { answer, failure, type OnPush, type RegistryRequest, type Reply } from './registry-routes.ts'
import { createRegistryStore } from './registry-store.ts'

const HELD_BYTES_MAX = 512 * 1024 * 1024

export type RegistryOptions = {
  /** Default: any free one. */
  readonly port?: number
  readonly notify?: Endpoint
  /** Who may push and pull. Default: everybody, since nobody but this machine gets here. */
  readonly auth?: { readonly username: string; readonly password: string }
  /** What it holds at most. */
  readonly bytesMax?: number
}
export type LocalRegistry = {
  /** `127.0.0.1:<port>`, spoken to by plain HTTP. */
  readonly host: string
  /** Ends connections, and notifications that nobody took. */
  close(): Promise<void>
  /** Builds a tiny image and pushes it over HTTP. `content` makes its digest; by default it is the tag. */
  pushImage(repository: string, tag: string, options?: { readonly content?: string }): Promise<Digest>
}

/** Starts it; whoever starts it closes it. */
export async function startRegistry(options: RegistryOptions = {}): Promise<LocalRegistry> {
  const bytesMax = options.bytesMax ?? HELD_BYTES_MAX
  const store = createRegistryStore(bytesMax)
  const notifier = options.notify ? createNotifier(options.notify) : null
  const authorization = options.auth ? basicOf(options.auth) : null
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy())
  })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const host = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? '/', `http://${host}`)
    if (authorization !== null && !isEqual(incoming.headers.authorization ?? '', authorization)) {
      const refusal = failure(401, 'UNAUTHORIZED', 'a user name and a password are needed')
      return reply(incoming, response, {
        ...refusal,
        headers: { ...refusal.headers, 'www-authenticate': 'Basic realm="drayage"' },
      })
    }
    const body = await readBody(incoming, bytesMax)
    if (body === null) return reply(incoming, response, failure(413, 'SIZE_INVALID', `more than ${bytesMax} bytes`))
    const headers = {
      'content-type': incoming.headers['content-type'],
      'content-range': incoming.headers['content-range'],
    }
    const request: RegistryRequest = {
      method: incoming.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers,
      body,
    }
    return reply(incoming, response, answer(store, request, tell(incoming)))
  }

  function tell(incoming: IncomingMessage): OnPush {
    return (repository, manifest, tag) =>
      notifier?.notify({
        repository,
        manifest,
        tag,
        host,
        requestHost: incoming.headers.host ?? host,
        pusherAddress: `${incoming.socket.remoteAddress}:${incoming.socket.remotePort}`,
        userAgent: incoming.headers['user-agent'] ?? '',
        actor: options.auth?.username ?? null,
      })
  }

  const http = createHttp({ fetch: (url, init) => fetch(url, init), now: Date.now, random: Math.random })
  return {
    host,
    async close() {
      notifier?.stop()
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
    pushImage: (repository, tag, { content = tag } = {}) =>
      pushTinyImage(http, { host, repository, tag, authorization }, tinyImage(content)),
  }
}

/** Null where the body is longer than the bound; the connection stays open for the answer that says so. */
async function readBody(incoming: IncomingMessage, bytesMax: number): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > bytesMax) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function reply({ method }: IncomingMessage, response: ServerResponse, { status, headers, body }: Reply): void {
  const length = status === 204 ? {} : { 'content-length': String(body?.length ?? 0) }
  response.writeHead(status, { 'docker-distribution-api-version': 'registry/2.0', ...headers, ...length })
  response.end(method === 'HEAD' ? undefined : body)
}

function basicOf({ username, password }: NonNullable<RegistryOptions['auth']>): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

/** Takes as long whatever was wrong. */
function isEqual(found: string, expected: string): boolean {
  const [a, b] = [found, expected].map((text) => createHash('sha256').update(text).digest())
  return a !== undefined && b !== undefined && timingSafeEqual(a, b)
}
