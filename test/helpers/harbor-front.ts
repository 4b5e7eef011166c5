/** In front of a registry: Harbor's API over what tests say was found, and a referrers API in pages where the registry has none. */

import { once } from 'node:events'
import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http'
import { digestOf } from '../../src/cli/demo/image.ts'

const PAGE = 2
const REPORT = 'application/vnd.security.vulnerability.report; version=1.1'
const INDEX = 'application/vnd.oci.image.index.v1+json'

type Finding = { readonly id: string; readonly severity: string }
type Referrer = { readonly subject: string; readonly digest: string; readonly size: number; readonly mediaType: string }
export type HarborFront = Awaited<ReturnType<typeof startHarborFront>>

/** `referrers`: manifests with a subject are listed from then on, as the API of OCI 1.1 does. */
export async function startHarborFront(registry: string, { referrers = false } = {}) {
  /** By digest; what is not here was never scanned. */
  const found = new Map<string, readonly Finding[]>()
  const known: Referrer[] = []
  /** By path: once it was read, it is that other one. */
  const swaps = new Map<string, string>()
  const read = new Set<string>()
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const host = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', `http://${host}`)
    if (url.pathname.startsWith('/api/v2.0/')) return reply(response, scanned(url.pathname))
    const subject = /^\/v2\/.+\/referrers\/(?<digest>sha256:[0-9a-f]+)$/u.exec(url.pathname)?.groups?.['digest']
    if (referrers && subject !== undefined) return list(response, url, subject)
    const body = await bodyOf(request)
    const isManifest = request.method === 'PUT' && url.pathname.includes('/manifests/')
    const about = isManifest && referrers ? subjectIn(body) : null
    if (about !== null) {
      const mediaType = request.headers['content-type'] ?? ''
      known.push({ subject: about, digest: digestOf(body), size: body.length, mediaType })
      response.setHeader('oci-subject', about)
    }
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    const swapped = isRead && read.has(url.pathname) ? swaps.get(url.pathname) : undefined
    if (isRead) read.add(url.pathname)
    await pass(request, response, { registry, host, body, path: swapped ?? request.url ?? '/' })
  }

  function scanned(path: string): object | null {
    const digest = /\/artifacts\/(?<digest>sha256:[0-9a-f]+)/u.exec(path)?.groups?.['digest'] ?? ''
    const findings = found.get(digest)
    if (findings === undefined) return { digest }
    if (path.endsWith('/additions/vulnerabilities')) {
      return { [REPORT]: { vulnerabilities: findings.map((one) => ({ ...one, package: 'openssl', version: '3.0' })) } }
    }
    const severities = findings.map(({ severity }) => [
      severity,
      findings.filter((one) => one.severity === severity).length,
    ])
    const summary = { total: findings.length, summary: Object.fromEntries(severities) as object }
    const scan = { scan_status: 'Success', end_time: new Date().toISOString(), summary, scanner: { name: 'Trivy' } }
    return { digest, scan_overview: { [REPORT]: scan } }
  }

  function list(response: ServerResponse, url: URL, subject: string): void {
    const all = known.filter((one) => one.subject === subject)
    const from = Number(url.searchParams.get('from') ?? 0)
    const manifests = all.slice(from, from + PAGE).map(({ digest, size, mediaType }) => ({ digest, size, mediaType }))
    const isMore = from + PAGE < all.length
    response.writeHead(200, {
      'content-type': INDEX,
      ...(isMore ? { link: `<${url.pathname}?from=${from + PAGE}>; rel="next"` } : {}),
    })
    response.end(JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests }))
  }

  return {
    host,
    found,
    swaps,
    async close(): Promise<void> {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function reply(response: ServerResponse, answer: object | null): void {
  response.writeHead(answer === null ? 404 : 200, { 'content-type': 'application/json' })
  response.end(JSON.stringify(answer ?? {}))
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function subjectIn(body: Buffer): string | null {
  return (JSON.parse(body.toString()) as { subject?: { digest?: string } }).subject?.digest ?? null
}

type Passed = { readonly registry: string; readonly host: string; readonly body: Buffer; readonly path: string }

/** As it came, but for the name of the registry that stands behind. */
async function pass(
  request: IncomingMessage,
  response: ServerResponse,
  { registry, host, body, path }: Passed,
): Promise<void> {
  const { method, headers } = request
  const onward = ask(`http://${registry}${path}`, { method, headers: { ...headers, host: registry } })
  onward.end(body)
  const [answer] = (await once(onward, 'response')) as [IncomingMessage]
  const { location, ...rest } = answer.headers
  const moved = location === undefined ? {} : { location: location.replace(registry, host) }
  response.writeHead(answer.statusCode ?? 502, { ...rest, ...moved })
  answer.pipe(response)
}
