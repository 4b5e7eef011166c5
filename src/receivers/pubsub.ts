/**
 * Google Pub/Sub's push: a message in an envelope, or unwrapped with its metadata in headers. https://cloud.google.com/pubsub/docs/push
 */

import * as z from 'zod'
import { err, ok, type Result } from '../domain/result.ts'
import { describeIssue, readBody, readText } from './body.ts'
import { ClaimedTime } from './claim.ts'
import { onlyHeader } from './credential.ts'
import { decodeBase64 } from './encoding.ts'
import type { BodyRefusalReason, ReceiverRequest, Refusal } from './receiver.ts'

/** Events of registries have a few hundred bytes. */
const DATA_LENGTH_MAX = 64 * 1024
const SUBSCRIPTION_LENGTH_MAX = 400
const MESSAGE_ID = /^[A-Za-z0-9_-]{1,128}$/u
/** Unwrapped, the body has whatever content type the publisher gave it. */
const ANY = /^/u

const SUBSCRIPTION = /^projects\/(?<project>[a-z0-9.:-]{1,128})\/subscriptions\/[A-Za-z][A-Za-z0-9._~+%-]{2,254}$/u
export const SubscriptionName = z
  .string()
  .regex(SUBSCRIPTION, 'expected projects/<project>/subscriptions/<subscription>')

export type Message = {
  /** The publisher's JSON; null where the message has attributes only. */
  readonly data: unknown
  readonly attributes: Readonly<Record<string, string>>
  /** The same whenever it is delivered again. */
  readonly id: string
  readonly publishedAt: number | null
  readonly subscription: string | null
}

const Id = z.string().regex(MESSAGE_ID)
/** Both spellings come together. */
const Envelope = z.object({
  message: z
    .object({
      data: z.string().max(DATA_LENGTH_MAX).nullish(),
      attributes: z.record(z.string(), z.string().catch('')).nullish().catch(null),
      messageId: Id.optional(),
      message_id: Id.optional(),
      publishTime: ClaimedTime,
      publish_time: ClaimedTime,
    })
    .refine(({ messageId, message_id }) => (messageId ?? message_id) !== undefined, 'expected a messageId'),
  subscription: z.string().min(1).max(SUBSCRIPTION_LENGTH_MAX),
})
const Anything = z.unknown()
const utf8 = new TextDecoder()
const Wrapped = z.object({ message: z.unknown(), subscription: z.unknown() })

type Read<T> = Result<T, Refusal<BodyRefusalReason>>

/** In either form. Without an id nobody could tell a message that comes again. */
export function readMessage(request: ReceiverRequest): Read<Message> {
  const body = readBody(request, Anything, ANY)
  if (!body.ok) return body
  return Wrapped.safeParse(body.value).success ? unwrap(body.value) : readUnwrapped(request, body.value)
}

function unwrap(body: unknown): Read<Message> {
  const envelope = Envelope.safeParse(body)
  if (!envelope.success) return err({ reason: 'unknown-schema', detail: describeIssue(envelope.error) })
  const { message, subscription } = envelope.data
  const data = readData(message.data ?? '')
  if (!data.ok) return data
  return ok({
    data: data.value,
    attributes: message.attributes ?? {},
    id: message.messageId ?? message.message_id ?? '',
    publishedAt: message.publishTime ?? message.publish_time,
    subscription,
  })
}

function readData(encoded: string): Read<unknown> {
  if (encoded === '') return ok(null)
  const bytes = decodeBase64(encoded, DATA_LENGTH_MAX)
  if (bytes === null) return err({ reason: 'unknown-schema', detail: 'message.data: expected base64' })
  return readText(utf8.decode(bytes), Anything)
}

/** Its headers are what the subscription's `writeMetadata` adds. */
function readUnwrapped(request: ReceiverRequest, data: unknown): Read<Message> {
  const header = (name: string): string | null => {
    const value = onlyHeader(request, `x-goog-pubsub-${name}`)
    return value.ok ? value.value : null
  }
  const id = Id.safeParse(header('message-id'))
  if (!id.success) {
    const detail = 'expected a wrapped message, or the header x-goog-pubsub-message-id (writeMetadata)'
    return err({ reason: 'unknown-schema', detail })
  }
  const publishedAt = ClaimedTime.parse(header('publish-time'))
  return ok({ data, attributes: {}, id: id.data, publishedAt, subscription: header('subscription-name') })
}

/** The project of a subscription's name. */
export function projectOf(subscription: string): string {
  return SUBSCRIPTION.exec(subscription)?.groups?.['project'] ?? ''
}
