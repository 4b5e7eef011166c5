/** Lambda: wake-ups from the queue, ten at once. What fails is named, so that it alone comes again. */

import { Json } from '../../src/domain/json.ts'
import { WakeUp } from '../../src/domain/wake-up.ts'
import { invoke } from '../../src/invocation.ts'
import type { Context, SqsBatch, SqsFailures } from './platform.ts'
import type { FunctionWorld } from './world.ts'
import { createWorlds } from './worlds.ts'

const worlds = createWorlds(process.env)

/** Traces go although the work fails: it comes again, and so do they. */
async function untilFlushed<T>({ flush }: FunctionWorld, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } finally {
    await flush()
  }
}

export async function handler({ Records }: SqsBatch, context: Context): Promise<SqsFailures> {
  const read = Records.map(({ messageId, body }) => ({ messageId, wakeUp: Json.pipe(WakeUp).safeParse(body) }))
  const good = read.flatMap(({ messageId, wakeUp }) => (wakeUp.success ? [{ messageId, wakeUp: wakeUp.data }] : []))
  // First what may change the rules for the rest.
  if (good.some(({ wakeUp }) => 'configuration' in wakeUp)) await worlds.look()
  const world = await worlds.current()
  const work = { ...world, remainingMs: () => context.getRemainingTimeInMillis() }
  const wakeUps = good.map(({ wakeUp }) => wakeUp)
  const done = await untilFlushed(world, () => invoke(wakeUps, work))
  const succeeded = new Set(good.filter((_, index) => done[index] === true).map(({ messageId }) => messageId))
  // What nobody can read ends with the dead letters, where somebody is told.
  const failed = read.filter(({ messageId }) => !succeeded.has(messageId))
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) }
}
