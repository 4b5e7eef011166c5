/** Whose turn it is: which repositories of a registry are looked at now, spread out, the longest unseen first. Pure. */

import * as z from 'zod'
import { Instant } from './domain/event.ts'
import { Tag } from './domain/image.ts'
import { Json } from './domain/json.ts'

/** In one turn of one registry. What has no place comes first in the next one. */
const REPOSITORIES_PER_TURN_MAX = 60
/** Lists of tags are long: a registry that tells of its pushes is asked for them no more often than this. */
const LIST_MS_MIN = 60 * 60_000

const Seen = z.object({
  lookedAt: Instant,
  listedAt: Instant,
  /** Where the tags have no order: all that the list held. Absent: not read yet, or too many to remember. */
  tags: z.array(Tag).optional(),
})
export type Seen = z.infer<typeof Seen>

/** What is remembered of one registry, on every store: any process may make the next turn. */
export const SweepMemory = z.object({
  /** It asked for rest, or its rate limit is nearly used up. */
  restUntil: Instant,
  repositories: z.record(z.string(), Seen),
})
export type SweepMemory = z.infer<typeof SweepMemory>

const NOTHING: SweepMemory = { restUntil: 0, repositories: {} }

/** One that cannot be read is forgotten: all that it holds is when somebody looked. */
export function readMemory(text: string | undefined): SweepMemory {
  return Json.pipe(SweepMemory).safeParse(text ?? '').data ?? NOTHING
}

export type Rhythm = { readonly everyMs: number; readonly via: 'sweep' | 'poll' }
export type Turn = { readonly repository: string; readonly lists: boolean }

/** The turns that are due, and the memory in which they are taken. */
export function planTurns(
  memory: SweepMemory,
  followed: readonly string[],
  { everyMs, via }: Rhythm,
  now: number,
): { readonly turns: readonly Turn[]; readonly memory: SweepMemory } {
  const listMs = via === 'poll' ? everyMs : Math.max(everyMs, LIST_MS_MIN)
  const known = followed.map((repository, index) => {
    return [
      repository,
      memory.repositories[repository] ?? firstSeen(index / followed.length, everyMs, listMs, now),
    ] as const
  })
  const isResting = now < memory.restUntil
  const due = known
    .filter(([, { lookedAt }]) => !isResting && now - lookedAt >= everyMs)
    .toSorted(([, a], [, b]) => a.lookedAt - b.lookedAt)
    .slice(0, REPOSITORIES_PER_TURN_MAX)
  const turns = due.map(([repository, { listedAt }]) => ({ repository, lists: now - listedAt >= listMs }))
  const repositories = Object.fromEntries(known)
  for (const { repository, lists } of turns) {
    const seen = repositories[repository]
    if (seen !== undefined) repositories[repository] = { ...seen, lookedAt: now, listedAt: lists ? now : seen.listedAt }
  }
  return { turns, memory: { ...memory, repositories } }
}

/** The first looks of many are spread over the whole rhythm; the first of them, and the only one, comes at once. */
function firstSeen(share: number, everyMs: number, listMs: number, now: number): Seen {
  const lookedAt = Math.max(0, Math.round(now - everyMs + share * everyMs))
  return { lookedAt, listedAt: Math.max(0, Math.min(lookedAt, now - listMs)) }
}
