/** What is to be said of a repository's tags: those of no convention, those that moved, and what is known by `latest` alone. Pure. */

import type { Digest } from '../../domain/image.ts'
import { movesByIntent, type Convention, type Tagged } from './convention.ts'
import { propose, type Proposal } from './proposal.ts'

/** That a tag pointed at this content, then. */
export type Sighting = { readonly tag: string; readonly digest: Digest; readonly at: number }

export type Moved = {
  readonly tag: string
  readonly convention: Convention
  /** `latest` is there to move; `1.4.2` is not. */
  readonly byIntent: boolean
  /** What it pointed at, in this order. */
  readonly digests: readonly [Digest, Digest, ...Digest[]]
}

export type Findings = {
  readonly tags: number
  readonly conventions: Readonly<Partial<Record<Convention, number>>>
  readonly unconventional: readonly string[]
  readonly moved: readonly Moved[]
  /** What `latest` points at has no other tag among those that were compared, or somebody runs it under that name. */
  readonly onlyLatest: {
    readonly digest: Digest | null
    readonly compared: number
    readonly stages: readonly string[]
  } | null
  readonly proposal: Proposal | null
}

export type Known = {
  readonly tagged: readonly Tagged[]
  /** In any order. */
  readonly sightings: readonly Sighting[]
  /** What tags point at now, as far as it was asked. */
  readonly now: ReadonlyMap<string, Digest>
  /** Stages where an image runs as `latest`. */
  readonly stages: readonly string[]
}

export function findingsOf(known: Known): Findings {
  const { tagged, now, stages } = known
  const groups = Map.groupBy(tagged, ({ convention }) => convention)
  const counts = [...groups].toSorted(([, a], [, b]) => b.length - a.length).map(([name, { length }]) => [name, length])
  return {
    tags: tagged.length,
    conventions: Object.fromEntries(counts) as Findings['conventions'],
    unconventional: (groups.get('none') ?? []).map(({ tag }) => tag),
    moved: movedOf(known),
    onlyLatest: onlyLatestOf(now, stages),
    proposal: propose(tagged),
  }
}

/** True where somebody should do something about it. */
export function isWorthSaying({ unconventional, moved, onlyLatest }: Findings): boolean {
  return unconventional.length > 0 || onlyLatest !== null || moved.some(({ byIntent }) => !byIntent)
}

/**
 * In the order in which each was seen first: what is decided about an image comes later than its push, so times alone would make it
 * move to and fro. What the registry says now is the last word.
 */
function movedOf({ tagged, sightings, now }: Known): readonly Moved[] {
  const byTag = Map.groupBy(
    sightings.toSorted((a, b) => a.at - b.at),
    ({ tag }) => tag,
  )
  return tagged.flatMap((one): readonly Moved[] => {
    const seen = [...new Set((byTag.get(one.tag) ?? []).map(({ digest }) => digest))]
    const last = now.get(one.tag)
    const [first, second, ...more] = last === undefined || last === seen.at(-1) ? seen : [...seen, last]
    if (first === undefined || second === undefined) return []
    const { tag, convention } = one
    return [{ tag, convention, byIntent: movesByIntent(one), digests: [first, second, ...more] }]
  })
}

function onlyLatestOf(now: ReadonlyMap<string, Digest>, stages: readonly string[]): Findings['onlyLatest'] {
  const digest = now.get('latest') ?? null
  const others = [...now].filter(([tag]) => tag !== 'latest')
  const isAlone = digest !== null && others.every(([, other]) => other !== digest)
  return isAlone || stages.length > 0 ? { digest, compared: others.length, stages } : null
}
