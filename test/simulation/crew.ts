/** Many schedules on all cores: each thread asks for the next few seeds until there are none. */

import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Kind } from './simulate.ts'
import { NOTHING, sum, type Tally } from './tally.ts'

const SEEDS_AT_ONCE = 20

export type Errand = {
  readonly from: number
  readonly to: number
  /** Absent: what each seed is about. */
  readonly kind?: Kind
  /** The name of a planted one. */
  readonly fault?: string
  /** Nobody needs more than one that broke. */
  readonly stopsAtFirst?: boolean
}

export type CrewOptions = { readonly threads?: number; readonly onProgress?: (tally: Tally) => void }

export async function simulateMany(
  errand: Errand,
  { threads = availableParallelism(), onProgress }: CrewOptions = {},
): Promise<Tally> {
  let next = errand.from
  let total = NOTHING
  const nextErrand = (): Errand | null => {
    const isOver = next > errand.to || (errand.stopsAtFirst === true && total.broken.length > 0)
    if (isOver) return null
    const from = next
    next = Math.min(errand.to, from + SEEDS_AT_ONCE - 1) + 1
    return { ...errand, from, to: next - 1 }
  }
  const run = async (): Promise<void> => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url))
    try {
      for (let mine = nextErrand(); mine !== null; mine = nextErrand()) {
        const tally = await ask(worker, mine)
        total = sum(total, tally)
        onProgress?.(total)
      }
    } finally {
      await worker.terminate()
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, threads) }, run))
  return total
}

function ask(worker: Worker, errand: Errand): Promise<Tally> {
  const { promise, resolve, reject } = Promise.withResolvers<Tally>()
  worker.once('message', resolve)
  worker.once('error', reject)
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
  worker.postMessage(errand)
  return promise.finally(() => worker.off('message', resolve).off('error', reject))
}
