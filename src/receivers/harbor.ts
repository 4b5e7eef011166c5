/**
 * Harbor, in both of its payload formats, default and CloudEvents: every resource of an event, and scans as signals.
 * https://goharbor.io/docs/main/working-with-projects/project-configuration/configure-webhooks/
 */

import * as z from 'zod'
import type { RegistryEvent } from '../domain/event.ts'
import { ClaimedRepository, signalOfTag, Tag, type Digest, type Registry } from '../domain/image.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { SecretReferences } from '../domain/secret.ts'
import { describeIssue, readBody } from './body.ts'
import {
  ClaimedDigest,
  ClaimedHost,
  ClaimedId,
  ClaimedSeconds,
  ClaimedText,
  ClaimedTime,
  derivedId,
  partId,
} from './claim.ts'
import { verifyHeaderSecret } from './credential.ts'
import { receivedOf, type Reading } from './readings.ts'
import type { Parse, Receiver, ReceiverType, SecretOf } from './receiver.ts'

const RESOURCES_MAX = 1000
const NAME_LENGTH_MAX = 255
const URL_LENGTH_MAX = 1024

/** Of all other types nothing is read: `QUOTA_EXCEED` names an image whose push failed, `REPLICATION` none at all. */
const KINDS: ReadonlyMap<string, 'push' | 'delete' | 'scan'> = new Map([
  ['PUSH_ARTIFACT', 'push'],
  ['harbor.artifact.pushed', 'push'],
  ['pushImage', 'push'],
  ['DELETE_ARTIFACT', 'delete'],
  ['harbor.artifact.deleted', 'delete'],
  ['deleteImage', 'delete'],
  ['SCANNING_COMPLETED', 'scan'],
  ['SCANNING_FAILED', 'scan'],
  ['SCANNING_STOPPED', 'scan'],
  ['harbor.scan.completed', 'scan'],
  ['harbor.scan.failed', 'scan'],
  ['harbor.scan.stopped', 'scan'],
])

/** With a scheme or without; what follows is `:tag`, `@sha256:…` or, of old, `:sha256:…`. */
const URL_SHAPE = /^(?:https?:\/\/)?(?<host>[^/@]+)\/(?<path>[^:@]+)/u
const HOST_LIKE = /[.:]|^localhost$/u

const Settings = z.strictObject({
  type: z.literal('harbor'),
  secret: SecretReferences.describe("A reference to the policy's whole `Auth Header`, which comes as `Authorization`."),
})
type Settings = z.infer<typeof Settings>

const Payload = z.object({
  type: z.string().min(1).max(128),
  operator: ClaimedText,
  occur_at: ClaimedSeconds,
  event_data: z.unknown().optional(),
  /** Of CloudEvents. */
  specversion: z.unknown().optional(),
  id: ClaimedId,
  time: ClaimedTime,
  data: z.unknown().optional(),
})
type Payload = z.infer<typeof Payload>

const Name = z.string().max(NAME_LENGTH_MAX).nullish()
const Content = z.object({
  resources: z.array(z.unknown()).max(RESOURCES_MAX),
  repository: z.object({ repo_full_name: Name, namespace: Name, name: Name }).nullish(),
})
type Content = z.infer<typeof Content>

const Resource = z.object({
  digest: ClaimedDigest,
  /** The digest again, where it was pushed by digest. */
  tag: Tag.or(z.literal('')).nullish().catch(null),
  resource_url: z.string().max(URL_LENGTH_MAX).nullish(),
})

const parse: Parse = (request, { now }) => {
  const payload = readBody(request, Payload)
  if (!payload.ok) return payload
  const kind = KINDS.get(payload.value.type)
  if (kind === undefined) return ok({ outcome: 'ignored', reason: 'other-action' })
  const { specversion, data, event_data } = payload.value
  const content = Content.safeParse(specversion === undefined ? event_data : data)
  if (!content.success) return err({ reason: 'unknown-schema', detail: describeIssue(content.error) })
  const around = { payload: payload.value, kind, repository: content.data.repository, now }
  return ok(receivedOf(content.data.resources.map((resource, index) => read(resource, index, around))))
}

type Around = {
  readonly payload: Payload
  readonly kind: 'push' | 'delete' | 'scan'
  readonly repository: Content['repository']
  readonly now: number
}

function read(claimed: unknown, index: number, { payload, kind, repository, now }: Around): Reading {
  const resource = Resource.safeParse(claimed)
  if (!resource.success) return err({ reason: 'malformed-event', detail: describeIssue(resource.error) })
  const { digest, resource_url } = resource.data
  const tag = resource.data.tag || null
  const place = placeOf(resource_url, repository)
  if (!place.ok) return err({ reason: 'malformed-event', detail: place.error })
  if (tag === null && digest === null) {
    return err({ reason: 'nothing-named', detail: 'expected a tag or a well-formed digest' })
  }
  const event = {
    ...aboutOf(kind, tag, digest),
    ...place.value,
    tag,
    digest,
    mediaType: null,
    pusher: payload.operator,
    occurredAt: payload.time ?? payload.occur_at,
  }
  return ok({ id: payload.id === null ? derivedId(event, now) : partId(payload.id, index), ...event })
}

function aboutOf(
  kind: Around['kind'],
  tag: Tag | null,
  digest: Digest | null,
): Pick<RegistryEvent, 'kind' | 'subject'> {
  if (kind !== 'push') return { kind, subject: kind === 'scan' ? digest : null }
  return signalOfTag(tag ?? '') ?? { kind, subject: null }
}

type Place = { readonly registry: Registry | null; readonly repository: ClaimedRepository }

/** The URL names host and repository; it must agree with the repository beside it, or it was not Harbor that wrote them. */
function placeOf(url: string | null | undefined, repository: Content['repository']): Result<Place, string> {
  const { repo_full_name, namespace, name } = repository ?? {}
  const full = repo_full_name || [namespace, name].filter(Boolean).join('/')
  const { host = '', path = full } = URL_SHAPE.exec(url ?? '')?.groups ?? {}
  const named = ClaimedRepository.safeParse(path)
  if (!named.success) return err('expected the name of a repository')
  if (url && full === '' && !HOST_LIKE.test(host)) return err('resource_url: expected a host before the repository')
  if (full !== '' && full !== path) return err('resource_url: expected the repository that is named beside it')
  return ok({ registry: ClaimedHost.parse(host || null), repository: named.data })
}

function create(settings: Settings, secretOf: SecretOf): Receiver {
  const secret = secretOf(settings.secret)
  return {
    sender: 'default',
    parse,
    async authenticate(request) {
      const proven = await verifyHeaderSecret(request, 'authorization', secret)
      return proven.ok ? ok({ assurance: 'shared-secret', secret: proven.value }) : proven
    },
  }
}

/** Its payloads name the host as Harbor calls itself, which may be an internal name: it is shown, never used. */
export const harbor: ReceiverType<Settings> = { type: 'harbor', Settings, create, parse }
