/**
 * What Azure Container Registry says of an event, by its own webhook and by Event Grid alike.
 * https://learn.microsoft.com/azure/container-registry/container-registry-webhook-reference
 */

import * as z from 'zod'
import type { RegistryEvent } from '../domain/event.ts'
import { Registry, Repository, Tag } from '../domain/image.ts'
import { err, ok } from '../domain/result.ts'
import { describeIssue } from './body.ts'
import { ClaimedDigest, ClaimedId, ClaimedText, ClaimedTime, derivedId } from './claim.ts'
import { contentOf, type Content } from './content.ts'
import type { Reading } from './readings.ts'

const TEXT_LENGTH_MAX = 256
const Text = z.string().max(TEXT_LENGTH_MAX)

export const AcrPayload = z.object({
  id: ClaimedId,
  timestamp: ClaimedTime,
  action: Text.nullish(),
  target: z.unknown().optional(),
  /** Charts have none, nor has what comes from a connected registry. */
  request: z.object({ host: Text }).nullable().catch(null),
})
export type AcrPayload = z.infer<typeof AcrPayload>

const Target = z.object({
  mediaType: ClaimedText,
  digest: Text.nullish(),
  repository: Repository,
  /** Empty or missing where it was pushed by digest. */
  tag: Tag.or(z.literal('')).nullish(),
})
type Target = z.infer<typeof Target>

export type AcrAbout = {
  readonly now: number
  /** What happened, in the webhook's words. */
  readonly action: string
  /** Under which the sender knows it, where that is not the payload's own. */
  readonly id?: string | null
  /** The configured registry. Null: the payload's claim is shown. */
  readonly host: Registry | null
  /** Whether something else has said already which registry this is. */
  readonly isKnown: boolean
}

/** One event. */
export function readAcr(payload: AcrPayload, about: AcrAbout): Reading {
  const { action } = about
  if (action === 'chart_push' || action === 'chart_delete') {
    return err({ reason: 'not-an-image', detail: 'a Helm chart: expected an image' })
  }
  if (action !== 'push' && action !== 'delete' && action !== 'quarantine') {
    return err({ reason: 'other-action', detail: 'expected the action push, delete or quarantine' })
  }
  const target = Target.safeParse(payload.target)
  if (!target.success) return err({ reason: 'malformed-event', detail: `target.${describeIssue(target.error)}` })
  if (!isConfigured(payload, about))
    return err({ reason: 'other-registry', detail: 'request.host is not the configured' })
  // A registry tells of manifests that are gone; of a tag that is taken away it tells nothing.
  if (action === 'delete' && !target.data.digest) return err({ reason: 'nothing-named', detail: 'expected a digest' })
  const content = contentFor(action, target.data)
  if (content.kind === 'not-an-image') return err({ reason: content.kind, detail: 'expected an image' })
  return ok(eventOf(content, target.data, payload, about))
}

/** An image in quarantine waits for its scan: nobody can pull it, so it is no push yet. */
function contentFor(action: 'push' | 'delete' | 'quarantine', { tag, mediaType, digest }: Target): About | NoImage {
  switch (action) {
    case 'delete':
      return { kind: 'delete', subject: null }
    case 'quarantine':
      return { kind: 'scan', subject: ClaimedDigest.parse(digest) }
    case 'push': {
      const content = contentOf(tag || null, [mediaType])
      return content.kind === 'push' ? { ...content, subject: null } : content
    }
  }
}

type About = Pick<RegistryEvent, 'kind' | 'subject'>
type NoImage = Extract<Content, { kind: 'not-an-image' }>

function isConfigured({ request }: AcrPayload, { host, isKnown }: AcrAbout): boolean {
  if (host === null || (request === null && isKnown)) return true
  const claim = Registry.safeParse(request?.host)
  return claim.success && claim.data === host
}

function eventOf(content: About, target: Target, payload: AcrPayload, { host, id, now }: AcrAbout): RegistryEvent {
  const claim = Registry.safeParse(payload.request?.host)
  const said = {
    ...content,
    registry: host ?? (claim.success ? claim.data : null),
    ...(payload.request !== null && !claim.success && { claimedRegistry: payload.request.host }),
    repository: target.repository,
    tag: target.tag || null,
    digest: ClaimedDigest.parse(target.digest),
    mediaType: target.mediaType,
    pusher: null,
    occurredAt: payload.timestamp,
  }
  return { id: id ?? payload.id ?? derivedId(said, now), ...said }
}
