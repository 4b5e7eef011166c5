/** Chance that repeats itself: everything that a schedule draws comes from its seed, in order. */

export type Random = {
  /** 0 ≤ x < 1. */
  next(): number
  chance(probability: number): boolean
  /** Whole, from `low` up to and without `high`. */
  between(low: number, high: number): number
  pick<T>(list: readonly [T, ...T[]]): T
}

/** mulberry32 (public domain, Tommy Ettinger): small, quick, and good enough to choose schedules. */
export function createRandom(seed: number): Random {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const between = (low: number, high: number): number => low + Math.floor(next() * (high - low))
  return {
    next,
    chance: (probability) => next() < probability,
    between,
    pick: (list) => list[between(0, list.length)] ?? list[0],
  }
}
