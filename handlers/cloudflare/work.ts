/** Invocations that are no requests: messages of the queue, and the schedule. */

import { drainInbox, sweep } from '../../src/drain.ts'
import { sweepRegistries } from '../../src/sweep.ts'
import { wakeInbox } from '../../src/state/d1/wake-ups.ts'
import { createPorts } from './ports.ts'
import { remoteObjects, type Tools } from './tools.ts'

export async function onMessages(tools: Tools): Promise<void> {
  const isMoreLeft = await drainInbox(createPorts(tools))
  if (isMoreLeft) await wakeInbox(tools.env.INBOX, tools)
  await tools.traces?.flush()
}

export async function onSchedule(tools: Tools): Promise<void> {
  const { state, env, log, now } = tools
  const objectOf = remoteObjects(env)
  await sweep({
    state,
    wakeDocument: (id) => objectOf(id).wake(id),
    wakeInbox: () => wakeInbox(env.INBOX, { log }),
    log,
    now,
  })
  await sweepRegistries(createPorts(tools))
}
