/** What a receiver made of a request, flat: the answer of `drayage receive`, and what recorded cases are held against. */

import type { RegistryEvent } from '../domain/event.ts'
import type { Result } from '../domain/result.ts'
import type { IgnoredReason, Received, Refusal, RefusalReason } from './receiver.ts'

export type Outcome = {
  readonly outcome: Received['outcome'] | 'refused'
  readonly reason?: RefusalReason | IgnoredReason
  /** What a `validation` must be answered with. */
  readonly reply?: string
  readonly events: readonly ShownEvent[]
}

/** As it is shown: an event names its registry as its payload does, even where that is no host. */
type ShownEvent = Omit<RegistryEvent, 'registry' | 'claimedRegistry'> & { readonly registry: string | null }

/** A refusal is an outcome among others here; its detail is for people and stays behind. */
export function outcomeOf(result: Result<Received, Refusal>): Outcome {
  if (!result.ok) return { outcome: 'refused', reason: result.error.reason, events: [] }
  const received = result.value
  switch (received.outcome) {
    case 'events':
      return { outcome: 'events', events: received.events.map(withClaim) }
    case 'ping':
      return { outcome: 'ping', events: [] }
    case 'validation':
      return { outcome: 'validation', reply: received.reply, events: [] }
    case 'ignored':
      return { outcome: 'ignored', reason: received.reason, events: [] }
  }
}

function withClaim({ claimedRegistry, ...event }: RegistryEvent): ShownEvent {
  return { ...event, registry: event.registry ?? claimedRegistry ?? null }
}
