/** Webhooks that never come, and our own looks that find what they were about. */

import type { Entry } from '../../src/domain/history.ts'
import { sweepRegistries } from '../../src/sweep.ts'
import type { Scene } from './people.ts'

/** The list of tags is read once an hour: so long it may take until a lost push is found. */
export const FOUND_WITHIN_MS = 80 * 60_000
const TICK_MS = 60_000
/** A webhook that comes while "lost" is being written down comes too late for it. */
const WRITTEN_WITHIN_MS = 60_000

/** As each process does: sometimes both at once, sometimes none. */
export function scheduleSweeps({ clock, random, chaos, machines }: Scene): void {
  if (chaos.lostEvents === 0) return
  const tick = (): void => {
    for (const machine of machines) if (random.chance(0.7)) machine.run(sweepRegistries)
    clock.at(clock.now() + random.between(TICK_MS / 2, 2 * TICK_MS), tick)
  }
  clock.at(clock.now() + TICK_MS, tick)
}

/** A webhook that came is not called lost: not one that was handled, and not one that waits. */
export function checkLosses({ told, chronicle }: Scene, history: readonly Entry[]): void {
  for (const { kind, reason, image, at } of history) {
    if (kind !== 'noticed' || reason !== 'webhook-lost') continue
    const toldAt = told.get(image?.slice(image.indexOf('@') + 1) ?? '')
    chronicle.check(
      toldAt === undefined || toldAt >= at - WRITTEN_WITHIN_MS,
      () => `called lost, and told ${at - (toldAt ?? 0)} ms before: ${image}`,
    )
    chronicle.fault('lost webhook found')
  }
}
