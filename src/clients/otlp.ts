/** Spans to an OpenTelemetry collector: OTLP over HTTP as JSON, in batches, on every platform. https://opentelemetry.io/docs/specs/otlp/#otlphttp */

import type { Log } from '../domain/log.ts'
import { SecretReference, type Secret } from '../domain/secret.ts'
import type { Span, Trace } from '../domain/span.ts'
import type { Http } from './http.ts'

const BATCH_MAX = 256
/** What waits at most: a collector that is down costs the oldest spans, never memory. */
const WAITING_MAX = 4_096
/** A flush may be what an invocation waits for at its end, and the platform's bill with it: what is left goes with the next. */
const BATCHES_PER_FLUSH_MAX = 4
const LIMITS = { headersMs: 2_000, bodyMs: 1_000, totalMs: 3_000, bodyBytesMax: 64 * 1024 }
const TRACE_ID_BYTES = 16
const SPAN_ID_BYTES = 8
const ATTRIBUTE_LENGTH_MAX = 512
const KIND_INTERNAL = 1
const STATUS = { ok: 1, error: 2 } as const

export type Otlp = {
  readonly trace: Trace
  /** Sends what waits; the platform calls it on a timer, and at the end of a request where nothing runs after it. */
  flush(): Promise<void>
}

export type OtlpOptions = {
  readonly http: Http
  /** The collector's base, such as `http://localhost:4318`; `/v1/traces` is added. */
  readonly endpoint: string
  /** Asked for at each sending: they may hold a secret that changes. */
  readonly headers: () => Promise<Readonly<Record<string, string>>>
  readonly serviceName: string
  readonly log: Log
}

export function createOtlp({ http, endpoint, headers, serviceName, log }: OtlpOptions): Otlp {
  const url = new URL(`${endpoint.replace(/\/$/u, '')}/v1/traces`)
  let waiting: Span[] = []

  async function send(spans: readonly Span[]): Promise<void> {
    const body = JSON.stringify(await exportOf(spans, serviceName))
    const answer = await http({
      url,
      method: 'POST',
      hosts: [url.host],
      plainHttp: url.protocol === 'http:',
      headers: { ...(await headers()), 'content-type': 'application/json' },
      body,
      later: 'return',
      limits: LIMITS,
    })
    if (answer.ok && answer.value.status < 300) return
    log.warn('traces refused', {
      detail: answer.ok ? `status ${answer.value.status}` : answer.error.detail,
      spans: spans.length,
    })
  }

  return {
    trace(span) {
      waiting.push(span)
      if (waiting.length > WAITING_MAX) waiting = waiting.slice(-WAITING_MAX)
    },
    async flush() {
      for (let batches = 0; waiting.length > 0 && batches < BATCHES_PER_FLUSH_MAX; batches += 1) {
        const batch = waiting.slice(0, BATCH_MAX)
        waiting = waiting.slice(BATCH_MAX)
        try {
          await send(batch)
        } catch (error) {
          return log.warn('traces lost', {
            detail: error instanceof Error ? error.message : 'unknown failure',
            spans: batch.length,
          })
        }
      }
    },
  }
}

/** By OpenTelemetry's own variables, where the headers may be a reference to a secret; null where no endpoint is named. https://opentelemetry.io/docs/specs/otel/protocol/exporter/ */
export function createOtlpFromEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  { http, log, secretOf }: Pick<OtlpOptions, 'http' | 'log'> & { readonly secretOf: (of: SecretReference) => Secret },
): Otlp | null {
  const endpoint = env['OTEL_EXPORTER_OTLP_ENDPOINT']
  if (endpoint === undefined || endpoint === '') return null
  const text = env['OTEL_EXPORTER_OTLP_HEADERS'] ?? ''
  const reference = SecretReference.safeParse(text)
  const secret = reference.success ? secretOf(reference.data) : async () => [text] as const
  const headers = async () => headersIn((await secret())[0])
  return createOtlp({ http, endpoint, headers, serviceName: env['OTEL_SERVICE_NAME'] ?? 'drayage', log })
}

/** `key=value,key=value`, percent-encoded. */
function headersIn(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(',').filter((pair) => pair.includes('='))
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      return [pair.slice(0, at).trim(), decodeURIComponent(pair.slice(at + 1).trim())]
    }),
  )
}

async function exportOf(spans: readonly Span[], serviceName: string): Promise<object> {
  return {
    resourceSpans: [
      {
        resource: { attributes: attributesOf({ 'service.name': serviceName }) },
        scopeSpans: [{ scope: { name: 'drayage' }, spans: await Promise.all(spans.map(spanOf)) }],
      },
    ],
  }
}

async function spanOf(span: Span): Promise<object> {
  return {
    traceId: await idOf(span.cause, TRACE_ID_BYTES),
    spanId: await idOf(`${span.cause} ${span.id}`, SPAN_ID_BYTES),
    ...(span.parent === undefined ? {} : { parentSpanId: await idOf(`${span.cause} ${span.parent}`, SPAN_ID_BYTES) }),
    name: span.name,
    kind: KIND_INTERNAL,
    startTimeUnixNano: nanoseconds(span.startedAt),
    endTimeUnixNano: nanoseconds(span.endedAt),
    attributes: attributesOf(span.attributes),
    status: { code: span.ok ? STATUS.ok : STATUS.error },
  }
}

/** Hex, as OTLP's JSON wants ids. */
async function idOf(text: string, bytes: number): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return [...new Uint8Array(hash, 0, bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

function nanoseconds(milliseconds: number): string {
  return `${BigInt(Math.round(milliseconds)) * 1_000_000n}`
}

function attributesOf(attributes: Span['attributes']): readonly object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: valueOf(value) }))
}

function valueOf(value: string | number | boolean): object {
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  return { stringValue: value.slice(0, ATTRIBUTE_LENGTH_MAX) }
}
