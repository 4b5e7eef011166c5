/**
 * CloudEvents over HTTP in all three modes, structured, batched and binary, and how their senders are known: the format has no proof
 * of its own, so it is a header with a secret, or the URL.
 * https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/http-protocol-binding.md
 */

import * as z from 'zod'
import { err, ok, type Result } from '../domain/result.ts'
import { SecretReferences } from '../domain/secret.ts'
import { describeIssue, readBody } from './body.ts'
import { ClaimedId, ClaimedText, ClaimedTime } from './claim.ts'
import { HeaderName, verifyHeaderSecret, verifyUrlSecret } from './credential.ts'
import { receivedOf, type Reading } from './readings.ts'
import type { BodyRefusalReason, Parse, Received, Receiver, ReceiverRequest, Refusal, SecretOf } from './receiver.ts'

const BATCH_MAX = 1000
const HEADER = 'x-webhook-secret'

export const CloudEvent = z.object({
  type: z.string().min(1).max(256),
  id: ClaimedId,
  source: ClaimedText,
  subject: ClaimedText,
  time: ClaimedTime,
  data: z.unknown().optional(),
})
export type CloudEvent = z.infer<typeof CloudEvent>

const Batch = z.array(z.unknown()).max(BATCH_MAX)
const Single = z.record(z.string(), z.unknown())
const BATCH_TYPE = /^application\/cloudevents-batch\+json\b/iu

/** A single one must be an event; of a batch, one that is none does not cost the others. */
export function readCloudEvents<T>(
  request: ReceiverRequest,
  Event: z.ZodType<T>,
  read: (event: T) => Reading,
): Result<Received, Refusal<BodyRefusalReason>> {
  if (request.headers.get('content-type')?.some((type) => BATCH_TYPE.test(type))) {
    const batch = readBody(request, Batch)
    return batch.ok ? ok(receivedOf(batch.value.map((event) => readOne(Event.safeParse(event), read)))) : batch
  }
  const body = readBody(request, Single)
  if (!body.ok) return body
  const event = Event.safeParse(withAttributes(request, body.value))
  if (!event.success) return err({ reason: 'unknown-schema', detail: describeIssue(event.error) })
  return ok(receivedOf([read(event.data)]))
}

function readOne<T>(event: z.ZodSafeParseResult<T>, read: (event: T) => Reading): Reading {
  return event.success ? read(event.data) : err({ reason: 'malformed-event', detail: describeIssue(event.error) })
}

/** In the binary mode the body is the data, and all else stands in headers. */
function withAttributes(request: ReceiverRequest, body: Readonly<Record<string, unknown>>): unknown {
  if (Object.hasOwn(body, 'specversion') || !request.headers.has('ce-type')) return body
  const names = ['type', 'id', 'source', 'subject', 'time'] as const
  const attributes = names.map((name) => [name, attributeOf(request, `ce-${name}`)] as const)
  return { ...Object.fromEntries(attributes), data: body }
}

/** The specification's name for an event: unique by source and id together. */
export function cloudEventId({ source, id }: Pick<CloudEvent, 'source' | 'id'>): string | null {
  return id === null ? null : `${source ?? ''}#${id}`
}

/** Percent-encoded where it is more than ASCII. */
function attributeOf(request: ReceiverRequest, header: string): string | undefined {
  const [value, ...others] = request.headers.get(header) ?? []
  if (value === undefined || others.length > 0) return undefined
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

/** What stands under `events:` beside the type. */
export const senderSettings = {
  secret: SecretReferences,
  header: HeaderName.optional().describe(
    `The header whose whole value is the secret. Left out: \`${HEADER}\`, or the secret at the end of the URL.`,
  ),
}

export function createCloudEventReceiver(
  settings: { readonly secret: SecretReferences; readonly header?: string | undefined },
  secretOf: SecretOf,
  parse: Parse,
): Receiver {
  const secret = secretOf(settings.secret)
  return {
    sender: 'default',
    parse,
    async authenticate(request) {
      const isInUrl = settings.header === undefined && !request.headers.has(HEADER)
      const proven = isInUrl
        ? await verifyUrlSecret(request, secret)
        : await verifyHeaderSecret(request, settings.header ?? HEADER, secret)
      return proven.ok ? ok({ assurance: isInUrl ? 'url-secret' : 'shared-secret', secret: proven.value }) : proven
    },
  }
}
