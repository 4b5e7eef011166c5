/** What every receiver makes of a request: push events and signals. A hint each; the registry is the truth. */

import * as z from 'zod'
import { ClaimedRepository, Digest, Registry, Tag } from './image.ts'

/** How an event was authenticated, strongest first. */
export const ASSURANCES = ['signed-body', 'authenticated-sender', 'shared-secret', 'url-secret', 'none'] as const
export const Assurance = z.enum(ASSURANCES)
export type Assurance = z.infer<typeof Assurance>

export const EVENT_KINDS = ['push', 'delete', 'scan', 'signature', 'attestation', 'ballot', 'pull-request'] as const
export const EventKind = z.enum(EVENT_KINDS)
export type EventKind = z.infer<typeof EventKind>

/** Kind, repository, tag, digest and instant fit, for senders that give no id. */
export const EVENT_ID_LENGTH_MAX = 640
const TEXT_LENGTH_MAX = 256
/** What a person wrote. */
const REASON_LENGTH_MAX = 500
/** 31 December 9999: later instants do not fit a date. */
const INSTANT_MAX = 253_402_300_799_000

/** An instant in epoch milliseconds. */
export const Instant = z.number().int().min(0).max(INSTANT_MAX)
export type Instant = z.infer<typeof Instant>

/** A member is null where the payload does not say. `registry` is the payload's claim, never where we ask. */
export const RegistryEvent = z.object({
  kind: EventKind,
  /** The sender's id for this event, unique within its receiver; repeated when the sender retries. */
  id: z.string().min(1).max(EVENT_ID_LENGTH_MAX),
  registry: Registry.nullable(),
  /** What the payload calls its registry, where that is no host that anybody could ask. Shown, never used. */
  claimedRegistry: z.string().max(TEXT_LENGTH_MAX).optional(),
  /** As claimed, too: it means something only where a subscription follows exactly this name. Null: only an analysis is named. */
  repository: ClaimedRepository.nullable(),
  tag: Tag.nullable(),
  digest: Digest.nullable(),
  mediaType: z.string().max(TEXT_LENGTH_MAX).nullable(),
  /** The image that a signal is about, where the payload says so. */
  subject: Digest.nullable(),
  pusher: z.string().max(TEXT_LENGTH_MAX).nullable(),
  occurredAt: Instant.nullable(),
  /** Google's name of an analysis: who wants to know which image it is about asks there. */
  occurrence: z.string().max(TEXT_LENGTH_MAX).optional(),
  /** Something happened to a pull request of this branch, in a repository by its name under `git:`; about no registry. */
  pull: z.object({ git: z.string().max(64), branch: z.string().max(TEXT_LENGTH_MAX) }).optional(),
  /** A person's click in a chat, about no registry: `ask` is the promotion, or what a list's button holds. */
  ballot: z
    .object({
      ask: z.string().max(TEXT_LENGTH_MAX),
      member: z.string().max(64),
      decision: z.enum(['approve', 'reject']),
      reason: z.string().max(REASON_LENGTH_MAX),
    })
    .optional(),
})
export type RegistryEvent = Readonly<z.infer<typeof RegistryEvent>>

/** An authenticated event as it is kept: which configured registry it came for, how it was proven, when. */
export const AcceptedEvent = z.object({
  /** `<source>/<sender's id>`: the same event sent twice has it twice. */
  id: z.string().min(1),
  /** The registry's name in the configuration. */
  source: z.string().min(1),
  assurance: Assurance,
  /** Nobody told us: we looked, because a webhook may have been lost, or because there is none. */
  via: z.enum(['sweep', 'poll']).optional(),
  receivedAt: Instant,
  event: RegistryEvent,
})
export type AcceptedEvent = Readonly<z.infer<typeof AcceptedEvent>>

/** Whether a sender proved itself at least as well as somebody demands. */
export function isAssured(given: Assurance, demanded: Assurance): boolean {
  return ASSURANCES.indexOf(given) <= ASSURANCES.indexOf(demanded)
}
