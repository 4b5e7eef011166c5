/** One question to a cloud's own service, its JSON answer read by a shape. Nothing of what was sent ever stands in an error. */

import * as z from 'zod'
import { Json } from '../domain/json.ts'
import { RetryLater } from '../domain/retry.ts'
import { retryAfterMs } from './http-retry.ts'
import type { Http } from './http.ts'

const LIMITS = { headersMs: 5_000, bodyMs: 5_000, totalMs: 10_000, bodyBytesMax: 512 * 1024 }
const CODE_LENGTH_MAX = 100

export type Question<T> = {
  /** For errors: `the metadata service of Google`. */
  readonly who: string
  readonly url: URL
  readonly method?: 'GET' | 'POST' | 'PUT'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly shape: z.ZodType<T>
  /** The answer is text, not JSON. */
  readonly isText?: boolean
}

/** Throws `RetryLater` for every answer but the one that was hoped for: credentials may be granted a moment later. */
export async function ask<T>(
  http: Http,
  { who, url, method = 'GET', headers = {}, body, shape, isText }: Question<T>,
): Promise<T> {
  const sent = await http({
    url,
    method,
    headers: { accept: 'application/json', ...headers },
    ...(body === undefined ? {} : { body }),
    hosts: [url.host],
    plainHttp: url.protocol === 'http:',
    later: 'return',
    limits: LIMITS,
  })
  if (!sent.ok) throw new RetryLater(`${who}: ${sent.error.detail}`)
  const text = new TextDecoder().decode(sent.value.body)
  if (sent.value.status !== 200) {
    const { headers: answered } = sent.value
    const sentAt = Date.parse(answered.get('date') ?? '')
    const later = { retryAfterMs: retryAfterMs(answered, Number.isNaN(sentAt) ? Number.POSITIVE_INFINITY : sentAt) }
    throw new RetryLater(`${who} answered ${sent.value.status}${codeOf(text)}`, later)
  }
  const read = isText === true ? shape.safeParse(text) : Json.pipe(shape).safeParse(text)
  if (read.success) return read.data
  throw new RetryLater(`${who} answered in a form that we do not know`)
}

const Code = z
  .string()
  .regex(/^[A-Za-z0-9_.-]+$/u)
  .max(CODE_LENGTH_MAX)
/** The places where clouds write the name of what went wrong. Their sentences may quote what was sent. */
const Failure = Json.pipe(
  z.union([
    z.object({ error: Code }).transform(({ error }) => error),
    z.object({ error: z.object({ status: Code }) }).transform(({ error }) => error.status),
    z.object({ error: z.object({ code: Code }) }).transform(({ error }) => error.code),
    z.object({ __type: Code }).transform(({ __type }) => __type),
    z.object({ Error: z.object({ Code }) }).transform(({ Error: { Code: code } }) => code),
  ]),
)

function codeOf(text: string): string {
  const failure = Failure.safeParse(text)
  return failure.success ? ` (${failure.data})` : ''
}
