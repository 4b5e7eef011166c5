/**
 * The inbox with a queue that wakes its workers. The row in D1 is the event: a message only says that some row waits, so
 * one that is lost, late, doubled or out of order changes nothing. What no message woke, the schedule finds.
 */

import type { Log } from '../../domain/log.ts'
import type { Inbox } from '../inbox.ts'

/** The part of Cloudflare's `Queue` that we use. */
export type Queue = { send(message: unknown, options?: { readonly delaySeconds?: number }): Promise<unknown> }

/** The longest that a queue holds a message back; https://developers.cloudflare.com/queues/platform/limits/ */
const DELAY_SECONDS_MAX = 12 * 60 * 60

export type WakeUpOptions = { readonly log: Log; readonly now: () => number }

export function withWakeUps(inbox: Inbox, queue: Queue, { log, now }: WakeUpOptions): Inbox {
  return {
    ...inbox,
    /** Committed before the message is sent: what is acknowledged is stored, woken or not. */
    async put(events) {
      const results = await inbox.put(events)
      if (results.includes('stored')) await wakeInbox(queue, { log })
      return results
    },
    async settle(id, settlement, walk, at) {
      await inbox.settle(id, settlement, walk, at)
      if (settlement.state === 'retry') await wakeInbox(queue, { log, delayMs: settlement.at - now() })
    },
    async reopen(id, note, at) {
      const isOpen = await inbox.reopen(id, note, at)
      if (isOpen) await wakeInbox(queue, { log })
      return isOpen
    },
  }
}

/** Never throws: the schedule does what the message would have done. */
export async function wakeInbox(
  queue: Queue,
  { log, delayMs = 0 }: { readonly log: Log; readonly delayMs?: number },
): Promise<void> {
  const delaySeconds = Math.min(Math.max(Math.ceil(delayMs / 1000), 0), DELAY_SECONDS_MAX)
  try {
    await queue.send({ wake: 'inbox' }, { delaySeconds })
  } catch (error) {
    log.warn('wake-up lost', { detail: error instanceof Error ? error.message : 'unknown failure' })
  }
}
