/** Lambda: requests of registries. An event is written before it is acknowledged, and then a message wakes whoever works on it. */

import { createApp } from '../../src/app.ts'
import { createHttp } from '../../src/clients/http.ts'
import { createReceivers } from '../../src/receivers/configured.ts'
import { putEvents } from '../../src/state/dynamodb/event-item.ts'
import { createDynamoPut } from '../../src/state/dynamodb/put.ts'
import type { Inbox } from '../../src/state/inbox.ts'
import { answer, lambdaEdge, type HttpAnswer, type HttpEvent } from './http.ts'
import { createTools, type Tools } from './tools.ts'

const tools = createTools(process.env)
const { loaded, log, measure, now, secretOf } = tools
/** Who fetches issuers' keys asks strangers; its guard is loaded when somebody does. */
const http = createHttp({
  fetch: async (...call) => (await import('./guarded-fetch.ts')).guardedFetch(...call),
  now,
  random: Math.random,
})
const receivers = createReceivers(loaded.config, secretOf, http)
const app = createApp({
  receivers: () => receivers,
  inbox: inboxOf(tools),
  onStored: () => {},
  // It is as ready as it is deployed: what it needs is asked for by each request.
  unready: async () => [],
  now,
  log,
  measure,
  edge: lambdaEdge,
})

export const handler = (event: HttpEvent): Promise<HttpAnswer> => answer(app, event)

/** What is stored is acknowledged, woken or not: the sweep finds what no message names. */
function inboxOf({ dynamoCall, env, leave }: Tools): Pick<Inbox, 'put'> {
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
