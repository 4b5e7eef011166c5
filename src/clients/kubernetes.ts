/** The Kubernetes API as delivery and health need it: read, list, patch; bounded, and never to another host. */

import * as z from 'zod'
import { Json } from '../domain/json.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { RetryLater } from '../domain/retry.ts'
import { oneLine } from './kubernetes-object.ts'

export type ClusterRequest = {
  readonly method: 'GET' | 'PATCH' | 'POST' | 'DELETE'
  /** Path and query. The host is the transport's own: a request cannot name one. */
  readonly path: string
  readonly contentType?: string
  readonly body?: string
}
export type ClusterAnswer = { readonly status: number; readonly retryAfter: string | null; readonly body: string }

/** The wire to one API server, with its credentials. Throws where the server cannot be reached. */
export type Send = (request: ClusterRequest) => Promise<ClusterAnswer>

export type ClusterProblem = {
  readonly reason:
    | 'not-found'
    /** By RBAC, or because our credentials were not accepted. */
    | 'forbidden'
    /** An admission webhook, a policy or a quota said no. */
    | 'denied'
    /** A `test` of a JSON Patch failed, or somebody wrote at the same time: read again. */
    | 'conflict'
    | 'invalid'
    | 'malformed-answer'
  readonly detail: string
}

type Query = Readonly<Record<string, string>>

export type Cluster = {
  get<T>(path: string, shape: z.ZodType<T>): Promise<Result<T, ClusterProblem>>
  /** At most `ITEMS_MAX` items: enough to see what is wrong, never a whole cluster. */
  list<T>(path: string, query: Query, shape: z.ZodType<T>): Promise<Result<readonly T[], ClusterProblem>>
  patch<T>(
    path: string,
    patch: readonly unknown[],
    query: Query,
    shape: z.ZodType<T>,
  ): Promise<Result<T, ClusterProblem>>
}

const ITEMS_MAX = 200
const DETAIL_LENGTH_MAX = 500
const RETRY_AFTER_SECONDS_MAX = 3600

/** A cluster over any wire: on Workers, an injected `fetch`. */
export function createClusterOver(send: Send): Cluster {
  return {
    get: async (path, shape) => read(await send({ method: 'GET', path }), shape),
    list: async (path, query, shape) => {
      const limited = new URLSearchParams({ ...query, limit: String(ITEMS_MAX) })
      const list = read(await send({ method: 'GET', path: `${path}?${limited}` }), z.object({ items: z.array(shape) }))
      return list.ok ? ok(list.value.items) : list
    },
    patch: async (path, patch, query, shape) => {
      const contentType = 'application/json-patch+json'
      const body = JSON.stringify(patch)
      return read(
        await send({ method: 'PATCH', path: `${path}?${new URLSearchParams(query)}`, contentType, body }),
        shape,
      )
    },
  }
}

/** The API's own word for what went wrong (`metav1.Status`). */
const Status = Json.pipe(
  z.object({
    message: z.string().default(''),
    details: z
      .object({ causes: z.array(z.unknown()).default([]), retryAfterSeconds: z.number().optional() })
      .default({ causes: [] }),
  }),
)
type Status = z.infer<typeof Status>

function read<T>(answer: ClusterAnswer, shape: z.ZodType<T>): Result<T, ClusterProblem> {
  if (answer.status >= 200 && answer.status < 300) {
    const value = Json.pipe(shape).safeParse(answer.body)
    if (value.success) return ok(value.data)
    return err({ reason: 'malformed-answer', detail: oneLine(z.prettifyError(value.error), DETAIL_LENGTH_MAX) })
  }
  const parsed = Status.safeParse(answer.body)
  const status: Status | null = parsed.success ? parsed.data : null
  const detail = oneLine(status?.message ?? `the API server answered ${answer.status}`, DETAIL_LENGTH_MAX)
  if (answer.status === 429 || answer.status === 408 || answer.status >= 500) {
    throw new RetryLater(`the API server answered ${answer.status}: ${detail}`, { retryAfterMs: retryAfter(answer) })
  }
  return err({ reason: reasonOf(answer.status, status), detail })
}

function reasonOf(code: number, status: Status | null): ClusterProblem['reason'] {
  if (code === 404) return 'not-found'
  if (code === 401) return 'forbidden'
  // RBAC says `User "x" cannot patch resource "y"`; admission says no by the same code in its own words
  if (code === 403) return status === null || /cannot \w+ resource/u.test(status.message) ? 'forbidden' : 'denied'
  if (code === 409) return 'conflict'
  // A failed `test` and an invalid object are both 422; only the latter names its causes
  if (code === 422) return status?.details.causes.length === 0 ? 'conflict' : 'invalid'
  return code >= 400 ? 'invalid' : 'malformed-answer'
}

function retryAfter(answer: ClusterAnswer): number | undefined {
  const seconds = /^[0-9]{1,6}$/u.test(answer.retryAfter ?? '') ? Number(answer.retryAfter) : undefined
  return seconds === undefined ? undefined : Math.min(seconds, RETRY_AFTER_SECONDS_MAX) * 1000
}
