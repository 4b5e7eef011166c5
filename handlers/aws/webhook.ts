/** Lambda: requests of registries. An event is written before it is acknowledged, and then a message wakes whoever works on it. */

import { createBuckets, createSharedAllowance, perMinuteBy } from '../../src/allowance.ts'
import type { Hono } from 'hono'
import { createApp } from '../../src/app.ts'
import { createHttp } from '../../src/clients/http.ts'
import type { LoadedConfig } from '../../src/domain/config.ts'
import { loadIntake } from '../../src/intake.ts'
import { createDynamoAllowance } from '../../src/state/dynamodb/allowance.ts'
import { answer, lambdaEdge, type HttpAnswer, type HttpEvent } from './http.ts'
import { follow } from './following.ts'
import { createIntake } from './inbox.ts'
import { createTools } from './tools.ts'

const tools = createTools(process.env)
const { log, measure, now, secretOf } = tools
/** Who fetches issuers' keys asks strangers; its guard is loaded when somebody does. */
const http = createHttp({
  fetch: async (...call) => (await import('./guarded-fetch.ts')).guardedFetch(...call),
  now,
  random: Math.random,
})
const following = follow(tools)
const own = createIntake(tools)
const configuration = await following.receiver()

/** For one configuration. What it needs is asked for by each request: it is as ready as it is deployed. */
async function open({ config, hash }: LoadedConfig): Promise<{ readonly hash: string; readonly app: Hono }> {
  const receivers = await loadIntake(config, { http, secretOf, now })
  const perMinuteOf = perMinuteBy(config.registries)
  const counter = { call: tools.dynamoCall, table: tools.env.DRAYAGE_TABLE_INBOX, perMinuteOf, now }
  const app = createApp({
    receivers: () => receivers,
    configuration,
    inbox: own,
    allowance: createSharedAllowance(createBuckets({ perMinuteOf, now }), createDynamoAllowance(counter), log),
    onStored: () => {},
    unready: async () => [],
    now,
    log,
    measure,
    edge: lambdaEdge,
  })
  return { hash, app }
}

// At the start already, so that the first request finds it made; where there is none yet, each request asks again.
let opened = await following.current().then(open, () => null)

export async function handler(event: HttpEvent): Promise<HttpAnswer> {
  const loaded = await following.current()
  if (opened?.hash !== loaded.hash) opened = await open(loaded)
  return answer(opened.app, event)
}
