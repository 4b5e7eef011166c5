/**
 * Missed events: asks registries now and then what their tags point at. What no event told of goes the way of every event, from the
 * inbox on; whether its webhook was lost is said there, once it had time to come. A registry without webhooks is polled so.
 */

import type { Config, RegistryConfig } from './domain/config.ts'
import { formatImage, type ImageName } from './domain/image.ts'
import { RetryLater } from './domain/retry.ts'
import type { Subscription } from './domain/subscription.ts'
import { planTurns, readMemory, type Rhythm, type SweepMemory, type Turn } from './sweep-plan.ts'
import { lookAt, type Followed, type Source, type SweepPorts } from './sweep-look.ts'

/** How often we look, where the configuration does not say. */
const SWEEP_MS = 15 * 60_000
/** Of a rate limit, this share is left to events. */
const QUOTA_RESERVE = 0.1

/** Looks at what is due of every registry; any number of processes may. Gives the number of pushes found; never throws: the next turn goes on. */
export async function sweepRegistries(ports: SweepPorts): Promise<number> {
  let found = 0
  for (const source of sourcesOf(ports.config().config)) {
    try {
      found += await sweepOne(source, ports)
    } catch (error) {
      const detail = error instanceof Error ? error.message : 'unknown failure'
      ports.log.error('sweep failed', { source: source.name, detail })
    }
  }
  return found
}

/** How often somebody should look whether a turn is due. */
export function sweepsEveryMs(config: Config): number | null {
  const all = sourcesOf(config).map(({ rhythm }) => rhythm.everyMs)
  return all.length === 0 ? null : Math.min(...all)
}

function sourcesOf({ registries, subscriptions }: Config): readonly Source[] {
  const entries = Object.entries(registries).filter(([, { events }]) => events !== undefined)
  const hosts = new Set(entries.map(([, { host }]) => host))
  const seen = new Set<string | null>()
  return entries.flatMap(([name, registry]): Source[] => {
    const rhythm = rhythmOf(registry)
    if (rhythm === null || seen.has(registry.host)) return []
    seen.add(registry.host)
    // Who speaks for many hosts is asked about those that nobody else speaks for.
    const isMine = (image: ImageName): boolean =>
      registry.host === null ? !hosts.has(image.registry) : image.registry === registry.host
    return [{ name, rhythm, followed: byRepository(subscriptions, isMine) }]
  })
}

function byRepository(
  subscriptions: readonly Subscription[],
  isMine: (image: ImageName) => boolean,
): Source['followed'] {
  const followed = new Map<string, Followed>()
  for (const subscription of subscriptions) {
    for (const image of subscription.images.filter(isMine)) {
      const name = formatImage(image)
      const before = followed.get(name)
      const by: Followed['by'] = before === undefined ? [subscription] : [...before.by, subscription]
      followed.set(name, { image, by })
    }
  }
  return followed
}

function rhythmOf({ events, sweepMs = SWEEP_MS }: RegistryConfig): Rhythm | null {
  return sweepMs === null ? null : { everyMs: sweepMs, via: events?.type === 'poll' ? 'poll' : 'sweep' }
}

/** The turns are taken before they are made: of two processes, one makes them. */
async function sweepOne(source: Source, ports: SweepPorts): Promise<number> {
  const name = `sweep/${source.name}`
  const kept = await ports.keep.load(name)
  const was = readMemory(kept?.text)
  const { turns, memory } = planTurns(was, [...source.followed.keys()], source.rhythm, ports.now())
  if (JSON.stringify(memory) === JSON.stringify(was)) return 0
  const wasVersion = kept?.version ?? 0
  if ((await ports.keep.save(name, JSON.stringify(memory), wasVersion)) === 'conflict') return 0
  if (turns.length === 0) return 0
  const looked = await lookAtAll(source, { turns, memory }, ports)
  const isLearnt = JSON.stringify(looked.memory) !== JSON.stringify(memory)
  // Lost to another's turn, it is learnt again.
  if (isLearnt) await ports.keep.save(name, JSON.stringify(looked.memory), wasVersion + 1)
  return looked.found
}

type Plan = { readonly turns: readonly Turn[]; readonly memory: SweepMemory }
type Looked = { readonly found: number; readonly memory: SweepMemory }

/** One after the other: a registry feels no burst. */
async function lookAtAll(source: Source, { turns, memory }: Plan, ports: SweepPorts): Promise<Looked> {
  const repositories = { ...memory.repositories }
  let found = 0
  for (const turn of turns) {
    const followed = source.followed.get(turn.repository)
    if (followed === undefined) continue
    let restMs: number
    try {
      const look = { turn, followed, known: memory.repositories[turn.repository]?.tags }
      const { stored, tags } = await lookAt(source, look, ports)
      found += stored
      const seen = repositories[turn.repository]
      if (tags !== undefined && seen !== undefined) repositories[turn.repository] = { ...seen, tags: [...tags] }
      ports.measure({ kind: 'sweep', source: source.name, outcome: 'looked' })
      restMs = quotaRestMs(followed.image, source, ports)
    } catch (error) {
      restMs = restAfter(error, turn, source, ports)
    }
    if (restMs > 0) return { found, memory: { restUntil: ports.now() + restMs, repositories } }
  }
  return { found, memory: { ...memory, repositories } }
}

function restAfter(error: unknown, { repository }: Turn, { name, rhythm }: Source, ports: SweepPorts): number {
  ports.measure({ kind: 'sweep', source: name, outcome: 'failed' })
  const detail = error instanceof Error ? error.message : 'unknown failure'
  ports.log.warn('sweep rests', { source: name, repository, detail })
  const asked = error instanceof RetryLater ? error.retryAfterMs : undefined
  return Math.max(asked ?? rhythm.everyMs, 1)
}

/** What is left of a rate limit is for events. */
function quotaRestMs({ registry }: ImageName, { rhythm, name }: Source, ports: SweepPorts): number {
  const quota = ports.registries.quotaOf?.(registry) ?? null
  if (quota === null || quota.limit === null || quota.remaining > quota.limit * QUOTA_RESERVE) return 0
  ports.log.warn('sweep rests', { source: name, detail: `${quota.remaining} requests are left of ${quota.limit}` })
  return rhythm.everyMs
}
