/** The generic receiver for CI systems: Standard Webhooks, body `{ "type": "image.pushed", "data": { "image": "…" } }`. */

import * as z from 'zod'
import { parseImageReference, signalOfTag, type ImageReference } from '../domain/image.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { SecretReferences } from '../domain/secret.ts'
import { readBody } from './body.ts'
import { ClaimedTime, derivedId } from './claim.ts'
import type { BodyRefusalReason, Parse, Receiver, ReceiverType, Refusal, SecretOf } from './receiver.ts'
import { asymmetric, messageId, symmetric, verifyStandardWebhook } from './standard-webhooks.ts'

const TYPE_LENGTH_MAX = 256
const IMAGE_LENGTH_MAX = 1024

/** One key of one kind: it fixes the version of the signatures that count. */
const Settings = z.union(
  [
    z.strictObject({ type: z.literal('webhook'), secret: SecretReferences }),
    z.strictObject({ type: z.literal('webhook'), publicKey: SecretReferences }),
  ],
  { error: 'expected { type: webhook, secret: env:NAME } or { type: webhook, publicKey: env:NAME }' },
)
type Settings = z.infer<typeof Settings>

const Payload = z.object({
  type: z.string().min(1).max(TYPE_LENGTH_MAX),
  timestamp: ClaimedTime,
  data: z.unknown().optional(),
})
const ImagePushed = z.object({ image: z.string().max(IMAGE_LENGTH_MAX) })

const parse: Parse = (request, { now }) => {
  const payload = readBody(request, Payload)
  if (!payload.ok) return payload
  const { type, data, timestamp } = payload.value
  if (type === 'ping') return ok({ outcome: 'ping' })
  if (type !== 'image.pushed') return ok({ outcome: 'ignored', reason: 'other-action' })
  const image = imageOf(data)
  if (!image.ok) return image
  const about = signalOfTag(image.value.tag ?? '') ?? { kind: 'push' as const, subject: null }
  const event = { ...about, ...image.value, mediaType: null, pusher: null, occurredAt: timestamp }
  return ok({ outcome: 'events', events: [{ id: messageId(request) ?? derivedId(event, now), ...event }] })
}

function imageOf(data: unknown): Result<ImageReference, Refusal<BodyRefusalReason>> {
  const parsed = ImagePushed.safeParse(data)
  const image = parseImageReference(parsed.success ? parsed.data.image : '')
  if (!image.ok) return err({ reason: 'unknown-schema', detail: `data.image: expected ${image.error.expected}` })
  if (image.value.tag === null && image.value.digest === null) {
    return err({ reason: 'unknown-schema', detail: 'data.image: expected a tag after the colon' })
  }
  return image
}

function create(settings: Settings, secretOf: SecretOf): Receiver {
  const scheme = 'secret' in settings ? symmetric : asymmetric
  const secret = secretOf('secret' in settings ? settings.secret : settings.publicKey)
  return {
    sender: 'default',
    parse,
    async authenticate(request, context) {
      const proven = await verifyStandardWebhook(request, scheme, secret, context)
      return proven.ok ? ok({ assurance: 'signed-body', secret: proven.value }) : proven
    },
  }
}

/** Its payloads name the host, so that one sender can tell about many registries. */
export const webhook: ReceiverType<Settings> = { type: 'webhook', Settings, manyHosts: true, create, parse }
