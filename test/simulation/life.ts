/** One incarnation of a process, and its line to the rest of the world: calls take time, answers get lost, and it dies. */

import type { Chaos } from './chaos.ts'
import type { Clock } from './clock.ts'
import type { Random } from './random.ts'
import type { Chronicle } from './chronicle.ts'

export type Life = {
  readonly name: string
  isAlive(): boolean
  end(): void
  /** Something leaves the process. A dead one sends nothing: the promise never settles. */
  send(): Promise<void>
  /** The answer arrives; thrown: it got lost, although what was asked for was done. */
  receive(): Promise<void>
  /** Between leaving and arriving: a request that is under way outlives who sent it. */
  travel(): Promise<void>
}

export type LifeOptions = {
  readonly name: string
  readonly clock: Clock
  readonly random: Random
  readonly chaos: Chaos
  readonly chronicle: Chronicle
  /** False once people have repaired everything. */
  readonly isWild: () => boolean
  readonly onCrash: () => void
}

export function createLife({ name, clock, random, chaos, chronicle, isWild, onCrash }: LifeOptions): Life {
  let alive = true
  const never = (): Promise<never> => new Promise(() => {})
  const latencyMs = (): number => {
    if (!isWild()) return 0
    if (random.chance(chaos.stall)) {
      chronicle.fault('stall')
      return random.between(60_000, 900_000)
    }
    if (random.chance(chaos.slow)) return random.between(50, 5_000)
    return random.chance(0.4) ? random.between(1, 50) : 0
  }
  const wait = async (): Promise<void> => {
    const ms = latencyMs()
    if (ms > 0) await clock.sleep(ms)
  }
  const pass = async (): Promise<void> => {
    if (alive && isWild() && random.chance(chaos.crash)) {
      alive = false
      chronicle.fault('crash')
      chronicle.say(() => `${name} dies`)
      onCrash()
    }
    if (!alive) return never()
    await wait()
    if (!alive) return never()
  }
  return {
    name,
    isAlive: () => alive,
    end: () => {
      alive = false
    },
    send: pass,
    async travel() {
      if (!isWild() || !random.chance(chaos.flight)) return wait()
      chronicle.fault('late write')
      await clock.sleep(random.between(60_000, 900_000))
    },
    async receive() {
      await pass()
      if (!isWild() || !random.chance(chaos.lostAnswer)) return
      chronicle.fault('lost answer')
      throw new Error('connection reset')
    },
  }
}
