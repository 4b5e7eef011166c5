/** How badly a schedule goes: drawn once from its seed, so that some are calm and some are wild. */

import type { Random } from './random.ts'

export type Chaos = {
  /** Of a process, at each of its calls. */
  readonly crash: number
  /** The call had its effect; nobody hears so. */
  readonly lostAnswer: number
  readonly slow: number
  /** Minutes, so that leases run out under what still runs. */
  readonly stall: number
  /** A write that left, and lands when nobody expects it any more. */
  readonly flight: number
  /** A wake-up that never comes. */
  readonly lostWake: number
  /** Of a health outcome. */
  readonly unwell: number
  readonly processes: number
  readonly pushes: number
  readonly duplicates: number
  /** Of a push, that no event tells of it; and that it brings back what was there before: A → B → A. */
  readonly lostEvents: number
  readonly returns: number
  /** How often people meddle at the worst moment: while something is unwell, or about to be proposed. */
  readonly meddling: number
  /** How many things people do, and how often the configuration changes. */
  readonly acts: number
  readonly changes: number
  readonly outages: number
  /** Within which all of it comes. */
  readonly spanMs: number
}

export function drawChaos(random: Random): Chaos {
  const some = (probability: number, most: number): number => (random.chance(probability) ? random.next() * most : 0)
  return {
    crash: some(0.6, 0.03),
    lostAnswer: some(0.5, 0.1),
    slow: some(0.7, 0.2),
    stall: some(0.5, 0.03),
    flight: some(0.4, 0.2),
    lostWake: some(0.3, 0.5),
    unwell: some(0.5, 0.5),
    processes: random.chance(0.6) ? 2 : 1,
    pushes: random.between(1, 6),
    duplicates: some(0.6, 0.6),
    lostEvents: 0,
    returns: 0,
    meddling: some(0.3, 0.4),
    acts: random.chance(0.6) ? random.between(1, 5) : 0,
    changes: random.chance(0.3) ? random.between(1, 4) : 0,
    outages: random.chance(0.3) ? random.between(1, 3) : 0,
    spanMs: random.pick([10_000, 60_000, 600_000, 1_800_000]),
  }
}

/** Schedules of their own, so that the others stay what they are. What lands late is proven there, and not once more. */
export function withLosses(chaos: Chaos, random: Random): Chaos {
  return { ...chaos, flight: 0, lostEvents: 0.2 + random.next() * 0.8, returns: random.chance(0.5) ? 0.3 : 0 }
}
