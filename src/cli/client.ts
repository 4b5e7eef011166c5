/** The service's `/api/v1` as the command line speaks to it. What it answers is checked like anything from outside. */

import * as z from 'zod'
import type { Affected } from '../affected.ts'
import { Entry } from '../domain/history.ts'
import { Json } from '../domain/json.ts'
import { InboxRow } from '../domain/walk.ts'
import type { Explanation } from '../explain.ts'
import type { JournalPage } from '../state/journal.ts'
import type { SubscriptionStatus } from '../status.ts'

const TIMEOUT_MS = 15_000
const PROBE_TIMEOUT_MS = 2_000

export type Access = { readonly url: string; readonly token: string }

const Refused = z.object({ error: z.string() })
const StageStatus = z.object({
  stage: z.string(),
  current: z.string().nullable(),
  how: z.enum(['unknown', 'found', 'healthy', 'not-observed']),
  since: z.number().nullable(),
  promotion: z.object({ id: z.string(), image: z.string(), phase: z.string(), openedAt: z.number() }).nullable(),
  next: z.string().nullable(),
  waits: z.array(z.string()),
  givenUp: z.number(),
  refused: z.array(
    z.object({
      image: z.string(),
      candidate: z.string(),
      reason: z.string(),
      detail: z.string(),
      by: z.string().nullable(),
    }),
  ),
})
const Subscriptions = z.array(
  z.object({ subscription: z.string(), damage: z.string().nullable(), stages: z.array(StageStatus) }),
)
const Status = z.object({
  mode: z.string(),
  config: z.string(),
  waiting: z.number(),
  /** What is missing for the service to work. */
  problems: z.array(z.string()),
  subscriptions: Subscriptions,
})
/** What the service says of itself and its subscriptions. */
export type ServiceStatus = Omit<z.infer<typeof Status>, 'subscriptions'> & {
  readonly subscriptions: readonly SubscriptionStatus[]
}
const History = z.object({ entries: z.array(Entry), next: z.string().nullable() })
const Events = z.object({ events: z.array(InboxRow) })
const Explained = z.object({
  about: z.enum(['event', 'subscription', 'image', 'nothing']),
  events: z.array(InboxRow),
  entries: z.array(Entry),
  status: Subscriptions,
})

const Places = z.array(
  z.object({
    subscription: z.string(),
    stage: z.string(),
    image: z.string(),
    how: z.enum(['runs', 'on-its-way']),
    detail: z.string(),
    seenAt: z.number().nullable(),
    owners: z.array(z.string()),
  }),
)
const WhoIsAffected = z.object({ subject: z.string(), places: Places, unknown: Places })

type Query = Readonly<Record<string, string | undefined>>

/** What the API does for people. */
export type Verb =
  | 'retry'
  | 'replay'
  | 'lift'
  | 'approve'
  | 'reject'
  | 'report'
  | 'promote'
  | 'break-glass'
  | 'pause'
  | 'resume'
  | 'pin'
  | 'unpin'
  | 'rollback'

export type Client = {
  status(query: Query): Promise<ServiceStatus>
  history(query: Query): Promise<JournalPage>
  events(query: Query): Promise<{ readonly events: readonly InboxRow[] }>
  explain(subject: string): Promise<Explanation>
  affected(subject: string): Promise<Affected>
  act(verb: Verb, body: object): Promise<unknown>
}

/** Throws with the service's own words where it refuses, or says that it cannot be reached. */
export function createClient(access: Access): Client {
  const get = async <T>(path: string, query: Query, shape: z.ZodType<T>): Promise<T> => {
    const answer = shape.safeParse(await send(access, 'GET', `${path}${search(query)}`))
    if (answer.success) return answer.data
    throw new Error(`what answers at ${access.url} is no Drayage of this version`)
  }
  return {
    status: (query) => get('status', query, Status),
    history: (query) => get('history', query, History),
    events: (query) => get('events', query, Events),
    explain: (subject) => get('explain', { subject }, Explained),
    affected: (subject) => get('affected', { subject }, WhoIsAffected),
    act: (verb, body) => send(access, 'POST', verb, body),
  }
}

/** Whether a service answers there that takes this token. */
export async function isOurs(access: Access): Promise<boolean> {
  const init = {
    headers: { authorization: `Bearer ${access.token}` },
    redirect: 'error',
    signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
  } as const
  return fetch(urlOf(access, 'events?limit=1'), init).then(
    (response) => response.ok,
    () => false,
  )
}

function urlOf({ url }: Access, path: string): string {
  return `${url.replace(/\/+$/u, '')}/api/v1/${path}`
}

async function send(access: Access, method: 'GET' | 'POST', path: string, body?: object): Promise<unknown> {
  const init = {
    method,
    headers: {
      authorization: `Bearer ${access.token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  } as const
  const response = await fetch(urlOf(access, path), init).catch((error: unknown) => {
    const cause = error instanceof Error ? (error.cause ?? error) : error
    throw new Error(
      `the service at ${access.url} cannot be reached: ${cause instanceof Error ? cause.message : 'unknown failure'}`,
    )
  })
  const json = Json.safeParse(await response.text())
  const answer: unknown = json.success ? json.data : null
  const refused = Refused.safeParse(answer)
  if (refused.success) throw new Error(refused.data.error)
  if (!response.ok && response.status !== 404) throw new Error(`the service answered ${response.status}`)
  return answer
}

function search(query: Query): string {
  const known = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as [string, string]],
  )
  return known.length === 0 ? '' : `?${new URLSearchParams(known)}`
}
