/**
 * The way in for people and machines that ask or act: `/api/v1` and `/metrics`, behind tokens that are bound to a person and a role.
 * Its listener may stand on any address, with tokens configured or not, because every route but `/healthz` needs one: without tokens
 * nobody is let in but this machine's own command line, whose token is in a file that only the service's user can read.
 */

import { Hono, type Context } from 'hono'
import * as z from 'zod'
import {
  actedAt,
  CandidateBody,
  paused,
  promoted,
  reported,
  ReportBody,
  resumed,
  ScopeBody,
  StageBody,
  voted,
} from './api-acts.ts'
import { affected } from './affected.ts'
import { isAllowed, type Action, type Actor } from './authorise.ts'
import { createBodyReader, type Body } from './body.ts'
import type { Config, Role } from './domain/config.ts'
import { parseImageReference } from './domain/image.ts'
import { Json } from './domain/json.ts'
import { doesList } from './domain/bulletin.ts'
import { lineId } from './domain/line.ts'
import type { Log } from './domain/log.ts'
import { isSameSecret, type Secret } from './domain/secret.ts'
import { describePause, pausesInForce } from './pause.ts'
import { parseTarget, pathOf, standardEdge, type Edge } from './edge.ts'
import { explain } from './explain.ts'
import type { Identities } from './identities.ts'
import { advance, type Ports } from './pipeline.ts'
import { listAll, statusOf } from './status.ts'

const BODY_BYTES_MAX = 16 * 1024
const PAGE_MAX = 500
const REASON_LENGTH_MAX = 500
const TEXT_LENGTH_MAX = 1024
/** A signed token of an issuer is longer than any of ours. */
const BEARER = /^Bearer +(?<token>[\x21-\x7e]{1,16384})$/u
const SECRET_LENGTH_MAX = 512

export type ApiToken = { readonly person: string; readonly role: Role; readonly secret: Secret }

export type ApiOptions = {
  readonly ports: () => Ports
  readonly tokens: () => readonly ApiToken[]
  /** Absent: no issuer's tokens count. */
  readonly identities?: Identities
  /** Something may be due now. */
  readonly poke: () => void
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>
  /** What is missing, in words. */
  readonly problems: () => Promise<readonly { readonly detail: string }[]>
  readonly log: Log
  readonly edge?: Edge
}

export type Call = { readonly actor: Actor; readonly options: ApiOptions; readonly ports: Ports }
export type Reply =
  | { readonly status: 200 | 400 | 404; readonly body: unknown }
  | { readonly status: 200; readonly text: string; readonly contentType: string }

export type Route = {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly action: Action
  /** `input`: the query of a GET, the body of a POST. */
  answer(input: unknown, call: Call): Promise<Reply>
}

const Text = z.string().min(1).max(TEXT_LENGTH_MAX)
const Limit = z.coerce.number().int().min(1).max(PAGE_MAX).default(100)
const Reason = z.string().trim().min(1).max(REASON_LENGTH_MAX)
const Nothing = z.strictObject({})
const StatusQuery = z.strictObject({ subscription: Text.optional(), image: Text.optional() })
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
const ExplainQuery = z.strictObject({ subject: Text })
const AffectedQuery = z.strictObject({ subject: Text })
const RetryBody = z.strictObject({ subscription: Text, stage: Text.optional(), reason: Reason })
const ReplayBody = z.strictObject({ event: Text, reason: Reason })
/** Without a stage: wherever it is refused. */
const LiftBody = z.strictObject({ subscription: Text, stage: Text.optional(), candidate: Text, reason: Reason })

/** Every route with what it takes to call it. There is no other way to mount one, but for `/healthz`. */
export const ROUTES: readonly Route[] = [
  route('GET', '/metrics', 'read', Nothing, metrics),
  route('GET', '/api/v1/status', 'read', StatusQuery, status),
  route('GET', '/api/v1/history', 'read', HistoryQuery, history),
  route('GET', '/api/v1/events', 'read', EventsQuery, events),
  route('GET', '/api/v1/explain', 'read', ExplainQuery, explained),
  route('GET', '/api/v1/affected', 'read', AffectedQuery, whoIsAffected),
  route('POST', '/api/v1/retry', 'retry', RetryBody, retried),
  route('POST', '/api/v1/replay', 'replay', ReplayBody, replayed),
  route('POST', '/api/v1/lift', 'lift', LiftBody, lifted),
  route('POST', '/api/v1/approve', 'approve', CandidateBody, voted('approve')),
  route('POST', '/api/v1/reject', 'approve', CandidateBody, voted('reject')),
  route('POST', '/api/v1/report', 'report', ReportBody, reported),
  route('POST', '/api/v1/promote', 'promote', CandidateBody, promoted('promote')),
  route('POST', '/api/v1/break-glass', 'break-glass', CandidateBody, promoted('break-glass')),
  route('POST', '/api/v1/pause', 'pause', ScopeBody, paused),
  route('POST', '/api/v1/resume', 'resume', ScopeBody, resumed),
  route('POST', '/api/v1/pin', 'pin', StageBody, actedAt('pin')),
  route('POST', '/api/v1/unpin', 'unpin', StageBody, actedAt('unpin')),
  route('POST', '/api/v1/rollback', 'rollback', StageBody, actedAt('rollback')),
]

export function createApi(options: ApiOptions): Hono {
  const edge = options.edge ?? standardEdge
  const api = new Hono({ getPath: (request, given) => pathOf(edge.targetOf(request, given?.env)) })
  for (const one of ROUTES) api.on(one.method, one.path, (context) => serve(context, one, edge, options))
  api.get('/healthz', (context) => context.json({ status: 'ok' }))
  api.notFound((context) => context.json({ error: 'not found' }, 404))
  api.onError((error, context) => {
    options.log.error('api failed', { path: context.req.path, detail: error.message })
    return context.json({ error: 'unavailable' }, 503)
  })
  return api
}

function route<T>(
  method: Route['method'],
  path: string,
  action: Action,
  Input: z.ZodType<T>,
  handle: (input: T, call: Call) => Promise<Reply>,
): Route {
  return {
    method,
    path,
    action,
    async answer(input, call) {
      const parsed = Input.safeParse(input)
      return parsed.success ? handle(parsed.data, call) : refuse(400, z.prettifyError(parsed.error))
    },
  }
}

const withBody = createBodyReader({ bytesMax: BODY_BYTES_MAX, bytesFree: BODY_BYTES_MAX, bytesAtOnceMax: 0 })

/** Who asks, whether they may, and only then what. */
async function serve(context: Context, { path, method, action, answer }: Route, edge: Edge, options: ApiOptions) {
  const { raw } = context.req
  const headers = edge.headersOf(raw, context.env)
  const actor = await authenticate(headers.get('authorization') ?? [], options)
  if (actor === null) {
    options.log.warn('api refused', { reason: 'unauthenticated', path })
    const error =
      'expected the header Authorization: Bearer, once, with a token of server.api.tokens or server.api.oidc'
    return context.json({ error }, 401, { 'www-authenticate': 'Bearer' })
  }
  if (!isAllowed(actor, action)) {
    options.log.warn('api refused', { reason: 'forbidden', path, by: actor.person })
    return context.json({ error: `${actor.person} is ${actor.role}, which does not allow ${action}` }, 403)
  }
  const reply = async (input: unknown): Promise<Response> => {
    const replied = await answer(input, { actor, options, ports: options.ports() })
    if (method === 'POST') options.log.info('person acted', { action, by: actor.person, status: replied.status })
    if ('text' in replied) return context.body(replied.text, 200, { 'content-type': replied.contentType })
    return context.json(replied.body, replied.status, { 'cache-control': 'no-store' })
  }
  if (method === 'GET') {
    const { query } = parseTarget(edge.targetOf(raw, context.env))
    const names = [...query.keys()]
    const twice = names.find((name, index) => names.indexOf(name) !== index)
    if (twice !== undefined) return context.json({ error: `${twice} is given twice` }, 400)
    return reply(Object.fromEntries(query))
  }
  return withBody(edge.bodyOf(raw, context.env), headers.get('content-length'), async (body) => {
    if (body.kind === 'too-large') return context.json({ error: `more than ${BODY_BYTES_MAX} bytes` }, 413)
    const json = jsonOf(body)
    return json.success ? reply(json.data) : context.json({ error: 'expected a JSON body' }, 400)
  })
}

/**
 * By one of our tokens, or by an issuer's. Every one of ours is compared, so that the time does not say which one was nearly
 * right. One that cannot be read lets nobody in and keeps nobody else out; one that two persons share proves neither.
 */
async function authenticate(given: readonly string[], { tokens, identities, ports, log }: ApiOptions) {
  const token = given.length === 1 ? BEARER.exec(given[0] ?? '')?.groups?.['token'] : undefined
  if (token === undefined) return null
  const actors: Actor[] = token.length > SECRET_LENGTH_MAX ? [] : await ownersOf(token, tokens(), log)
  if (identities !== undefined) actors.push(...(await identities(token, ports().now())))
  const [actor] = actors
  if (actors.every((other) => other.person === actor?.person && other.role === actor.role)) return actor ?? null
  log.error('token shared', { persons: actors.map(({ person }) => person).join(', ') })
  return null
}

async function ownersOf(token: string, tokens: readonly ApiToken[], log: Log): Promise<Actor[]> {
  const encoder = new TextEncoder()
  const actors: Actor[] = []
  for (const { person, role, secret } of tokens) {
    const values = await secret().catch((error: unknown): readonly string[] => {
      log.error('token unreadable', { person, detail: error instanceof Error ? error.message : 'unknown failure' })
      return []
    })
    for (const value of values) {
      if (await isSameSecret(encoder.encode(token), encoder.encode(value))) actors.push({ person, role })
    }
  }
  return actors
}

function jsonOf(body: Body) {
  return Json.safeParse(body.kind === 'whole' ? new TextDecoder().decode(body.bytes) : '')
}

async function metrics(_input: unknown, { options }: Call): Promise<Reply> {
  return { status: 200, ...(await options.metrics()) }
}

/** The subscriptions that follow an image, whatever its tag and digest. */
function followersOf(text: string, { subscriptions }: Config): readonly string[] {
  const image = parseImageReference(text)
  if (!image.ok) return []
  const { registry, repository } = image.value
  const following = subscriptions.filter(({ images }) =>
    images.some((one) => one.registry === registry && one.repository === repository),
  )
  return following.map(({ name }) => name)
}

async function status({ subscription, image }: z.infer<typeof StatusQuery>, { ports, options }: Call): Promise<Reply> {
  const { config, hash } = ports.config()
  const asked = image === undefined ? (subscription ?? null) : followersOf(image, config)
  const subscriptions = await statusOf(ports.documents, asked, config.subscriptions)
  const pauses = (await pausesInForce(ports)).map(describePause)
  const problems = [...pauses, ...(await options.problems()).map(({ detail }) => detail)]
  const waiting = await ports.inbox.depth()
  return { status: 200, body: { mode: config.mode, config: hash, waiting, problems, subscriptions } }
}

async function history(input: z.infer<typeof HistoryQuery>, { ports }: Call): Promise<Reply> {
  const { subscription, promotion, image, before, limit } = input
  const asked = {
    ...(subscription === undefined ? {} : { document: lineId(subscription) }),
    ...(promotion === undefined ? {} : { promotion }),
    ...(image === undefined ? {} : { image }),
    ...(before === undefined ? {} : { before }),
  }
  return { status: 200, body: await ports.journal.query({ ...asked, limit }) }
}

async function events({ state, before, limit }: z.infer<typeof EventsQuery>, { ports }: Call): Promise<Reply> {
  const asked = { ...(state === undefined ? {} : { state }), ...(before === undefined ? {} : { before }) }
  return { status: 200, body: { events: await ports.inbox.list({ ...asked, limit }) } }
}

async function explained({ subject }: z.infer<typeof ExplainQuery>, { ports }: Call): Promise<Reply> {
  const explanation = await explain(subject, ports, ports.config().config.subscriptions)
  return { status: explanation.about === 'nothing' ? 404 : 200, body: explanation }
}

async function whoIsAffected({ subject }: z.infer<typeof AffectedQuery>, { ports }: Call): Promise<Reply> {
  return { status: 200, body: await affected(subject, ports.documents, ports.config().config.subscriptions) }
}

async function retried(input: z.infer<typeof RetryBody>, { actor, ports, options }: Call): Promise<Reply> {
  const { subscription, stage, reason } = input
  const line = lineId(subscription)
  if ((await ports.documents.load(line)) === null) return unknownSubscription(subscription)
  const others = (await listAll(ports.documents)).flatMap((document) => {
    const [ofSubscription, ofStage] = document.id.split('/').slice(-2)
    if (document.kind === 'line' || (stage !== undefined && ofStage !== stage)) return []
    if (document.kind === 'bulletin') return doesList(document, line) ? [document.id] : []
    const isMeant = ofSubscription === subscription || document.cargos.some((cargo) => cargo.line === line)
    return isMeant ? [document.id] : []
  })
  const act = { kind: 'retry', by: actor.person, reason, stage: stage ?? null } as const
  const retries: string[] = []
  for (const id of [line, ...others]) {
    const notes = await advance(id, act, ports)
    retries.push(...notes.filter((note) => note.reason === 'retry').map(({ detail }) => detail))
  }
  options.poke()
  const where = stage === undefined ? subscription : `${subscription}/${stage}`
  return retries.length === 0
    ? refuse(404, `nothing was given up at ${where}`)
    : { status: 200, body: { retried: retries } }
}

async function replayed(input: z.infer<typeof ReplayBody>, { actor, ports, options }: Call): Promise<Reply> {
  const { event, reason } = input
  const at = ports.now()
  const detail = `by ${actor.person}: ${reason}`
  const step = { step: 'replay', at, outcome: 'pass', reason: 'replay', detail } as const
  if (!(await ports.inbox.reopen(event, step, at))) return refuse(404, `there is no settled event ${event}`)
  options.poke()
  return { status: 200, body: { replayed: event } }
}

async function lifted(input: z.infer<typeof LiftBody>, { actor, ports, options }: Call): Promise<Reply> {
  const { subscription, stage, candidate, reason } = input
  const line = lineId(subscription)
  if ((await ports.documents.load(line)) === null) return unknownSubscription(subscription)
  const act = { kind: 'lift', by: actor.person, reason, stage: stage ?? null, candidate } as const
  const lifted = (await advance(line, act, ports)).filter((note) => note.reason === 'lift')
  const [lift] = lifted
  const where = stage === undefined ? subscription : `${subscription}/${stage}`
  if (lift === undefined) return refuse(404, `${candidate} is not refused at ${where}`)
  options.poke()
  return { status: 200, body: { lifted: lift.image, at: lifted.map((note) => note.stage), detail: lift.detail } }
}

function unknownSubscription(name: string): Reply {
  return refuse(404, `there is no subscription ${name}, or nothing was ever offered to it`)
}

function refuse(status: 400 | 404, error: string): Reply {
  return { status, body: { error } }
}
