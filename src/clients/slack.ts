/** Slack's Web API, the five calls that we need: HTTP only, so that it runs on every platform. https://docs.slack.dev/apis/web-api */

import * as z from 'zod'
import { Json } from '../domain/json.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { RetryLater } from '../domain/retry.ts'
import type { Secret } from '../domain/secret.ts'
import type { Http } from './http.ts'

const API = 'https://slack.com/api/'
const LIMITS = { headersMs: 5_000, bodyMs: 5_000, totalMs: 10_000, bodyBytesMax: 1024 * 1024 }
const RETRY_DEFAULT_MS = 30_000
/** Slack is not well, or asks for patience: another time may do. */
const LATER: ReadonlySet<string> = new Set([
  'ratelimited',
  'rate_limited',
  'internal_error',
  'fatal_error',
  'request_timeout',
  'service_unavailable',
  'team_added_to_org',
])

export type SlackMethod =
  | 'auth.test'
  | 'chat.postMessage'
  | 'chat.update'
  | 'usergroups.users.list'
  | 'users.lookupByEmail'
  | 'views.open'

/** Slack's own word for what is wrong: `channel_not_found`, `not_in_channel`, `invalid_auth`, `missing_scope` … */
export type SlackProblem = { readonly error: string; readonly needed: string | null }

/** One call. Throws `RetryLater` where waiting may help. The token goes to Slack alone, and stands in no error. */
export type Slack = <T>(
  method: SlackMethod,
  parameters: Readonly<Record<string, unknown>>,
  shape: z.ZodType<T>,
) => Promise<Result<T, SlackProblem>>

export type SlackOptions = {
  readonly http: Http
  readonly token: Secret
  /** Another base than Slack's own, with a `/` at its end. */
  readonly api?: string
}

const Failure = z.object({
  ok: z.literal(false),
  error: z.string().max(100),
  needed: z.string().max(200).optional(),
})

export function createSlack({ http, token, api = API }: SlackOptions): Slack {
  return async (method, parameters, shape) => {
    const url = new URL(method, api)
    const [bearer] = await token()
    const { type, body } = encode(method, parameters)
    const sent = await http({
      url,
      method: 'POST',
      hosts: [url.host],
      plainHttp: url.protocol === 'http:',
      headers: { authorization: `Bearer ${bearer}`, 'content-type': type },
      body,
      later: 'return',
      limits: LIMITS,
    })
    if (!sent.ok) throw new RetryLater(`Slack, ${method}: ${sent.error.detail}`)
    const { status, headers } = sent.value
    if (status === 429) throw patience(method, headers.get('retry-after'))
    if (status !== 200) throw new RetryLater(`Slack, ${method}: answered ${status}`)
    return read(method, new TextDecoder().decode(sent.value.body), shape)
  }
}

/** Methods that write take JSON; those that read take a form only, and would not see the parameters otherwise. */
function encode(method: SlackMethod, parameters: Readonly<Record<string, unknown>>): { type: string; body: string } {
  if (method.startsWith('chat.') || method.startsWith('views.')) {
    return { type: 'application/json; charset=utf-8', body: JSON.stringify(parameters) }
  }
  const form = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) form.set(name, String(value))
  return { type: 'application/x-www-form-urlencoded', body: form.toString() }
}

function read<T>(method: SlackMethod, text: string, shape: z.ZodType<T>): Result<T, SlackProblem> {
  const failure = Json.pipe(Failure).safeParse(text)
  if (failure.success) {
    const { error, needed } = failure.data
    if (LATER.has(error)) throw patience(method, null)
    return err({ error, needed: needed ?? null })
  }
  const answer = Json.pipe(z.looseObject({ ok: z.literal(true) })).safeParse(text)
  const value = answer.success ? shape.safeParse(answer.data) : answer
  if (!value.success) throw new RetryLater(`Slack, ${method}: answered in a form that we do not know`)
  return ok(value.data)
}

function patience(method: SlackMethod, retryAfter: string | null): RetryLater {
  const seconds = retryAfter !== null && /^[0-9]{1,5}$/u.test(retryAfter) ? Number(retryAfter) : null
  const retryAfterMs = seconds === null ? RETRY_DEFAULT_MS : seconds * 1_000
  return new RetryLater(`Slack, ${method}: asks to wait`, { retryAfterMs })
}
