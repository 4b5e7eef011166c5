/** Taking events in: each is written, by one signed call, and then a message wakes whoever works on it. Light: no client of AWS. */

import { putEvents } from '../../src/state/dynamodb/event-item.ts'
import { createDynamoPut } from '../../src/state/dynamodb/put.ts'
import type { Inbox } from '../../src/state/inbox.ts'
import type { Tools } from './tools.ts'

/** What is stored is acknowledged, woken or not: the sweep finds what no message names. */
export function createIntake({ dynamoCall, env, leave, log }: Tools): Pick<Inbox, 'put'> {
  const dynamo = createDynamoPut(dynamoCall)
  return {
    async put(events) {
      const results = await putEvents(dynamo, env.DRAYAGE_TABLE_INBOX, events)
      // Also for what was there: a message that is one too many changes nothing, one that was lost is made good.
      await leave(events.map(({ id }) => ({ wakeUp: { event: id }, delayMs: 0 }))).catch((error: unknown) => {
        log.warn('wake-up lost', { detail: error instanceof Error ? error.message : 'unknown failure' })
      })
      return results
    },
  }
}
