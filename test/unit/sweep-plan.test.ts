import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planTurns, readMemory, type SweepMemory } from '../../src/sweep-plan.ts'
import { NOW } from '../helpers/build.ts'

const MINUTE = 60_000
const sweep = { everyMs: 15 * MINUTE, via: 'sweep' } as const
const nothing = readMemory(undefined)
const repositories = (count: number): string[] => Array.from({ length: count }, (_, index) => `ghcr.io/acme/${index}`)

/** Minute by minute; what was looked at, and when. */
function play(followed: readonly string[], minutes: number, rhythm: Parameters<typeof planTurns>[2] = sweep) {
  const turns: { minute: number; repository: string; lists: boolean }[] = []
  let memory: SweepMemory = nothing
  for (let minute = 0; minute < minutes; minute += 1) {
    const plan = planTurns(memory, followed, rhythm, NOW + minute * MINUTE)
    turns.push(...plan.turns.map((turn) => ({ minute, ...turn })))
    memory = readMemory(JSON.stringify(plan.memory))
  }
  return turns
}

describe('the plan of a sweep', () => {
  it('looks at one repository at once, and then by its rhythm', () => {
    expect(play(['a'], 46).map(({ minute }) => minute)).toEqual([0, 15, 30, 45])
  })

  it('spreads many over the whole rhythm', () => {
    const perMinute = Map.groupBy(play(repositories(150), 15), ({ minute }) => minute)
    expect(perMinute.size).toBe(15)
    expect(Math.max(...[...perMinute.values()].map(({ length }) => length))).toBeLessThanOrEqual(11)
  })

  it('lists tags at most once an hour, and of a polled registry every time', () => {
    const lists = (rhythm: typeof sweep | { everyMs: number; via: 'poll' }): number[] =>
      play(['a'], 121, rhythm).flatMap(({ minute, lists: isList }) => (isList ? [minute] : []))
    expect(lists(sweep)).toEqual([0, 60, 120])
    expect(lists({ everyMs: 30 * MINUTE, via: 'poll' })).toEqual([0, 30, 60, 90, 120])
  })

  it('takes sixty in one turn, the longest unseen first, and the others in the next', () => {
    const followed = repositories(100)
    const seen = followed.map((name, index) => [name, { lookedAt: NOW - index, listedAt: NOW }] as const)
    const memory = { restUntil: 0, repositories: Object.fromEntries(seen) }
    const first = planTurns(memory, followed, sweep, NOW + 60 * MINUTE)
    expect(first.turns.map(({ repository }) => repository)).toEqual(followed.toReversed().slice(0, 60))
    const second = planTurns(first.memory, followed, sweep, NOW + 61 * MINUTE)
    expect(second.turns.map(({ repository }) => repository)).toEqual(followed.toReversed().slice(60))
  })

  it('rests as long as it was asked to', () => {
    const memory = { ...nothing, restUntil: NOW + MINUTE }
    expect(planTurns(memory, ['a'], sweep, NOW).turns).toEqual([])
    expect(planTurns(memory, ['a'], sweep, NOW + MINUTE).turns).toHaveLength(1)
  })

  it('forgets what nobody follows any more', () => {
    const { memory } = planTurns(nothing, ['a', 'b'], sweep, NOW)
    expect(Object.keys(planTurns(memory, ['b'], sweep, NOW).memory.repositories)).toEqual(['b'])
  })

  it.each(['', '{', '{"restUntil":"soon"}', '[]'])('begins anew where its memory reads %j', (text) => {
    expect(readMemory(text)).toEqual(nothing)
  })

  it('looks at everything within two rhythms, whatever it follows when', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 10, max: 60 }), (count, minutes) => {
        const followed = repositories(count)
        const seen = new Set(
          play(followed, 2 * minutes, { everyMs: minutes * MINUTE, via: 'sweep' }).map(({ repository }) => repository),
        )
        return seen.size === count
      }),
      { numRuns: 20 },
    )
  })
})
