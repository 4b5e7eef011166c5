/** Lambda: people and machines that ask or act, at a URL of its own, behind tokens. */

import { createApi } from '../../src/api.ts'
import { createHttp } from '../../src/clients/http.ts'
import { createIdentities } from '../../src/identities.ts'
import { notePorts } from '../../src/invocation.ts'
import { guardedFetch } from './guarded-fetch.ts'
import { answer, lambdaEdge, type HttpAnswer, type HttpEvent } from './http.ts'
import { createTools } from './tools.ts'
import { createWorlds } from './worlds.ts'

const NO_METRICS = '# Metrics of the functions are in CloudWatch, namespace Drayage: see docs/aws.md\n'

const worlds = createWorlds(process.env)
// The people are those of the deployment: no repository may add one.
const { loaded, log, secretOf, now } = createTools(process.env)
const http = createHttp({ fetch: guardedFetch, now, random: Math.random })
const identities = createIdentities(loaded.config.server.oidc ?? [], http)
const tokens = loaded.config.server.tokens.map(({ person, role, token }) => ({ person, role, secret: secretOf(token) }))

export async function handler(event: HttpEvent): Promise<HttpAnswer> {
  const world = await worlds.current()
  const { ports, leaveNoted } = notePorts(world)
  const api = createApi({
    ports: () => ports,
    tokens: () => tokens,
    identities,
    // What an act makes due is noted, and woken before the answer goes.
    poke: () => {},
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4', text: NO_METRICS }),
    problems: worlds.problems,
    log,
    edge: lambdaEdge,
  })
  const answered = await answer(api, event)
  await leaveNoted()
  await world.flush()
  return answered
}
