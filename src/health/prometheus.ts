/** Health as Prometheus measures it: every value of an instant query must hold; none at all decides nothing. */

import * as z from 'zod'
import type { Http } from '../clients/http.ts'
import { Json } from '../domain/json.ts'
import type { PrometheusRule } from '../domain/health-rule.ts'
import { RetryLater } from '../domain/retry.ts'
import type { Health } from './health.ts'

const LIMITS = { headersMs: 8_000, bodyMs: 8_000, totalMs: 15_000, bodyBytesMax: 1024 * 1024 }
const SERIES_MAX = 1_000
const MESSAGE_LENGTH_MAX = 300

/** `[seconds, "value"]`, as Prometheus writes a sample. */
const Sample = z.tuple([z.number(), z.string()]).transform(([, value]) => Number(value))
const Answer = z.object({
  status: z.literal('success'),
  data: z.discriminatedUnion('resultType', [
    z.object({ resultType: z.literal('vector'), result: z.array(z.object({ value: Sample })).max(SERIES_MAX) }),
    z.object({ resultType: z.literal('scalar'), result: Sample }),
  ]),
})
const Failure = Json.pipe(z.object({ error: z.string() }))

export async function checkPrometheus(http: Http, rule: PrometheusRule): Promise<Health> {
  const url = new URL(`${rule.url.replace(/\/$/u, '')}/api/v1/query`)
  url.searchParams.set('query', rule.query)
  const sent = await http({
    url,
    hosts: [url.host],
    plainHttp: url.protocol === 'http:',
    later: 'return',
    limits: LIMITS,
  })
  if (!sent.ok) throw new RetryLater(`Prometheus: ${sent.error.detail}`)
  const text = new TextDecoder().decode(sent.value.body)
  if (sent.value.status === 400 || sent.value.status === 422) {
    const failure = Failure.safeParse(text)
    const why = failure.success ? failure.data.error.slice(0, MESSAGE_LENGTH_MAX) : 'it does not take the query'
    return { state: 'failed', reason: 'bad-query', detail: `Prometheus: ${why}` }
  }
  if (sent.value.status !== 200) throw new RetryLater(`Prometheus answered ${sent.value.status}`)
  const answer = Json.pipe(Answer).safeParse(text)
  if (!answer.success) throw new RetryLater('Prometheus answered in a form that we do not know')
  const { data } = answer.data
  return healthOfValues(data.resultType === 'scalar' ? [data.result] : data.result.map(({ value }) => value), rule)
}

/** Pure. No number is no answer: a rate without traffic is 0/0. */
export function healthOfValues(values: readonly number[], { query, is, value }: PrometheusRule): Health {
  const said = query.slice(0, MESSAGE_LENGTH_MAX)
  if (values.length === 0) return { state: 'progressing', detail: `${said} gives nothing yet` }
  const wrong = values.find((one) => !Number.isNaN(one) && !compares(one, is, value))
  if (wrong === undefined && values.some(Number.isNaN))
    return { state: 'progressing', detail: `${said} gives no number yet` }
  if (wrong === undefined) return { state: 'healthy', detail: `${said} ${is} ${value}` }
  return { state: 'failed', reason: 'threshold', detail: `${said} is ${wrong}, expected ${is} ${value}` }
}

function compares(one: number, is: PrometheusRule['is'], value: number): boolean {
  switch (is) {
    case '<':
      return one < value
    case '<=':
      return one <= value
    case '>':
      return one > value
    case '>=':
      return one >= value
    case '==':
      return one === value
  }
}
