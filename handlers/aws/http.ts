/** Requests as function URLs and HTTP APIs bring them (payload format 2.0), and as the rest of the program knows them. */

import type { Hono } from 'hono'
import type { Edge } from '../../src/edge.ts'

/**
 * Only what is used, and of one shape alone: what a request is must follow from the event that Lambda made, never from a
 * header that a client may send (CVE-2026-18248), nor from who says to have forwarded it (CVE-2026-27700).
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
 */
export type HttpEvent = {
  readonly version: '2.0'
  readonly rawPath: string
  readonly rawQueryString: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body?: string
  readonly isBase64Encoded: boolean
  readonly requestContext: { readonly http: { readonly method: string } }
}

export type HttpAnswer = {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Everything from the event: the standard request beside it is there for hono's routes alone. */
export const lambdaEdge: Edge = {
  targetOf: (_request, env) => targetOf(env as HttpEvent),
  headersOf: (_request, env) => {
    const headers = Object.entries((env as HttpEvent).headers)
    return new Map(headers.map(([name, value]) => [name.toLowerCase(), [value ?? '']]))
  },
  bodyOf: (_request, env) => bodyOf(env as HttpEvent),
}

export async function answer(app: Hono, event: HttpEvent): Promise<HttpAnswer> {
  const request = requestOf(event)
  if (request === null) return { statusCode: 400, headers: {}, body: '' }
  const response = await app.fetch(request, event)
  return { statusCode: response.status, headers: Object.fromEntries(response.headers), body: await response.text() }
}

/** Null where the standard knows no such request: CONNECT, a path that is none, a header with a line break. */
function requestOf(event: HttpEvent): Request | null {
  const { method } = event.requestContext.http
  const headers = Object.entries(event.headers).map(([name, value]): [string, string] => [name, value ?? ''])
  try {
    return new Request(`https://lambda.invalid${targetOf(event)}`, { method, headers })
  } catch {
    return null
  }
}

function targetOf({ rawPath, rawQueryString }: HttpEvent): string {
  return rawQueryString === '' ? rawPath : `${rawPath}?${rawQueryString}`
}

/** As bytes, counted by whoever reads them (GHSA-rv63-4mwf-qqc2): what a header says of their number is not asked. */
async function* bodyOf({ body = '', isBase64Encoded }: HttpEvent): AsyncGenerator<Uint8Array> {
  if (body !== '') yield Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8')
}
