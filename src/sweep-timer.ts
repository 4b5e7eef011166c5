/** The sweep's own timer, for platforms that do not wake us every minute. */

import type { Config } from './domain/config.ts'
import { sweepRegistries, sweepsEveryMs } from './sweep.ts'
import type { SweepPorts } from './sweep-look.ts'

const TICK_MS_MIN = 1_000
const TICK_MS_MAX = 60_000
/** Turns are late by a tenth of their rhythm at most. */
const TICKS_PER_TURN = 10

export type SweepTimer = {
  /** Begins no other turn, and waits for the one that is under way. */
  stop(): Promise<void>
}

/** `onFound`: something is in the inbox that no webhook brought. */
export function startSweeping(ports: SweepPorts, onFound: () => void): SweepTimer {
  let isStopped = false
  let timer: ReturnType<typeof setTimeout> | undefined
  let underWay: Promise<void> = Promise.resolve()
  const schedule = (): void => {
    if (!isStopped) timer = setTimeout(turn, tickMs(ports.config().config))
  }
  const turn = (): void => {
    underWay = sweepRegistries(ports)
      .then((found) => (found > 0 ? onFound() : undefined))
      .finally(schedule)
  }
  schedule()
  return {
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await underWay
    },
  }
}

function tickMs(config: Config): number {
  const everyMs = sweepsEveryMs(config) ?? TICK_MS_MAX
  return Math.min(Math.max(everyMs / TICKS_PER_TURN, TICK_MS_MIN), TICK_MS_MAX)
}
