/** What payloads claim besides the image's name. Nothing is decided by it, so a malformed claim is null and costs no event. */

import * as z from 'zod'
import { Instant, type RegistryEvent } from '../domain/event.ts'
import { Digest, Registry } from '../domain/image.ts'
import type { ReceiverRequest } from './receiver.ts'

const SENDER_ID_LENGTH_MAX = 256
const TEXT_LENGTH_MAX = 256
const TIME_LENGTH_MAX = 64
const MINUTE_MS = 60_000
const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})$/u

/** Also for digests as some documentation prints them, with 60 digits. The registry is asked anyway. */
export const ClaimedDigest = Digest.nullable().catch(null)
export const ClaimedHost = Registry.nullable().catch(null)
export const ClaimedText = z.string().min(1).max(TEXT_LENGTH_MAX).nullable().catch(null)
export const ClaimedId = z.string().min(1).max(SENDER_ID_LENGTH_MAX).nullable().catch(null)

/** `2026-03-09T14:44:26.402973972-08:00`, to the millisecond; Java writes the zone without a colon. */
export const ClaimedTime = z
  .string()
  .max(TIME_LENGTH_MAX)
  .regex(RFC_3339)
  .transform((text) => Date.parse(text.replace(/(?<=[+-]\d{2})(?=\d{2}$)/u, ':')))
  .pipe(Instant)
  .nullable()
  .catch(null)

/** Seconds since 1970, also as `1.417566161e+09`. */
export const ClaimedSeconds = z
  .number()
  .min(0)
  // Plus zero: a payload may say -0, which does not come back from a store.
  .transform((seconds) => Math.floor(seconds * 1000) + 0)
  .pipe(Instant)
  .nullable()
  .catch(null)

const DELIVERY_ID = /^[!-~]{1,128}$/u

/**
 * The sender's name for its delivery, the same when it delivers again. Headers are not signed: with a made-up one a captured
 * body is looked at once more, and nothing else.
 */
export function claimedDelivery(request: ReceiverRequest, header: string): string | null {
  const [id = '', ...others] = request.headers.get(header) ?? []
  return others.length === 0 && DELIVERY_ID.test(id) ? id : null
}

/** The names of several events that came under one: the same when it comes again. */
export function partId(id: string, index: number): string {
  return index === 0 ? id : `${id}/${index}`
}

/**
 * The event's name where its sender gives none: what it says and when. Without a time it is the minute of arrival, so that
 * a repeated delivery is known for one, and A → B → A is not.
 */
export function derivedId(event: Omit<RegistryEvent, 'id'>, now: number): string {
  const at = event.occurredAt ?? `minute-${Math.floor(now / MINUTE_MS)}`
  return `${event.kind}/${event.repository ?? ''}:${event.tag ?? ''}@${event.digest ?? ''}/${at}`
}
