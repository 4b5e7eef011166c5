/** CNCF Distribution: notifications in envelopes of one or more events, with whatever static header its configuration holds. */

import * as z from 'zod'
import { err, ok, type Result } from '../domain/result.ts'
import { Repository, Tag, type Registry } from '../domain/image.ts'
import type { RegistryEvent } from '../domain/event.ts'
import { SecretReferences } from '../domain/secret.ts'
import { describeIssue, readBody } from './body.ts'
import { ClaimedDigest, ClaimedHost, ClaimedId, ClaimedText, ClaimedTime, derivedId } from './claim.ts'
import { contentOf, isManifest } from './content.ts'
import { verifyHeaderSecret } from './credential.ts'
import type { Parse, Receiver, ReceiverType, SecretOf, Skipped } from './receiver.ts'

const EVENTS_MAX = 1000
const URL_LENGTH_MAX = 2048

const HeaderName = z
  .string()
  .max(128)
  .regex(/^[A-Za-z0-9-]+$/u, 'expected a header name, such as authorization')
  .transform((name) => name.toLowerCase())

const Settings = z.union(
  [
    z.strictObject({
      type: z.literal('distribution'),
      /** The header that the registry's `notifications.endpoints[].headers` sends; its whole value is the secret. */
      header: HeaderName.default('authorization'),
      secret: SecretReferences,
    }),
    /** Anybody may send: such events are kept with assurance `none` and can only cause a look. */
    z.strictObject({ type: z.literal('distribution'), auth: z.literal('none') }),
  ],
  {
    error:
      'expected { type: distribution, secret: env:NAME } with a header name if not authorization, or { …, auth: none }',
  },
)
type Settings = z.infer<typeof Settings>

const Envelope = z.object({ events: z.array(z.unknown()).max(EVENTS_MAX) })

const Event = z.object({
  id: ClaimedId,
  timestamp: ClaimedTime,
  action: z.string().max(64),
  target: z.object({
    mediaType: ClaimedText,
    artifactType: ClaimedText,
    digest: ClaimedDigest,
    repository: Repository,
    tag: z.literal('').or(Tag).nullish(),
    url: z.string().max(URL_LENGTH_MAX).nullable().catch(null),
  }),
  request: z.object({ host: ClaimedHost }).nullable().catch(null),
  actor: z.object({ name: ClaimedText }).nullable().catch(null),
})
type Event = z.infer<typeof Event>
type Reading = Result<RegistryEvent, Omit<Skipped, 'index'>>

const parse: Parse = (request, { now }) => {
  const envelope = readBody(request, Envelope)
  if (!envelope.ok) return envelope
  const readings = envelope.value.events.map((event) => read(event, now))
  const events = readings.flatMap((reading) => (reading.ok ? [reading.value] : []))
  const skipped = readings.flatMap((reading, index) => (reading.ok ? [] : [{ index, ...reading.error }]))
  if (events.length > 0) return ok({ outcome: 'events', events, skipped })
  return ok({ outcome: 'ignored', reason: skipped[0]?.reason ?? 'no-events', skipped })
}

function read(claimed: unknown, now: number): Reading {
  const parsed = Event.safeParse(claimed)
  if (!parsed.success) return err({ reason: 'malformed-event', detail: describeIssue(parsed.error) })
  const { action, target } = parsed.data
  if (action !== 'push' && action !== 'delete') {
    return err({ reason: 'other-action', detail: 'expected the action push or delete' })
  }
  if (!target.tag && target.digest === null) {
    return err({ reason: 'nothing-named', detail: 'expected a tag or a well-formed digest' })
  }
  return action === 'delete'
    ? ok(eventOf(parsed.data, { kind: 'delete', subject: null }, now))
    : readPush(parsed.data, now)
}

/** Blobs are pushed too and have no tag; so do an index's children, which are manifests. */
function readPush(event: Event, now: number): Reading {
  const { tag, mediaType, artifactType } = event.target
  if (!tag && mediaType !== null && !isManifest(mediaType)) {
    return err({ reason: 'blob', detail: 'expected a manifest or an index' })
  }
  const content = contentOf(tag || null, [mediaType, artifactType])
  if (content.kind === 'not-an-image') return err({ reason: content.kind, detail: 'expected an image' })
  return ok(eventOf(event, content.kind === 'push' ? { kind: 'push', subject: null } : content, now))
}

function eventOf(event: Event, about: Pick<RegistryEvent, 'kind' | 'subject'>, now: number): RegistryEvent {
  const { target, request, actor } = event
  const said = {
    ...about,
    registry: request?.host ?? hostOf(target.url),
    repository: target.repository,
    tag: target.tag || null,
    digest: target.digest,
    mediaType: target.mediaType,
    pusher: actor?.name ?? null,
    occurredAt: event.timestamp,
  }
  return { id: event.id ?? derivedId(said, now), ...said }
}

/** What the registry calls itself, where the pusher's `Host` header is not there. */
function hostOf(url: string | null): Registry | null {
  return ClaimedHost.parse(url === null ? null : (URL.parse(url)?.host ?? null))
}

/** Retries for ever and holds back its queue until it gets 2xx. */
function create(settings: Settings, secretOf: SecretOf): Receiver {
  if ('auth' in settings) {
    return { sender: 'blocking-queue', authenticate: async () => ok({ assurance: 'none', secret: null }), parse }
  }
  const secret = secretOf(settings.secret)
  return {
    sender: 'blocking-queue',
    parse,
    async authenticate(request) {
      const proven = await verifyHeaderSecret(request, settings.header, secret)
      return proven.ok ? ok({ assurance: 'shared-secret', secret: proven.value }) : proven
    },
  }
}

/** The registry that most others are made of; its payloads name the host under which it was reached. */
export const distribution: ReceiverType<Settings> = { type: 'distribution', Settings, create, parse }
