/** The bodies in which EventBridge's events of ECR come: the event itself, an envelope of SNS, a batch of SQS. */

import * as z from 'zod'
import type { Registry } from '../domain/image.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { JSON_OR_TEXT, readBody, readText } from './body.ts'
import { parseEventBridge, type EventBridgeContext } from './eventbridge.ts'
import { Transformed } from './eventbridge-transformed.ts'
import type { BodyRefusalReason, Parse, Received, Refusal, Skipped } from './receiver.ts'
import { readEnvelope } from './sns.ts'

type Parsed = Result<Received, Refusal<BodyRefusalReason>>

const RECORDS_MAX = 10_000

const Event = z.union([Transformed, z.unknown()])
const Batch = z.object({ Records: z.array(z.object({ body: z.string() })).max(RECORDS_MAX) })
const Envelope = z.object({ TopicArn: z.string() })

/** What an API destination sends. */
export function createDirectParser(host: Registry | null): Parse {
  return (request, { now }) => {
    const event = readBody(request, Event)
    return event.ok ? parseEventBridge(event.value, { now, host }) : event
  }
}

/** What SNS sends; the event is the message's text. */
export function createNotificationParser(host: Registry | null): Parse {
  return (request, { now }) => {
    const envelope = readEnvelope(request)
    if (!envelope.ok) return envelope
    const { Type, Message, Token } = envelope.value
    switch (Type) {
      case 'Notification':
        return readMessage(Message, { now, host })
      case 'SubscriptionConfirmation':
        return Token
          ? ok({ outcome: 'validation', reply: Token })
          : err({ reason: 'unknown-schema', detail: 'Token: missing' })
      case 'UnsubscribeConfirmation':
        return ok({ outcome: 'ignored', reason: 'other-action' })
    }
  }
}

/** For trying a body, whichever of them it is. A receiver takes one kind alone, and never by the body's own word. */
export const parseAny: Parse = (request, context) => {
  const body = readBody(request, z.unknown(), JSON_OR_TEXT)
  if (!body.ok) return body
  if (Envelope.safeParse(body.value).success) return createNotificationParser(null)(request, context)
  const batch = Batch.safeParse(body.value)
  return batch.success
    ? ok(readBatch(batch.data, { ...context, host: null }))
    : createDirectParser(null)(request, context)
}

function readBatch({ Records }: z.infer<typeof Batch>, context: EventBridgeContext): Received {
  const read = Records.map(({ body }) => readMessage(body, context))
  const events = read.flatMap((one) => (one.ok && one.value.outcome === 'events' ? one.value.events : []))
  const skipped = read.flatMap((one, index): readonly Skipped[] => {
    if (!one.ok) return [{ index, reason: 'malformed-event', detail: one.error.detail }]
    return one.value.outcome === 'ignored' ? [{ index, reason: one.value.reason, detail: 'expected an image' }] : []
  })
  if (events.length > 0) return { outcome: 'events', events, skipped }
  return { outcome: 'ignored', reason: skipped[0]?.reason ?? 'no-events', skipped }
}

function readMessage(text: string, context: EventBridgeContext): Parsed {
  const event = readText(text, Event)
  return event.ok ? parseEventBridge(event.value, context) : event
}
