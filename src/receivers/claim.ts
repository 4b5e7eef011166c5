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

/**
 * One step for each: a schema that catches, defaults and refines takes as many as all the rest of an event, and a sender may
 * put a thousand of these into one body.
 */
function claimed<T>(read: (value: unknown) => T | null) {
  return z.unknown().default(null).transform(read)
}

/** What an object says under one name; null where it says nothing there, or is none. */
export function claimedIn<T>(member: string, read: (value: unknown) => T | null) {
  return claimed((value) => {
    const isObject = typeof value === 'object' && value !== null && Object.hasOwn(value, member)
    return isObject ? read((value as Readonly<Record<string, unknown>>)[member]) : null
  })
}

/** A text, or null where it is none, empty or too long. */
export function claimedText(lengthMax: number) {
  return claimed((value) => textIn(value, lengthMax))
}

export function textIn(value: unknown, lengthMax = TEXT_LENGTH_MAX): string | null {
  return isText(value) && value !== '' && value.length <= lengthMax ? value : null
}

export function hostIn(value: unknown): Registry | null {
  return isText(value) ? (Registry.safeParse(value).data ?? null) : null
}

/** Also for digests as some documentation prints them, with 60 digits. The registry is asked anyway. */
export const ClaimedDigest = claimed((value) => (isText(value) ? (Digest.safeParse(value).data ?? null) : null))
export const ClaimedHost = claimed(hostIn)
export const ClaimedText = claimedText(TEXT_LENGTH_MAX)
export const ClaimedId = claimedText(SENDER_ID_LENGTH_MAX)

/** `2026-03-09T14:44:26.402973972-08:00`, to the millisecond; Java writes the zone without a colon. */
export const ClaimedTime = claimed((value) => {
  const isTime = isText(value) && value.length <= TIME_LENGTH_MAX && RFC_3339.test(value)
  return isTime ? instantOf(Date.parse(withColon(value))) : null
})

/** Seconds since 1970, also as `1.417566161e+09`. */
export const ClaimedSeconds = claimed((value) =>
  // Plus zero: a payload may say -0, which does not come back from a store.
  typeof value === 'number' ? instantOf(Math.floor(value * 1000) + 0) : null,
)

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function instantOf(milliseconds: number): Instant | null {
  return Instant.safeParse(milliseconds).data ?? null
}

/** `+0100` → `+01:00`. */
function withColon(text: string): string {
  const sign = text.at(-5)
  return sign === '+' || sign === '-' ? `${text.slice(0, -2)}:${text.slice(-2)}` : text
}

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
