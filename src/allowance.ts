/**
 * How many events of a receiver are taken: a bucket of tokens for each, so that whoever learned its secret (it stands in URLs,
 * it leaks) can't make us ask its registry without end. Whoever has not proven itself takes none, so it empties nobody's.
 */

import type { Config } from './domain/config.ts'
import type { Log } from './domain/log.ts'

/** Of a registry whose configuration names no other number. */
const EVENTS_PER_MINUTE = 600
const MINUTE_MS = 60_000

/** Takes as many tokens as there are events; else the milliseconds after which it is worth to try again. */
export type Allowance = (source: string, events: number) => Promise<number>

/** As the configuration in force says. */
export function perMinuteBy(registries: Config['registries']): (source: string) => number {
  return (source) => registries[source]?.eventsPerMinute ?? EVENTS_PER_MINUTE
}

/**
 * For platforms that run many of us: `own` bounds each, `shared` all of them together. Where the shared one does not answer,
 * events are taken all the same: it is there to protect registries, and they are told of what is new.
 */
export function createSharedAllowance(own: Allowance, shared: Allowance, log: Pick<Log, 'warn'>): Allowance {
  return async (source, events) => {
    const waitMs = await own(source, events)
    if (waitMs > 0 || events === 0) return waitMs
    try {
      return await shared(source, events)
    } catch (error) {
      log.warn('allowance unknown', { source, detail: error instanceof Error ? error.message : 'unknown failure' })
      return 0
    }
  }
}

type Bucket = { tokens: number; at: number }

export type BucketOptions = {
  readonly perMinuteOf: (source: string) => number
  readonly now: () => number
}

/**
 * Full at the start: a minute's worth may come at once. A body of many events is taken while one token is left, and the
 * rest of it is owed, at most another minute's worth: no body is too large to ever be taken.
 */
export function createBuckets({ perMinuteOf, now }: BucketOptions): Allowance {
  const buckets = new Map<string, Bucket>()
  return async (source, events) => {
    if (events === 0) return 0
    const perMinute = perMinuteOf(source)
    const at = now()
    const before = buckets.get(source) ?? { tokens: perMinute, at }
    const gained = (Math.max(0, at - before.at) * perMinute) / MINUTE_MS
    const tokens = Math.min(perMinute, before.tokens + gained)
    if (tokens < 1) {
      buckets.set(source, { tokens, at })
      return Math.ceil(((1 - tokens) * MINUTE_MS) / perMinute)
    }
    buckets.set(source, { tokens: Math.max(tokens - events, -perMinute), at })
    return 0
  }
}
