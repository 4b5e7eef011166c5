/** One question to a scanner's own API. Every answer but a good one is a state that is never clean. */

import type * as z from 'zod'
import type { Http } from '../../clients/http.ts'
import type { ScanFact } from '../../domain/evidence.ts'
import { Json } from '../../domain/json.ts'
import { err, ok, type Result } from '../../domain/result.ts'

const LIMITS = { headersMs: 10_000, bodyMs: 20_000, totalMs: 40_000, bodyBytesMax: 16 * 1024 * 1024 }

export type ScanAsk<T> = {
  readonly http: Http
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  /** Sent as JSON; absent: a GET. */
  readonly body?: object
  readonly shape: z.ZodType<T>
  /** Plain HTTP is written in the configuration. */
  readonly insecure: boolean
}
export type NoAnswer = Pick<ScanFact, 'state' | 'detail'>

/** Throws where waiting may help: 429, 5xx, nobody there. */
export async function askScanner<T>(question: ScanAsk<T>): Promise<Result<T, NoAnswer>> {
  const { http, url, headers, body, shape, insecure } = question
  const answer = await http({
    url,
    headers: {
      accept: 'application/json',
      ...headers,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    hosts: [url.host],
    plainHttp: insecure,
    limits: LIMITS,
    later: 'throw',
    ...(body === undefined ? {} : { method: 'POST' as const, body: JSON.stringify(body) }),
  })
  const unavailable = (detail: string): Result<never, NoAnswer> => err({ state: 'unavailable', detail })
  if (!answer.ok) return unavailable(answer.error.detail)
  const { status, body: bytes } = answer.value
  if (status === 404) return err({ state: 'not-found', detail: `${url.host} knows nothing of it` })
  if (status === 401 || status === 403) return unavailable(`${url.host} refuses us (${status}): check its credentials`)
  if (status !== 200) return unavailable(`${url.host} answered ${status}`)
  const read = Json.pipe(shape).safeParse(new TextDecoder().decode(bytes))
  return read.success ? ok(read.data) : unavailable(`${url.host} answered in a form that we do not know`)
}
