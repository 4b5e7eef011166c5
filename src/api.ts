/** The way in for people and machines that ask or act: `/api/v1`, behind tokens that are bound to a person and a role. */

import { Hono, type Context } from 'hono'
import * as z from 'zod'
import { isAllowed, type Action, type Actor } from './authorise.ts'
import type { Role } from './domain/config.ts'
import { Json } from './domain/json.ts'
import { lineId } from './domain/line.ts'
import type { Log } from './domain/log.ts'
import { isSameSecret, type Secret } from './domain/secret.ts'
import { explain } from './explain.ts'
import { advance, type Ports } from './pipeline.ts'
import { listAll, statusOf } from './status.ts'

const BODY_BYTES_MAX = 16 * 1024
const PAGE_MAX = 500
const REASON_LENGTH_MAX = 500

export type ApiOptions = {
  readonly ports: () => Ports
  readonly tokens: () => readonly { readonly person: string; readonly role: Role; readonly secret: Secret }[]
  /** Something may be due now. */
  readonly poke: () => void
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>
  readonly log: Log
}

const Limit = z.coerce.number().int().min(1).max(PAGE_MAX).default(100)
const Reason = z.string().min(1).max(REASON_LENGTH_MAX)
const Text = z.string().min(1).max(1024)
const HistoryQuery = z.strictObject({
  subscription: Text.optional(),
  promotion: Text.optional(),
  image: Text.optional(),
  before: Text.optional(),
  limit: Limit,
})
const EventsQuery = z.strictObject({
  state: z.enum(['waiting', 'done', 'dead']).optional(),
  before: Text.optional(),
  limit: Limit,
})
const RetryBody = z.strictObject({ subscription: Text, stage: Text.optional(), reason: Reason })
const ReplayBody = z.strictObject({ event: Text, reason: Reason })
const LiftBody = z.strictObject({ subscription: Text, stage: Text, candidate: Text, reason: Reason })

type Call = {
  readonly actor: Actor
  readonly ports: Ports
  readonly query: Readonly<Record<string, string>>
  readonly body: unknown
  readonly poke: () => void
}
type Reply = { readonly status: 200 | 404; readonly body: unknown }
type Route = {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly action: Action
  readonly handle: (call: Call) => Promise<Reply>
}

/** Every route with what it takes to call it. There is no other way to mount one. */
export const ROUTES: readonly Route[] = [
  { method: 'GET', path: '/api/v1/status', action: 'read', handle: status },
  { method: 'GET', path: '/api/v1/history', action: 'read', handle: history },
  { method: 'GET', path: '/api/v1/events', action: 'read', handle: events },
  { method: 'GET', path: '/api/v1/explain', action: 'read', handle: explained },
  { method: 'POST', path: '/api/v1/retry', action: 'retry', handle: retried },
  { method: 'POST', path: '/api/v1/replay', action: 'replay', handle: replayed },
  { method: 'POST', path: '/api/v1/lift', action: 'lift', handle: lifted },
]

export function createApi(options: ApiOptions): Hono {
  const api = new Hono()
  for (const route of ROUTES) api.on(route.method, route.path, (context) => serve(context, route, options))
  api.get('/metrics', async (context) => {
    const { contentType, text } = await options.metrics()
    return context.body(text, 200, { 'content-type': contentType })
  })
  api.get('/healthz', (context) => context.json({ status: 'ok' }))
  api.notFound((context) => context.json({ error: 'not found' }, 404))
  api.onError((error, context) => {
    options.log.error('api failed', { detail: error.message })
    return context.json({ error: 'unavailable' }, 503)
  })
  return api
}

async function serve(context: Context, route: Route, options: ApiOptions): Promise<Response> {
  const actor = await authenticate(context.req.header('authorization') ?? '', options)
  if (actor === null) {
    options.log.warn('api refused', { reason: 'unauthenticated', path: route.path })
    return context.json({ error: 'expected Authorization: Bearer and a token of the configuration' }, 401, {
      'www-authenticate': 'Bearer',
    })
  }
  if (!isAllowed(actor, route.action)) {
    options.log.warn('api refused', { reason: 'forbidden', path: route.path, by: actor.person })
    return context.json({ error: `${actor.person} is ${actor.role}, which does not allow ${route.action}` }, 403)
  }
  const body = route.method === 'POST' ? await readBody(context) : null
  try {
    const call = { actor, ports: options.ports(), query: context.req.query(), body, poke: options.poke }
    const reply = await route.handle(call)
    return context.json(reply.body, reply.status)
  } catch (error) {
    if (error instanceof z.ZodError) return context.json({ error: z.prettifyError(error) }, 400)
    throw error
  }
}

/** Every token is compared, so that the time does not say which one was nearly right. */
async function authenticate(header: string, options: ApiOptions): Promise<Actor | null> {
  const given = /^Bearer +(?<token>[\x21-\x7e]{1,512})$/u.exec(header)?.groups?.['token']
  if (given === undefined) return null
  const encoder = new TextEncoder()
  let actor: Actor | null = null
  for (const { person, role, secret } of options.tokens()) {
    for (const value of await secret()) {
      if (await isSameSecret(encoder.encode(given), encoder.encode(value))) actor = { person, role }
    }
  }
  return actor
}

async function readBody(context: Context): Promise<unknown> {
  if (Number(context.req.header('content-length') ?? Number.NaN) > BODY_BYTES_MAX) return null
  const reader = context.req.raw.body?.getReader()
  let text = ''
  const decoder = new TextDecoder()
  for (let chunk = await reader?.read(); chunk !== undefined && !chunk.done; chunk = await reader?.read()) {
    text += decoder.decode(chunk.value, { stream: true })
    if (text.length > BODY_BYTES_MAX) return null
  }
  const json = Json.safeParse(text)
  return json.success ? json.data : null
}

async function status({ ports, query }: Call): Promise<Reply> {
  const asked = z.strictObject({ subscription: Text.optional() }).parse(query)
  const subscriptions = await statusOf(ports.documents, asked.subscription ?? null)
  const { config, hash } = ports.config()
  return { status: 200, body: { mode: config.mode, config: hash, waiting: await ports.inbox.depth(), subscriptions } }
}

async function history({ ports, query }: Call): Promise<Reply> {
  const { subscription, promotion, image, before, limit } = HistoryQuery.parse(query)
  const asked = {
    ...(promotion === undefined ? {} : { promotion }),
    ...(image === undefined ? {} : { image }),
    ...(before === undefined ? {} : { before }),
  }
  const document = subscription === undefined ? {} : { document: lineId(subscription) }
  return { status: 200, body: await ports.journal.query({ ...asked, ...document, limit }) }
}

async function events({ ports, query }: Call): Promise<Reply> {
  const { state, before, limit } = EventsQuery.parse(query)
  const rows = await ports.inbox.list({
    limit,
    ...(state === undefined ? {} : { state }),
    ...(before === undefined ? {} : { before }),
  })
  return { status: 200, body: { events: rows } }
}

async function explained({ ports, query }: Call): Promise<Reply> {
  const { subject } = z.strictObject({ subject: Text }).parse(query)
  const explanation = await explain(subject, ports)
  return { status: explanation.about === 'nothing' ? 404 : 200, body: explanation }
}

async function retried({ actor, ports, body, poke }: Call): Promise<Reply> {
  const { subscription, stage, reason } = RetryBody.parse(body)
  const line = await ports.documents.load(lineId(subscription))
  if (line === null) return missing(`there is no subscription ${subscription}, or nothing was ever offered to it`)
  const trains = (await listAll(ports.documents)).filter(({ id, kind }) => {
    const [ofSubscription, ofStage] = id.split('/').slice(-2)
    return kind === 'train' && ofSubscription === subscription && (stage === undefined || ofStage === stage)
  })
  const notes = []
  for (const id of [lineId(subscription), ...trains.map((train) => train.id)]) {
    notes.push(...(await advance(id, { kind: 'retry', by: actor.person, reason, stage: stage ?? null }, ports)))
  }
  poke()
  return { status: 200, body: { retried: notes.map(({ detail }) => detail) } }
}

async function replayed({ actor, ports, body, poke }: Call): Promise<Reply> {
  const { event, reason } = ReplayBody.parse(body)
  const now = ports.now()
  const step = {
    step: 'replay',
    at: now,
    outcome: 'pass',
    reason: 'replay',
    detail: `by ${actor.person}: ${reason}`,
  } as const
  if (!(await ports.inbox.reopen(event, step, now))) return missing(`there is no settled event ${event}`)
  poke()
  return { status: 200, body: { replayed: event } }
}

async function lifted({ actor, ports, body }: Call): Promise<Reply> {
  const { subscription, stage, candidate, reason } = LiftBody.parse(body)
  const input = { kind: 'lift', by: actor.person, reason, stage, candidate } as const
  const notes = await advance(lineId(subscription), input, ports)
  const lift = notes.find((note) => note.reason === 'lift')
  if (lift === undefined) return missing(`${candidate} is not refused at ${subscription}/${stage}`)
  return { status: 200, body: { lifted: lift.image, detail: lift.detail } }
}

function missing(error: string): Reply {
  return { status: 404, body: { error } }
}
