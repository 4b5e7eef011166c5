/** Requests as a handler makes them, with only what a test is about written out. */

import type { ReceiverRequest } from '../../src/receivers/receiver.ts'

export type Sent = {
  readonly body?: string | Uint8Array
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly query?: string
  readonly pathSecret?: string | null
}

export function aRequest({ body = '', headers = {}, query = '', pathSecret = null }: Sent = {}): ReceiverRequest {
  return {
    method: 'POST',
    headers: new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value].flat()])),
    query: new URLSearchParams(query),
    pathSecret,
    body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
  }
}
