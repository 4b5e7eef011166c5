/** Invocations that are no requests: messages of the queue, and the schedule. */

import type { DocumentId } from '../../src/domain/document.ts'
import { drainInbox, sweep, wakeOutdated } from '../../src/drain.ts'
import { sweepRegistries } from '../../src/sweep.ts'
import { wakeInbox } from '../../src/state/d1/wake-ups.ts'
import { createPorts } from './ports.ts'
import { look, openTools } from './following.ts'
import type { Env, MessageBatch } from './platform.ts'
import { remoteObjects } from './tools.ts'

export async function onMessages(env: Env, { messages }: MessageBatch): Promise<void> {
  // First what may change the rules for the rest.
  if (messages.some(({ body }) => isNews(body))) await look(env)
  const tools = await openTools(env)
  try {
    const isMoreLeft = await drainInbox(createPorts(tools))
    if (isMoreLeft) await wakeInbox(tools.env.INBOX, tools)
  } finally {
    await tools.traces?.flush()
  }
}

export async function onSchedule(env: Env): Promise<void> {
  await look(env)
  const tools = await openTools(env)
  const { state, loaded, log, now } = tools
  const objectOf = remoteObjects(env)
  const wakeDocument = (id: DocumentId): Promise<void> => objectOf(id).wake(id)
  await sweep({ state, wakeDocument, wakeInbox: () => wakeInbox(env.INBOX, { log }), log, now })
  await wakeOutdated({ state, hash: loaded.hash, wakeDocument, log })
  await sweepRegistries(createPorts(tools))
  await tools.traces?.flush()
}

/** The repository that holds the configuration may have changed. */
function isNews(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'wake' in body && body.wake === 'configuration'
}
