/** HTTP in: routes, the bounded body, and one table from sender profile and outcome to status. With `api.ts` the only place that knows hono. */

import { Hono, type Context } from 'hono'
import type { Allowance } from './allowance.ts'
import { createBodyReader, type Body, type WithBody } from './body.ts'
import type { AcceptedEvent } from './domain/event.ts'
import type { Fields, Log } from './domain/log.ts'
import type { Measure } from './domain/measure.ts'
import { parseTarget, pathOf, standardEdge, type Edge } from './edge.ts'
import type {
  Authenticated,
  IsHmac,
  Received,
  Receiver,
  ReceiverRequest,
  RefusalReason,
  SenderProfile,
  Skipped,
} from './receivers/receiver.ts'
import type { Inbox } from './state/inbox.ts'

/** The largest registry envelope seen is a few kilobytes; 500 events of Distribution are 350. */
export const BODY_BYTES_MAX = 1024 * 1024
/** What a registry usually sends fits in here. */
export const BODY_BYTES_FREE = 16 * 1024
/** CVE-2024-40634: many large bodies at once. With 1,024 connections, 32 MiB are the most that strangers can make us hold. */
export const BODIES_BYTES_MAX = 16 * 1024 * 1024
const RETRY_AFTER_SECONDS = 5
const HOOK = /^\/hooks\/(?<source>[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\/(?<secret>[^/]{1,512}))?$/u
/** No registry has this name: what nobody of ours was asked for is counted under it. */
const NO_SOURCE = '-'
const CONFIGURATION = '-configuration'
/** Where Git hosts post, by their names: `/hooks/git/<name>`. */
const GIT = 'git'
/** Clicks in the chat. */
const INTERACTIONS = '-slack'

export type AppOptions = {
  /** By the registry's name in the configuration. Asked at each request, so that a new configuration needs no restart. */
  readonly receivers: () => ReadonlyMap<string, Receiver>
  /** Takes word of pushes to the repository of the configuration. Absent: nobody may send any. */
  readonly configuration?: Receiver | undefined
  readonly inbox: Pick<Inbox, 'put'>
  /** Absent: as many events as come. */
  readonly allowance?: Allowance
  /** Something new waits in the inbox. */
  readonly onStored: () => void
  /** Empty: ready. Else what is missing, in words that any stranger may read. */
  readonly unready: () => Promise<readonly string[]>
  readonly now: () => number
  readonly log: Log
  readonly measure: Measure
  readonly edge?: Edge
  readonly isHmac?: IsHmac
}

export type Outcome =
  | 'stored'
  | 'duplicate'
  | 'ignored'
  | 'ping'
  | 'validation'
  | 'body-too-large'
  | 'incomplete-body'
  | 'unsupported-encoding'
  | 'overloaded'
  | 'unavailable'
  | RefusalReason

type Statuses = Readonly<Record<Outcome, 200 | 202 | 400 | 401 | 413 | 415 | 422 | 429 | 503>>

const DEFAULT: Statuses = {
  stored: 202,
  duplicate: 200,
  ignored: 200,
  ping: 200,
  validation: 200,
  'body-too-large': 413,
  'incomplete-body': 400,
  'unsupported-encoding': 415,
  overloaded: 429,
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

/** Holds once the sender has proven itself; who has not gets what `default` gets. */
export const STATUS: Readonly<Record<SenderProfile, Statuses>> = {
  default: DEFAULT,
  'blocking-queue': { ...DEFAULT, ...TAKEN, overloaded: 503 },
  /** Three answers in a row that are no 2xx, and Quay sends nothing more. */
  'gives-up': { ...DEFAULT, ...TAKEN },
  /** Redelivers for seven days whatever is not 2xx; https://cloud.google.com/pubsub/docs/push */
  pubsub: { ...DEFAULT, ...TAKEN },
  /** 400, 401, 403 and 413 are final there: only for what may really be dropped. 202 is no answer to its handshake. */
  'event-grid': {
    ...DEFAULT,
    overloaded: 503,
    'unsupported-encoding': 400,
    'unsupported-content-type': 400,
    'unknown-schema': 400,
  },
  /** Acknowledged by 200 alone, with an empty body: a form that was sent is closed by it. */
  slack: { ...DEFAULT, stored: 200 },
}

export function createApp(options: AppOptions): Hono {
  const edge = options.edge ?? standardEdge
  // The path as it came: nothing is decoded, so nothing decodes to another route.
  const app = new Hono({ getPath: (request, given) => pathOf(edge.targetOf(request, given?.env)) })
  const withBody = createBodyReader({
    bytesMax: BODY_BYTES_MAX,
    bytesFree: BODY_BYTES_FREE,
    bytesAtOnceMax: BODIES_BYTES_MAX,
  })
  app.get('/healthz', (context) => context.json({ status: 'ok' }))
  app.get('/readyz', async (context) => {
    const missing = await options.unready()
    return missing.length === 0
      ? context.json({ status: 'ready' })
      : context.json({ status: 'not ready', missing }, 503)
  })
  app.all('/slack/interactions', async (context) => {
    const receiver = options.receivers().get(INTERACTIONS)
    if (receiver === undefined) return context.json({ error: 'not found' }, 404)
    return serve(context, { source: INTERACTIONS, receiver, pathSecret: null, options }, edge, withBody)
  })
  app.all('/hooks/*', (context) => hook(context, edge, withBody, options))
  const { configuration } = options
  if (configuration !== undefined) {
    const to = { source: CONFIGURATION, receiver: configuration, pathSecret: null, options }
    app.all('/configuration', (context) => serve(context, to, edge, withBody))
  }
  app.notFound((context) => context.json({ error: 'not found' }, 404))
  app.onError((error, context) => {
    options.log.error('request failed', { detail: error.message })
    return context.json({ error: 'unavailable' }, 503, { 'retry-after': String(RETRY_AFTER_SECONDS) })
  })
  return app
}

async function hook(context: Context, edge: Edge, withBody: WithBody, options: AppOptions): Promise<Response> {
  const { path } = parseTarget(edge.targetOf(context.req.raw, context.env))
  const groups = HOOK.exec(path)?.groups
  const source = groups?.['source'] ?? ''
  const pathSecret = groups?.['secret'] ?? null
  const host = source === GIT && pathSecret !== null ? options.receivers().get(`${GIT}/${pathSecret}`) : undefined
  if (host !== undefined) {
    return serve(context, { source: `${GIT}/${pathSecret}`, receiver: host, pathSecret: null, options }, edge, withBody)
  }
  const receiver = options.receivers().get(source)
  if (receiver === undefined) {
    options.measure({ kind: 'event', source: NO_SOURCE, outcome: 'unknown-registry' })
    options.log.warn('request refused', { outcome: 'unknown-registry' })
    return context.json({ error: 'not found' }, 404)
  }
  return serve(context, { source, receiver, pathSecret, options }, edge, withBody)
}

async function serve(context: Context, to: Hook, edge: Edge, withBody: WithBody): Promise<Response> {
  const { raw, method } = context.req
  const { receiver, pathSecret } = to
  const { query } = parseTarget(edge.targetOf(raw, context.env))
  const methods: readonly string[] = ['POST', ...(receiver.methods ?? [])]
  if (!methods.includes(method)) {
    return context.json({ error: `${methods.join(' or ')} only` }, 405, { allow: methods.join(', ') })
  }
  const headers = edge.headersOf(raw, context.env)
  return withBody(edge.bodyOf(raw, context.env), headers.get('content-length'), async (body) => {
    const bytes = body.kind === 'whole' ? body.bytes : new Uint8Array()
    const request = { method, headers, query, pathSecret, body: bytes }
    const told = await take(body, request, to).catch(unavailable)
    return answer(context, told, to)
  })
}

function unavailable(error: unknown): Told {
  const detail = error instanceof Error ? error.message : 'unknown failure'
  return { outcome: 'unavailable', isAuthentic: false, fields: { detail } }
}

type Hook = {
  readonly source: string
  readonly receiver: Receiver
  readonly pathSecret: string | null
  readonly options: AppOptions
}

/** What became of a request: the sender learns the outcome, the log learns the fields. */
type Told = {
  readonly outcome: Outcome
  readonly isAuthentic: boolean
  readonly fields?: Fields
  readonly reply?: object
  /** Where it is known when there is room again. */
  readonly retryAfterMs?: number
  /** In place of all else, where the sender wants it in a form of its own. */
  readonly form?: { readonly body: string; readonly headers: Readonly<Record<string, string>> } | undefined
}

/** Authenticates, and only then reads. */
async function take(body: Body, request: ReceiverRequest, { source, receiver, options }: Hook): Promise<Told> {
  if (body.kind === 'overloaded') return { outcome: 'overloaded', isAuthentic: false }
  if (body.kind === 'incomplete') return { outcome: 'incomplete-body', isAuthentic: false }
  const { isHmac } = options
  const now = options.now()
  const context = isHmac === undefined ? { now } : { now, isHmac }
  const proven = await receiver.authenticate(request, context)
  if (body.kind === 'too-large') {
    const fields = { detail: `more than ${BODY_BYTES_MAX} bytes` }
    return { outcome: 'body-too-large', isAuthentic: proven.ok, fields }
  }
  if (!proven.ok) return { outcome: proven.error.reason, isAuthentic: false, fields: { detail: proven.error.detail } }
  if (isEncoded(request)) {
    const fields = { detail: 'expected a body without Content-Encoding' }
    return { outcome: 'unsupported-encoding', isAuthentic: true, fields }
  }
  const received = receiver.parse(request, context)
  if (!received.ok)
    return { outcome: received.error.reason, isAuthentic: true, fields: { detail: received.error.detail } }
  const retryAfterMs = await (options.allowance?.(source, costOf(received.value)) ?? 0)
  if (retryAfterMs > 0) {
    const fields = { detail: 'more events than the registry may send in a minute (eventsPerMinute:)' }
    return { outcome: 'overloaded', isAuthentic: true, retryAfterMs, fields }
  }
  const left = receiver.confirm === undefined ? received.value : await receiver.confirm(received.value)
  const told = await keep(left, { source, assurance: proven.value.assurance, now }, options)
  return { ...told, isAuthentic: true, fields: { ...told.fields, ...describe(proven.value, left) } }
}

/** What costs nothing but its reading is taken from nobody's bucket. */
function costOf(received: Received): number {
  switch (received.outcome) {
    case 'events':
      return received.events.length
    case 'validation':
      return 1
    case 'ping':
    case 'ignored':
      return 0
  }
}

type Origin = Pick<AcceptedEvent, 'source' | 'assurance'> & { readonly now: number }

/** Durable before acknowledged: there is no 2xx for an event before the inbox has it. */
async function keep(received: Received, origin: Origin, options: AppOptions): Promise<Omit<Told, 'isAuthentic'>> {
  switch (received.outcome) {
    case 'ping':
      return { outcome: 'ping' }
    case 'validation':
      return { outcome: 'validation', reply: { reply: received.reply }, form: received.answer }
    case 'ignored':
      return { outcome: 'ignored', fields: { reason: received.reason }, reply: { reason: received.reason } }
    case 'events': {
      const { source, assurance, now } = origin
      const accepted = received.events.map((event): AcceptedEvent => {
        return { id: `${source}/${event.id}`, source, assurance, receivedAt: now, event }
      })
      const results = await options.inbox.put(accepted)
      const stored = results.filter((result) => result === 'stored').length
      if (stored > 0) options.onStored()
      const events = accepted.map(({ id }, index) => ({ id, result: results[index] }))
      const fields = { id: accepted[0]?.id, stored, duplicates: accepted.length - stored, assurance }
      return { outcome: stored > 0 ? 'stored' : 'duplicate', fields, reply: { events } }
    }
  }
}

function answer(context: Context, told: Told, { source, receiver, options }: Hook): Response {
  const { outcome, isAuthentic, fields, reply, form, retryAfterMs = 0 } = told
  options.measure({ kind: 'event', source, outcome })
  const status = STATUS[isAuthentic ? receiver.sender : 'default'][outcome]
  const [level, event] = LOGGED[outcome] ?? (['warn', 'request refused'] as const)
  options.log[level](event, { source, outcome, status, ...fields })
  if (form !== undefined) {
    return new Response(form.body, { status, headers: { 'content-type': 'application/json', ...form.headers } })
  }
  if (receiver.sender === 'slack' && status === 200) return new Response(null, { status })
  const isLater = status === 429 || status === 503
  const retryAfter = Math.max(RETRY_AFTER_SECONDS, Math.ceil(retryAfterMs / 1_000))
  const headers = isLater ? { 'retry-after': String(retryAfter) } : undefined
  // Who has not proven itself learns nothing of how near it was.
  const isProof = status === 401 || outcome === 'duplicate-credential'
  return context.json(isProof ? { outcome: 'refused' } : { outcome, ...reply }, status, headers)
}

const LOGGED: Partial<Record<Outcome, readonly ['info' | 'error', string]>> = {
  stored: ['info', 'request accepted'],
  duplicate: ['info', 'request accepted'],
  ping: ['info', 'request accepted'],
  validation: ['info', 'request accepted'],
  ignored: ['info', 'request ignored'],
  unavailable: ['error', 'request failed'],
}

/** What nobody is told but whoever runs this: the old secret is still in use, and what was passed over beside the rest. */
function describe({ secret }: Authenticated, received: Received): Fields {
  const skipped = 'skipped' in received ? (received.skipped ?? []) : []
  return {
    ...(secret === null || secret === 0 ? {} : { secret: 'the previous one' }),
    ...(skipped.length === 0 ? {} : { skipped: countByReason(skipped), firstSkipped: describeSkipped(skipped) }),
  }
}

function countByReason(skipped: readonly Skipped[]): string {
  const counts = Map.groupBy(skipped, ({ reason }) => reason)
  return [...counts].map(([reason, those]) => `${reason} ${those.length}`).join(', ')
}

/** A malformed one first: the others are what registries send all day. */
function describeSkipped(skipped: readonly Skipped[]): string | undefined {
  const first = skipped.find(({ reason }) => reason === 'malformed-event') ?? skipped[0]
  return first && `events[${first.index}]: ${first.detail}`
}

function isEncoded(request: ReceiverRequest): boolean {
  return (request.headers.get('content-encoding') ?? []).some((value) => value !== '' && value !== 'identity')
}
