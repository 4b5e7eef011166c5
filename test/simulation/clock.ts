/** Simulated time: nothing happens but what stands in the queue, one thing at a time, ties broken by the seed. */

import type { Random } from './random.ts'

export type Clock = {
  now(): number
  at(time: number, run: () => void): void
  sleep(ms: number): Promise<void>
  /** Runs what comes next; false where nothing does. */
  step(): Promise<boolean>
}

type Item = { readonly time: number; readonly tie: number; readonly run: () => void }

export function createClock(start: number, random: Random): Clock {
  let now = start
  const heap: Item[] = []
  const at = (time: number, run: () => void): void => push(heap, { time: Math.max(time, now), tie: random.next(), run })
  return {
    now: () => now,
    at,
    sleep: (ms) => new Promise((resolve) => at(now + ms, resolve)),
    async step() {
      const item = pop(heap)
      if (item === undefined) return false
      now = Math.max(now, item.time)
      item.run()
      // All that follows from it runs in microtasks, up to the next sleep. A tick comes once there are none left: it is quiet.
      await new Promise<void>((resolve) => process.nextTick(resolve))
      return true
    },
  }
}

function isBefore(a: Item, b: Item): boolean {
  return a.time < b.time || (a.time === b.time && a.tie < b.tie)
}

function push(heap: Item[], item: Item): void {
  let index = heap.length
  heap.push(item)
  while (index > 0) {
    const above = (index - 1) >> 1
    const parent = heap[above]
    if (parent === undefined || !isBefore(item, parent)) break
    heap[index] = parent
    heap[above] = item
    index = above
  }
}

function pop(heap: Item[]): Item | undefined {
  const first = heap[0]
  const last = heap.pop()
  if (first === undefined || last === undefined || heap.length === 0) return first
  let index = 0
  for (;;) {
    const left = heap[2 * index + 1]
    const right = heap[2 * index + 2]
    const isRight = left !== undefined && right !== undefined && isBefore(right, left)
    const least = isRight ? right : left
    if (least === undefined || !isBefore(least, last)) break
    heap[index] = least
    index = 2 * index + (isRight ? 2 : 1)
  }
  heap[index] = last
  return first
}
