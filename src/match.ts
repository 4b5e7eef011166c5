/** Which subscriptions an event is about. Pure. */

import type { RegistryConfig } from './domain/config.ts'
import type { AcceptedEvent } from './domain/event.ts'
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
  const [first, ...rest] = subscriptions.filter(
    ({ image }) => image.registry === registry && image.repository === event.repository,
  )
  if (first !== undefined) {
    return { matched: true, name: { registry, repository: first.image.repository }, subscriptions: [first, ...rest] }
  }
  return { matched: false, reason: 'no-subscription', detail: `nobody follows ${registry}/${event.repository}` }
}
