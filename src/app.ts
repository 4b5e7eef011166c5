/** HTTP in: routes, the bounded body, and one table from sender profile and outcome to status. With `api.ts` the only place that knows hono. */

import { Hono, type Context } from 'hono'
import type { AcceptedEvent } from './domain/event.ts'
import type { Log } from './domain/log.ts'
import type { Measure } from './domain/measure.ts'
import {
  receive,
  type IsHmac,
  type Receiver,
  type ReceiverRequest,
  type RefusalReason,
  type Received,
  type SenderProfile,
} from './receivers/receiver.ts'
import type { Inbox } from './state/inbox.ts'

/** The largest registry envelope seen is a few kilobytes; 500 events of Distribution are 350. */
export const BODY_BYTES_MAX = 1024 * 1024
const RETRY_AFTER_SECONDS = 5
const HOOK = /^\/hooks\/(?<source>[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\/(?<secret>[^/]{1,512}))?$/u

export type AppOptions = {
  /** By the registry's name in the configuration. Asked at each request, so that a new configuration needs no restart. */
  readonly receivers: () => ReadonlyMap<string, Receiver>
  readonly inbox: Inbox
  /** Something new waits in the inbox. */
  readonly onStored: () => void
  /** Null: ready. Else what is missing. */
  readonly unready: () => Promise<string | null>
  readonly now: () => number
  readonly log: Log
  readonly measure: Measure
  /** A platform that still has them apart gives headers as they came; elsewhere repeated ones are joined by commas. */
  readonly headersOf?: (context: Context) => ReadonlyMap<string, readonly string[]>
  /** The platform's own stream of the body, where that is cheaper than the request's. */
  readonly bodyOf?: (context: Context) => AsyncIterable<Uint8Array>
  readonly isHmac?: IsHmac
}

type Outcome =
  | 'stored'
  | 'duplicate'
  | 'ignored'
  | 'ping'
  | 'validation'
  | 'body-too-large'
  | 'unsupported-encoding'
  | 'unavailable'
  | RefusalReason

type Statuses = Readonly<Record<Outcome, 200 | 202 | 400 | 401 | 413 | 415 | 422 | 503>>

const DEFAULT: Statuses = {
  stored: 202,
  duplicate: 200,
  ignored: 200,
  ping: 200,
  validation: 200,
  'body-too-large': 413,
  'unsupported-encoding': 415,
  unavailable: 503,
  'missing-credential': 401,
  'duplicate-credential': 400,
  'wrong-credential': 401,
  'stale-timestamp': 401,
  'unsupported-content-type': 415,
  'not-json': 400,
  'unknown-schema': 422,
}

/** What is authentic and will never be read is taken, or the sender would send it for ever: what was wrong stands in our log. */
const TAKEN = {
  'body-too-large': 202,
  'unsupported-encoding': 202,
  'unsupported-content-type': 202,
  'not-json': 202,
  'unknown-schema': 202,
} as const

const STATUS: Readonly<Record<SenderProfile, Statuses>> = {
  default: DEFAULT,
  'blocking-queue': { ...DEFAULT, ...TAKEN },
  /** Redelivers for seven days whatever is not 2xx; https://cloud.google.com/pubsub/docs/push */
  pubsub: { ...DEFAULT, ...TAKEN },
  /** 400, 401, 403 and 413 are final there: only for what may really be dropped. 202 is no answer to its handshake. */
  'event-grid': { ...DEFAULT, 'unsupported-encoding': 400, 'unsupported-content-type': 400, 'unknown-schema': 400 },
}

export function createApp(options: AppOptions): Hono {
  const app = new Hono()
  app.get('/healthz', (context) => context.json({ status: 'ok' }))
  app.get('/readyz', async (context) => {
    const missing = await options.unready()
    return missing === null ? context.json({ status: 'ready' }) : context.json({ status: 'not ready', missing }, 503)
  })
  app.all('/hooks/*', (context) => hook(context, options))
  app.notFound((context) => context.json({ error: 'not found' }, 404))
  app.onError((error, context) => {
    options.log.error('request failed', { detail: error.message })
    return context.json({ error: 'unavailable' }, 503, { 'retry-after': String(RETRY_AFTER_SECONDS) })
  })
  return app
}

async function hook(context: Context, options: AppOptions): Promise<Response> {
  // The path as it came: nothing is decoded, so nothing decodes to another route.
  const url = new URL(context.req.url)
  const groups = HOOK.exec(url.pathname)?.groups
  const source = groups?.['source'] ?? ''
  const receiver = options.receivers().get(source)
  if (receiver === undefined) {
    options.log.warn('request refused', { reason: 'unknown-registry' })
    return context.json({ error: 'no registry of that name receives events here' }, 404)
  }
  const methods: readonly string[] = ['POST', ...(receiver.methods ?? [])]
  if (!methods.includes(context.req.method)) {
    return context.json({ error: `${methods.join(' or ')} only` }, 405, { allow: methods.join(', ') })
  }
  const headers = (options.headersOf ?? headersOfRequest)(context)
  const body = await readBounded((options.bodyOf ?? bodyOfRequest)(context), headers.get('content-length'))
  const request: ReceiverRequest = {
    method: context.req.method,
    headers,
    query: url.searchParams,
    pathSecret: groups?.['secret'] ?? null,
    body: body ?? new Uint8Array(),
  }
  const answer = (outcome: Outcome, detail: string, rest: object = {}): Response => {
    options.measure({ kind: 'event', source, outcome })
    const status = STATUS[receiver.sender][outcome]
    const isWell = outcome === 'stored' || outcome === 'duplicate' || outcome === 'ping' || outcome === 'validation'
    options.log[isWell || outcome === 'ignored' ? 'info' : 'warn'](isWell ? 'request accepted' : 'request refused', {
      source,
      outcome,
      detail,
      status,
    })
    const headers = status === 503 ? { 'retry-after': String(RETRY_AFTER_SECONDS) } : undefined
    return context.json({ outcome, ...rest }, status, headers)
  }
  try {
    if (body === null) return await tooLarge(receiver, request, options, answer)
    const encoding = request.headers.get('content-encoding')
    if (encoding !== undefined && encoding.some((value) => value !== 'identity'))
      return answer('unsupported-encoding', 'send it uncompressed')
    return await take(source, receiver, request, options, answer)
  } catch (error) {
    return answer('unavailable', error instanceof Error ? error.message : 'unknown failure')
  }
}

type Answer = (outcome: Outcome, detail: string, rest?: object) => Response

/** Durable before acknowledged: there is no 2xx for an event before the inbox has it. */
async function take(
  source: string,
  receiver: Receiver,
  request: ReceiverRequest,
  options: AppOptions,
  answer: Answer,
): Promise<Response> {
  const now = options.now()
  const { isHmac } = options
  const taken = await receive(receiver, request, isHmac === undefined ? { now } : { now, isHmac })
  if (!taken.ok) return answer(taken.error.reason, taken.error.detail)
  const { received, assurance } = taken.value
  switch (received.outcome) {
    case 'ping':
      return answer('ping', 'the sender tries whether we are there')
    case 'validation':
      return validation(received, answer)
    case 'ignored':
      return answer('ignored', received.reason, { reason: received.reason })
    case 'events': {
      const accepted = received.events.map((event): AcceptedEvent => ({
        id: `${source}/${event.id}`,
        source,
        assurance,
        receivedAt: now,
        event,
      }))
      const results = await options.inbox.put(accepted)
      const isNew = results.includes('stored')
      if (isNew) options.onStored()
      const events = accepted.map(({ id }, index) => ({ id, result: results[index] }))
      const detail = events.map(({ id, result }) => `${id} ${result}`).join(', ')
      return answer(isNew ? 'stored' : 'duplicate', detail, { events })
    }
  }
}

/** The sender asks whether we are who it is to send to; some want the answer in a form of their own. */
function validation(received: Extract<Received, { outcome: 'validation' }>, answer: Answer): Response {
  const plain = answer('validation', 'the sender asked for a proof of the endpoint', { reply: received.reply })
  if (received.answer === undefined) return plain
  const headers = { 'content-type': 'application/json', ...received.answer.headers }
  return new Response(received.answer.body, { status: plain.status, headers })
}

/** Who sends too much is told so, but for the authentic sender that would send the same for ever. */
async function tooLarge(
  receiver: Receiver,
  request: ReceiverRequest,
  options: AppOptions,
  answer: Answer,
): Promise<Response> {
  const isAuthentic = (await receiver.authenticate(request, { now: options.now() })).ok
  const rendered = answer('body-too-large', `more than ${BODY_BYTES_MAX} bytes`)
  return isAuthentic
    ? rendered
    : new Response(rendered.body, { status: STATUS.default['body-too-large'], headers: rendered.headers })
}

/** Null where it is larger than we take: reading stops there, whatever the length was said to be. */
async function readBounded(
  body: AsyncIterable<Uint8Array> | null,
  announced: readonly string[] = [],
): Promise<Uint8Array | null> {
  if (body === null) return new Uint8Array()
  if (announced.some((length) => Number(length) > BODY_BYTES_MAX)) return null
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    // Leaving the loop ends the stream.
    if (bytes > BODY_BYTES_MAX) return null
    chunks.push(chunk)
  }
  return join(chunks, bytes)
}

function join(chunks: readonly Uint8Array[], bytes: number): Uint8Array {
  const [only] = chunks
  if (chunks.length === 1 && only !== undefined) return only
  const whole = new Uint8Array(bytes)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}

function bodyOfRequest(context: Context): AsyncIterable<Uint8Array> | null {
  return context.req.raw.body
}

function headersOfRequest(context: Context): ReadonlyMap<string, readonly string[]> {
  return new Map([...context.req.raw.headers].map(([name, value]) => [name.toLowerCase(), [value]]))
}
