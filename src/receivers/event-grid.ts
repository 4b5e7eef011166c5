/**
 * Azure Event Grid's deliveries, in its own schema and in CloudEvents', and the handshakes by which it asks whether we want them.
 * https://learn.microsoft.com/azure/event-grid/end-point-validation-event-grid-events-schema
 */

import * as z from 'zod'
import type { Registry } from '../domain/image.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { AcrPayload, readAcr } from './acr-payload.ts'
import { describeIssue, readBody } from './body.ts'
import { ClaimedId, ClaimedTime } from './claim.ts'
import { onlyHeader } from './credential.ts'
import { receivedOf, type Reading } from './readings.ts'
import type { BodyRefusalReason, Parse, Received, ReceiverRequest, Refusal } from './receiver.ts'

/** The most that a subscription may be told to send at once. */
const EVENTS_MAX = 5000
const TEXT_LENGTH_MAX = 1024
/** Who asks. `*` would be an answer to anybody. */
const ORIGIN = 'eventgrid.azure.net'
const VALIDATION = 'Microsoft.EventGrid.SubscriptionValidationEvent'

const ARM_ID =
  /^\/subscriptions\/[0-9a-f-]{36}\/resourceGroups\/[^/\s]{1,90}\/providers\/Microsoft\.ContainerRegistry\/registries\/[a-z0-9]{1,50}(?:\/connectedRegistries\/[a-z0-9-]{1,50})?$/iu

/** What Event Grid calls its source; Azure's ids have no case. */
export const ResourceId = z
  .string()
  .regex(ARM_ID, "expected the registry's resource id, /subscriptions/…/registries/<name>")
  .transform((id) => id.toLowerCase())

const ACTIONS: ReadonlyMap<string, string> = new Map([
  ['Microsoft.ContainerRegistry.ImagePushed', 'push'],
  ['Microsoft.ContainerRegistry.ImageDeleted', 'delete'],
  ['Microsoft.ContainerRegistry.ChartPushed', 'chart_push'],
  ['Microsoft.ContainerRegistry.ChartDeleted', 'chart_delete'],
])

const Text = z.string().max(TEXT_LENGTH_MAX)
const CloudEvent = z
  .object({
    specversion: z.literal('1.0'),
    id: ClaimedId,
    source: Text,
    type: Text,
    time: ClaimedTime,
    data: z.unknown(),
  })
  .transform(({ source, ...event }) => ({ topic: source, ...event }))
const OwnEvent = z
  .object({ id: ClaimedId, topic: Text, eventType: Text, eventTime: ClaimedTime, data: z.unknown() })
  .transform(({ eventType, eventTime, ...event }) => ({ type: eventType, time: eventTime, ...event }))
const Event = z.union([CloudEvent, OwnEvent], { error: 'expected an event of Event Grid, or a CloudEvent' })
const Body = z.union([z.array(z.unknown()).min(1).max(EVENTS_MAX), z.looseObject({}).transform((event) => [event])], {
  error: `expected one event, or a list of at most ${EVENTS_MAX}`,
})
/** It is echoed, so it may be nothing but what such codes are made of. */
const Validation = z.object({ validationCode: z.string().regex(/^[A-Za-z0-9-]{1,256}$/u) })

export type GridBinding = {
  readonly host: Registry | null
  /** The configured registry's resource id. Null: a body is only tried. */
  readonly topic: string | null
}
type Parsed = Result<Received, Refusal<BodyRefusalReason>>

/** Deliveries and handshakes. `validationUrl` and `WebHook-Request-Callback` are never called: a stranger may have written them. */
export function createGridParser(binding: GridBinding): Parse {
  return (request, { now }) => {
    if (request.method === 'OPTIONS') return answerOrigin(request)
    const body = readBody(request, Body)
    if (!body.ok) return body
    const handshake = body.value.length === 1 ? answerValidation(body.value[0], binding) : null
    if (handshake !== null) return handshake
    const readings = body.value.map((event) => read(event, binding, now))
    const [first] = readings
    // A body of such alone goes to their dead letters; beside others, it costs nothing but itself.
    if (first?.ok === false && readings.every(isMalformed)) {
      return err({ reason: 'unknown-schema', detail: first.error.detail })
    }
    return ok(receivedOf(readings))
  }
}

function isMalformed(reading: Reading): boolean {
  return !reading.ok && reading.error.reason === 'malformed-event'
}

function read(claimed: unknown, { host, topic }: GridBinding, now: number): Reading {
  const event = Event.safeParse(claimed)
  if (!event.success) return err({ reason: 'malformed-event', detail: describeIssue(event.error) })
  const { id, type, time, data } = event.data
  const action = ACTIONS.get(type)
  if (action === undefined) return err({ reason: 'other-action', detail: 'expected an event of a container registry' })
  const payload = AcrPayload.safeParse(data)
  if (!payload.success) return err({ reason: 'malformed-event', detail: `data.${describeIssue(payload.error)}` })
  const source = event.data.topic.toLowerCase()
  if ((topic !== null && source !== topic) || !isHostOf(source, payload.data.request?.host)) {
    return err({
      reason: 'other-registry',
      detail: 'expected the resource id of the configured registry, and its host',
    })
  }
  const { timestamp } = payload.data
  const about = { action, id, host, isKnown: topic !== null, now }
  return readAcr({ ...payload.data, timestamp: timestamp ?? time }, about)
}

/** A host begins with its registry's name, behind which Azure may have put a label. Whoever writes events chooses the payload alone. */
function isHostOf(topic: string, host: string | undefined): boolean {
  const name = /\/registries\/(?<name>[a-z0-9]+)/u.exec(topic)?.groups?.['name']
  const label = /^(?<label>[a-z0-9-]+)\.azurecr\./u.exec(host?.toLowerCase() ?? '')?.groups?.['label']
  return label === undefined || label === name || label.startsWith(`${name}-`)
}

/** Null: this is none. Whoever may send may ask, for this registry or for what it stands in. */
function answerValidation(claimed: unknown, { topic }: GridBinding): Parsed | null {
  const event = OwnEvent.safeParse(claimed)
  if (!event.success || event.data.type !== VALIDATION) return null
  const asked = event.data.topic.toLowerCase()
  const isAbove = asked.startsWith('/subscriptions/') && topic?.startsWith(`${asked}/`)
  if (topic !== null && topic !== asked && !isAbove) {
    return err({ reason: 'unknown-schema', detail: 'topic: expected the resource id of the configured registry' })
  }
  const validation = Validation.safeParse(event.data.data)
  if (!validation.success) return err({ reason: 'unknown-schema', detail: `data.${describeIssue(validation.error)}` })
  const { validationCode: reply } = validation.data
  return ok({
    outcome: 'validation',
    reply,
    answer: { body: JSON.stringify({ validationResponse: reply }), headers: {} },
  })
}

/** Of CloudEvents: https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md#4-abuse-protection */
function answerOrigin(request: ReceiverRequest): Parsed {
  const origin = onlyHeader(request, 'webhook-request-origin')
  if (!origin.ok || origin.value.toLowerCase() !== ORIGIN) {
    return err({ reason: 'unknown-schema', detail: `WebHook-Request-Origin: expected ${ORIGIN}` })
  }
  const headers = { allow: 'POST', 'webhook-allowed-origin': ORIGIN, 'webhook-allowed-rate': '*' }
  return ok({ outcome: 'validation', reply: ORIGIN, answer: { body: '', headers } })
}
