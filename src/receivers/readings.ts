/** The events of one body: each read on its own, so that one bad neighbour never costs the others. */

import type { RegistryEvent } from '../domain/event.ts'
import type { Result } from '../domain/result.ts'
import type { Received, Skipped } from './receiver.ts'

/** One event, or why it is none of ours. */
export type Reading = Result<RegistryEvent, Omit<Skipped, 'index'>>

/** In the body's order. Where nothing is left, the first one says why. */
export function receivedOf(readings: readonly Reading[]): Received {
  const events: RegistryEvent[] = []
  const skipped: Skipped[] = []
  for (const [index, reading] of readings.entries()) {
    if (reading.ok) events.push(reading.value)
    else skipped.push({ index, ...reading.error })
  }
  if (events.length > 0) return { outcome: 'events', events, skipped }
  return { outcome: 'ignored', reason: skipped[0]?.reason ?? 'no-events', skipped }
}
