/**
 * Quay, quay.io or one's own: its default payload, without a digest, a time or an id; a secret in the URL is all that it can carry.
 * https://docs.quay.io/guides/notifications.html
 */

import * as z from 'zod'
import { ClaimedRepository, signalOfTag, Tag } from '../domain/image.ts'
import { err, ok } from '../domain/result.ts'
import { SecretReferences } from '../domain/secret.ts'
import { readBody } from './body.ts'
import { ClaimedHost, derivedId } from './claim.ts'
import { verifyUrlSecret } from './credential.ts'
import { receivedOf, type Reading } from './readings.ts'
import type { Parse, Receiver, ReceiverType, SecretOf } from './receiver.ts'

const TAGS_MAX = 1000
const URL_LENGTH_MAX = 1024

const Settings = z.strictObject({
  type: z.literal('quay'),
  secret: SecretReferences.describe("A reference to the last part of the notification's URL."),
})
type Settings = z.infer<typeof Settings>

/** Of old, the tags were an object's keys, beside the ids of their images. */
const Tags = z
  .union([z.array(z.unknown()), z.record(z.string(), z.unknown()).transform(Object.keys)])
  .refine((tags) => tags.length <= TAGS_MAX, `expected at most ${TAGS_MAX} tags`)

/** Of what happened, only the shape tells: a push has `updated_tags`, a scan has `vulnerability`, a build or a mirror neither. */
const Payload = z.object({
  repository: ClaimedRepository,
  docker_url: z.string().max(URL_LENGTH_MAX).nullable().catch(null),
  updated_tags: Tags.optional(),
  vulnerability: z.unknown().optional(),
  tags: Tags.optional(),
})
type Payload = z.infer<typeof Payload>

const parse: Parse = (request, { now }) => {
  const payload = readBody(request, Payload)
  if (!payload.ok) return payload
  const { updated_tags, vulnerability, tags = [] } = payload.value
  if (updated_tags !== undefined) {
    return ok(receivedOf(updated_tags.map((tag) => read(tag, 'push', payload.value, now))))
  }
  if (vulnerability === undefined) return ok({ outcome: 'ignored', reason: 'other-action' })
  // All of these tags name one image: it is one piece of news, and no verdict.
  return ok(receivedOf(tags.slice(0, 1).map((tag) => read(tag, 'scan', payload.value, now))))
}

function read(claimed: unknown, kind: 'push' | 'scan', { repository, docker_url }: Payload, now: number): Reading {
  const tag = Tag.safeParse(claimed)
  if (!tag.success) return err({ reason: 'malformed-event', detail: 'expected a tag' })
  const about = (kind === 'push' ? signalOfTag(tag.data) : null) ?? { kind, subject: null }
  const unsaid = { digest: null, mediaType: null, pusher: null, occurredAt: null }
  const event = { ...about, registry: hostOf(docker_url), repository, tag: tag.data, ...unsaid }
  return ok({ id: derivedId(event, now), ...event })
}

/** `quay.io/acme/payments`, also with a scheme before it. */
function hostOf(url: string | null): ReturnType<typeof ClaimedHost.parse> {
  return ClaimedHost.parse(/^(?:https?:\/\/)?(?<host>[^/@]+)\//u.exec(url ?? '')?.groups?.['host'] ?? null)
}

function create(settings: Settings, secretOf: SecretOf): Receiver {
  const secret = secretOf(settings.secret)
  return {
    sender: 'gives-up',
    parse,
    async authenticate(request) {
      const proven = await verifyUrlSecret(request, secret)
      return proven.ok ? ok({ assurance: 'url-secret', secret: proven.value }) : proven
    },
  }
}

/** The host is the configuration's; what `docker_url` calls it is shown, never used. */
export const quay: ReceiverType<Settings> = { type: 'quay', Settings, create, parse }
