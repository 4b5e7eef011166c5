/**
 * CNCF Distribution's notifications: envelopes of one or more events, which other registries send too.
 * https://distribution.github.io/distribution/about/notifications/
 */

import * as z from 'zod'
import type { RegistryEvent } from '../domain/event.ts'
import { Tag, type ClaimedRepository, type Registry } from '../domain/image.ts'
import { err, ok } from '../domain/result.ts'
import { describeIssue, readBody } from './body.ts'
import {
  ClaimedDigest,
  claimedIn,
  ClaimedId,
  claimedText,
  ClaimedText,
  ClaimedTime,
  derivedId,
  hostIn,
  textIn,
} from './claim.ts'
import { contentOf, isManifest } from './content.ts'
import { receivedOf, type Reading } from './readings.ts'
import type { Parse } from './receiver.ts'

const EVENTS_MAX = 1000
const URL_LENGTH_MAX = 2048

const Envelope = z.object({ events: z.array(z.unknown()).max(EVENTS_MAX) })

const Around = z.object({
  id: ClaimedId,
  timestamp: ClaimedTime,
  action: z.string().max(64),
  request: claimedIn('host', hostIn),
  actor: claimedIn('name', (name) => textIn(name)),
})
const Target = z.object({
  mediaType: ClaimedText,
  artifactType: ClaimedText,
  digest: ClaimedDigest,
  tag: Tag.or(z.literal('')).nullish(),
  url: claimedText(URL_LENGTH_MAX),
})
type Event = z.infer<typeof Around> & {
  readonly target: z.infer<typeof Target> & { readonly repository: ClaimedRepository }
}

/** `Names` is what counts as a repository: by the OCI grammar, or any claim. */
export function createNotificationParser(Names: z.ZodType<ClaimedRepository>): Parse {
  const Event = Around.extend({ target: Target.extend({ repository: Names }) })
  return (request, { now }) => {
    const envelope = readBody(request, Envelope)
    return envelope.ok
      ? ok(receivedOf(envelope.value.events.map((event) => read(Event.safeParse(event), now))))
      : envelope
  }
}

function read(parsed: z.ZodSafeParseResult<Event>, now: number): Reading {
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
    registry: request ?? hostOf(target.url),
    repository: target.repository,
    tag: target.tag || null,
    digest: target.digest,
    mediaType: target.mediaType,
    pusher: actor,
    occurredAt: event.timestamp,
  }
  return { id: event.id ?? derivedId(said, now), ...said }
}

/** What the registry calls itself, where the pusher's `Host` header is not there. */
function hostOf(url: string | null): Registry | null {
  return hostIn(url === null ? null : (URL.parse(url)?.host ?? null))
}
