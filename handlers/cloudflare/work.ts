/** Work that is not a request: rows of the inbox, and what the schedule finds that nobody was woken for. */

import { handleRow } from '../../src/settle.ts'
import type { Ports } from '../../src/pipeline.ts'
import { wakeInbox } from './inbox.ts'
import { createPorts } from './ports.ts'
import { remoteObjects, type Tools } from './tools.ts'

/** One event may ask a registry four times, and an invocation may keep six connections open. */
const EVENTS_AT_ONCE_MAX = 8
/** An invocation may make 1,000 queries of D1 and 10,000 subrequests in all; the next message goes on. */
const EVENTS_PER_INVOCATION_MAX = 64
/** Two calls of a registry at their longest. Who takes longer is overtaken by another, which changes nothing. */
const EVENT_LEASE_MS = 60_000
/** What an alarm or a message should have done by now. */
const FORGOTTEN_MS = 10_000
const DOCUMENTS_PER_SWEEP_MAX = 500
/** D1 holds 10 GB: rows of events are kept for days, not for ever. */
const EVENTS_KEPT_MS = 3 * 24 * 60 * 60_000

/** Everything that waits in the inbox and is due. */
export async function drainInbox(tools: Tools): Promise<void> {
  const ports = createPorts(tools)
  for (let handled = 0; handled < EVENTS_PER_INVOCATION_MAX; handled += EVENTS_AT_ONCE_MAX) {
    const rows = await ports.inbox.claim(EVENTS_AT_ONCE_MAX, EVENT_LEASE_MS, ports.now())
    await Promise.all(rows.map((row) => handleRow(row, ports)))
    if (rows.length < EVENTS_AT_ONCE_MAX) return
  }
  await wakeInbox(tools.env.INBOX, tools)
}

/** Every minute: what was forgotten is woken, what is old is removed. Each part goes on where another fails. */
export async function sweep(tools: Tools): Promise<void> {
  const parts: Readonly<Record<string, (ports: Ports | Tools) => Promise<void>>> = {
    documents: () => wakeForgotten(tools),
    inbox: () => wakeWaiting(tools),
    events: async () => void (await tools.state.inbox.prune(tools.now() - EVENTS_KEPT_MS)),
  }
  for (const [part, run] of Object.entries(parts)) {
    await run(tools).catch((error: unknown) =>
      tools.log.error('sweep failed', { part, detail: error instanceof Error ? error.message : 'unknown failure' }),
    )
  }
}

async function wakeForgotten({ state, env, now, log }: Tools): Promise<void> {
  const objectOf = remoteObjects(env)
  const due = await state.documents.due(now() - FORGOTTEN_MS, DOCUMENTS_PER_SWEEP_MAX)
  for (const id of due) {
    log.warn('document was forgotten', { document: id })
    await objectOf(id).wake(id)
  }
}

async function wakeWaiting({ state, env, now, log }: Tools): Promise<void> {
  const due = await state.inbox.nextDue()
  if (due === null || due > now() - FORGOTTEN_MS) return
  log.warn('events were forgotten', { since: due })
  await wakeInbox(env.INBOX, { log })
}
