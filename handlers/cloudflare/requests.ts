/** Requests in: hooks at once, the API loaded when somebody asks for it. */

import type { Hono } from 'hono'
import { createBuckets, createSharedAllowance, perMinuteBy } from '../../src/allowance.ts'
import { createApp } from '../../src/app.ts'
import { createReadiness, type Readiness } from '../../src/readiness.ts'
import { loadIntake } from '../../src/intake.ts'
import { inForce, openTools, receiverOf } from './following.ts'
import type { Env } from './platform.ts'
import { allowanceOf, type Tools } from './tools.ts'

/** Kept as long as the isolate lives: keys of issuers and secrets are fetched once for many requests. */
type Served = {
  readonly hash: string
  readonly tools: Tools
  readonly hooks: Hono
  readonly readiness: Readiness
  api?: Hono
}
const served = new WeakMap<Env, Served>()

export async function answer(request: Request, env: Env): Promise<Response> {
  const { hash } = await inForce(env)
  const before = served.get(env)
  const known = before?.hash === hash ? before : await openOnce(env, hash)
  if (!isForApi(new URL(request.url), env)) return known.hooks.fetch(request)
  known.api ??= (await import('./api.ts')).openApi(known.tools, known.readiness)
  return known.api.fetch(request)
}

/** What a person's act ended is told after the answer. */
export async function flushTraces(env: Env): Promise<void> {
  await served.get(env)?.tools.traces?.flush()
}

/** On a hostname of its own where one is configured, so that who may send events may not even try the API. */
function isForApi({ hostname, pathname }: URL, { API_HOST }: Env): boolean {
  if (API_HOST !== undefined && API_HOST !== '') return hostname === API_HOST
  return pathname === '/metrics' || pathname.startsWith('/api/')
}

/** Requests that come while the first one loads what it needs do not wait for it, for one may not wait for another; the first to end is kept. */
async function openOnce(env: Env, hash: string): Promise<Served> {
  const opened = await open(await openTools(env))
  const before = served.get(env)
  const known = before?.hash === hash ? before : opened
  served.set(env, known)
  return known
}

async function open(tools: Tools): Promise<Served> {
  const { env, loaded, state, secretOf, log, measure, now } = tools
  const readiness = createReadiness({ ...state, config: () => loaded.config, secretOf, now, log })
  const receivers = await loadIntake(loaded.config, tools)
  const perMinuteOf = perMinuteBy(loaded.config.registries)
  const hooks = createApp({
    receivers: () => receivers,
    configuration: receiverOf(tools),
    inbox: readiness.inbox,
    allowance: createSharedAllowance(createBuckets({ perMinuteOf, now }), allowanceOf(env), log),
    // The inbox itself sends the message that wakes its workers.
    onStored: () => {},
    unready: readiness.unready,
    now,
    log,
    measure,
  })
  return { hash: loaded.hash, tools, hooks, readiness }
}
