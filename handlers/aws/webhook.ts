/** Lambda: requests of registries. An event is written before it is acknowledged, and then a message wakes whoever works on it. */

import { createBuckets, createSharedAllowance, perMinuteBy } from '../../src/allowance.ts'
import { createApp } from '../../src/app.ts'
import { createHttp } from '../../src/clients/http.ts'
import { loadReceivers } from '../../src/receivers/lazy.ts'
import { createDynamoAllowance } from '../../src/state/dynamodb/allowance.ts'
import { answer, lambdaEdge, type HttpAnswer, type HttpEvent } from './http.ts'
import { createIntake } from './inbox.ts'
import { createTools } from './tools.ts'

const tools = createTools(process.env)
const { loaded, log, measure, now, secretOf } = tools
/** Who fetches issuers' keys asks strangers; its guard is loaded when somebody does. */
const http = createHttp({
  fetch: async (...call) => (await import('./guarded-fetch.ts')).guardedFetch(...call),
  now,
  random: Math.random,
})
const receivers = await loadReceivers(loaded.config, secretOf, http)
const perMinuteOf = perMinuteBy(loaded.config.registries)
const counter = { call: tools.dynamoCall, table: tools.env.DRAYAGE_TABLE_INBOX, perMinuteOf, now }
const app = createApp({
  receivers: () => receivers,
  inbox: createIntake(tools),
  allowance: createSharedAllowance(createBuckets({ perMinuteOf, now }), createDynamoAllowance(counter), log),
  onStored: () => {},
  // It is as ready as it is deployed: what it needs is asked for by each request.
  unready: async () => [],
  now,
  log,
  measure,
  edge: lambdaEdge,
})

export const handler = (event: HttpEvent): Promise<HttpAnswer> => answer(app, event)
