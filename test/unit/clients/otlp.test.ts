import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import type { HttpRequest } from '../../../src/clients/http.ts'
import { createOtlp, createOtlpFromEnvironment } from '../../../src/clients/otlp.ts'
import { ok } from '../../../src/domain/result.ts'
import { RetryLater } from '../../../src/domain/retry.ts'
import type { Span } from '../../../src/domain/span.ts'

const Exported = z.object({
  resourceSpans: z.tuple([
    z.object({
      scopeSpans: z.tuple([
        z.object({
          spans: z.array(
            z
              .object({
                traceId: z.string(),
                spanId: z.string(),
                parentSpanId: z.string().optional(),
                startTimeUnixNano: z.string(),
              })
              .loose(),
          ),
        }),
      ]),
    }),
  ]),
})

function aSpan(span: Partial<Span> = {}): Span {
  return {
    cause: 'hub/1',
    name: 'event',
    id: 'event',
    startedAt: 1_767_225_600_000,
    endedAt: 1_767_225_600_250,
    ok: true,
    attributes: {},
    ...span,
  }
}

function aCollector(answer: () => number = () => 200) {
  const requests: HttpRequest[] = []
  const warnings: string[] = []
  const silent = (): void => {}
  const otlp = createOtlp({
    http: async (request) => {
      requests.push(request)
      return ok({ status: answer(), headers: new Headers(), body: new Uint8Array(), fromStranger: false })
    },
    endpoint: 'http://127.0.0.1:4318/',
    headers: async () => ({ 'x-key': 'k' }),
    serviceName: 'drayage',
    log: { debug: silent, info: silent, warn: (event) => void warnings.push(event), error: silent },
  })
  const spans = () =>
    requests.flatMap(({ body }) => Exported.parse(JSON.parse(String(body))).resourceSpans[0].scopeSpans[0].spans)
  return { otlp, requests, warnings, spans }
}

describe('traces by OTLP', () => {
  it('put all steps of one cause into one trace, each under its parent', async () => {
    const { otlp, spans, requests } = aCollector()
    otlp.trace(aSpan())
    otlp.trace(aSpan({ name: 'deliver', id: 'payments/dev/deliver', parent: 'event' }))
    otlp.trace(aSpan({ cause: 'hub/2' }))
    await otlp.flush()
    const [event, deliver, other] = spans()
    expect(event?.traceId).toMatch(/^[0-9a-f]{32}$/u)
    expect(deliver?.traceId).toBe(event?.traceId)
    expect(deliver?.parentSpanId).toBe(event?.spanId)
    expect(other?.traceId).not.toBe(event?.traceId)
    expect(event?.startTimeUnixNano).toBe('1767225600000000000')
    expect(requests).toMatchObject([{ url: new URL('http://127.0.0.1:4318/v1/traces'), headers: { 'x-key': 'k' } }])
  })

  it('are the same ids again where a step is repeated', async () => {
    const { otlp, spans } = aCollector()
    otlp.trace(aSpan())
    otlp.trace(aSpan())
    await otlp.flush()
    expect(spans()[0]?.spanId).toBe(spans()[1]?.spanId)
  })

  it('are sent once, in batches', async () => {
    const { otlp, spans, requests } = aCollector()
    for (let number = 0; number < 600; number += 1) otlp.trace(aSpan({ id: String(number) }))
    await otlp.flush()
    await otlp.flush()
    expect(requests).toHaveLength(3)
    expect(new Set(spans().map(({ spanId }) => spanId)).size).toBe(600)
  })

  it('of one flush are bounded, and the rest goes with the next', async () => {
    const { otlp, spans, requests } = aCollector()
    for (let number = 0; number < 1_100; number += 1) otlp.trace(aSpan({ id: String(number) }))
    await otlp.flush()
    expect(requests).toHaveLength(4)
    expect(requests.every(({ limits }) => (limits?.totalMs ?? Infinity) <= 3_000)).toBe(true)
    await otlp.flush()
    expect(new Set(spans().map(({ spanId }) => spanId)).size).toBe(1_100)
  })

  it.each([
    ['key=value,other=a%20b', { key: 'value', other: 'a b' }],
    ['env:OTLP', { 'x-api-key': 'of env:OTLP' }],
    ['', {}],
  ])('carry the headers of %j', async (text, expected) => {
    const requests: HttpRequest[] = []
    const silent = (): void => {}
    const otlp = createOtlpFromEnvironment(
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318', OTEL_EXPORTER_OTLP_HEADERS: text },
      {
        http: async (request) => {
          requests.push(request)
          return ok({ status: 200, headers: new Headers(), body: new Uint8Array(), fromStranger: false })
        },
        log: { debug: silent, info: silent, warn: silent, error: silent },
        secretOf: (reference) => async () => [`x-api-key=of ${reference}`],
      },
    )
    otlp?.trace(aSpan())
    await otlp?.flush()
    expect(requests.map(({ headers }) => headers)).toEqual([{ ...expected, 'content-type': 'application/json' }])
  })

  it('that a collector refuses are a line in the log, and no more', async () => {
    const { otlp, warnings } = aCollector(() => 403)
    otlp.trace(aSpan())
    await otlp.flush()
    expect(warnings).toEqual(['traces refused'])
  })

  it('that nobody takes cost neither memory nor a delivery', async () => {
    const { otlp, warnings, requests } = aCollector(() => {
      throw new RetryLater('nobody listens')
    })
    for (let number = 0; number < 10_000; number += 1) otlp.trace(aSpan({ id: String(number) }))
    await otlp.flush()
    expect(warnings).toEqual(['traces lost'])
    expect(requests).toHaveLength(1)
  })
})
