/** A thread of the crew: simulates the seeds that it is given, and says what they came to. */

import { parentPort } from 'node:worker_threads'
import type { Errand } from './crew.ts'
import { faultNamed } from './faults.ts'
import { simulate } from './simulate.ts'
import { NOTHING, sum, tallyOf } from './tally.ts'

parentPort?.on('message', ({ from, to, kind, fault, stopsAtFirst }: Errand) => {
  void (async () => {
    const options = {
      ...(kind === undefined ? {} : { kind }),
      ...(fault === undefined ? {} : { fault: faultNamed(fault) }),
    }
    let tally = NOTHING
    for (let seed = from; seed <= to; seed += 1) {
      tally = sum(tally, tallyOf(await simulate(seed, options)))
      if (stopsAtFirst && tally.broken.length > 0) break
    }
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
    parentPort?.postMessage(tally)
  })()
})
