/** Which subscriptions an event is about. Pure. */

import type { RegistryConfig } from './domain/config.ts'
import { isAssured, type AcceptedEvent } from './domain/event.ts'
import type { ImageName } from './domain/image.ts'
import type { Subscription } from './domain/subscription.ts'

export type Match =
  | {
      readonly matched: true
      readonly name: ImageName
      readonly subscriptions: readonly [Subscription, ...Subscription[]]
    }
  | { readonly matched: false; readonly reason: string; readonly detail: string }

/**
 * The registry's host is what the configuration says of the receiver. Where a receiver speaks for many hosts, the
 * payload's claim is taken, but only as far as a subscription follows it.
 */
export function match(
  accepted: AcceptedEvent,
  source: RegistryConfig | undefined,
  subscriptions: readonly Subscription[],
): Match {
  const { event } = accepted
  if (source === undefined) {
    return { matched: false, reason: 'source-removed', detail: `no registry ${accepted.source} is configured any more` }
  }
  if (event.repository === null) {
    return { matched: false, reason: 'no-image', detail: `${event.occurrence ?? 'the event'} names no image` }
  }
  const registry = source.host ?? event.registry
  if (registry === null)
    return { matched: false, reason: 'no-host', detail: 'neither the configuration nor the event names a host' }
  const isMeant = (image: ImageName): boolean => image.registry === registry && image.repository === event.repository
  const [first, ...rest] = subscriptions.filter(({ images }) => images.some(isMeant))
  const name = first?.images.find(isMeant)
  if (first !== undefined && name !== undefined) return { matched: true, name, subscriptions: [first, ...rest] }
  return { matched: false, reason: 'no-subscription', detail: `nobody follows ${registry}/${event.repository}` }
}

/** Why a subscription does not take this sender's word, although the event is about its image. */
export type Disbelief = {
  readonly reason: 'assurance-too-low' | 'pusher-not-proven' | 'pusher-not-allowed'
  readonly detail: string
}

/**
 * Null: it is believed, so far as to look. Where nobody told us and we looked ourselves, there is no sender to be proven; but
 * nobody knows either who pushed.
 */
export function whyNotBelieved(accepted: AcceptedEvent, subscription: Subscription): Disbelief | null {
  return whyNotAssured(accepted, subscription) ?? whyNotPushedBy(accepted, subscription)
}

function whyNotAssured({ assurance, via }: AcceptedEvent, { assurance: demanded }: Subscription): Disbelief | null {
  if (demanded === undefined || via !== undefined || isAssured(assurance, demanded)) return null
  const detail = `the sender's assurance is ${assurance}, and this subscription demands ${demanded} at least`
  return { reason: 'assurance-too-low', detail }
}

function whyNotPushedBy({ assurance, via, event }: AcceptedEvent, { pushers }: Subscription): Disbelief | null {
  if (pushers === undefined || event.kind !== 'push') return null
  const { pusher } = event
  if (pusher !== null && isAssured(assurance, 'authenticated-sender')) {
    if (pushers.includes(pusher)) return null
    return { reason: 'pusher-not-allowed', detail: `pushed by ${pusher}, who is not among its pushers` }
  }
  const why =
    via !== undefined
      ? 'found by our own look, which does not say who pushed'
      : pusher === null
        ? 'the event does not say who pushed'
        : `the event says ${pusher}, but its assurance is ${assurance}: authenticated-sender is the least that counts here`
  return { reason: 'pusher-not-proven', detail: why }
}
