/** The API of the Worker: the same as everywhere, behind tokens. */

import type { Hono } from 'hono'
import { createApi } from '../../src/api.ts'
import { createIdentities } from '../../src/identities.ts'
import type { Readiness } from '../../src/readiness.ts'
import { problems as followProblems } from './following.ts'
import { createPorts } from './ports.ts'
import type { Tools } from './tools.ts'

const NO_METRICS = '# Metrics of the Worker are in Workers Analytics Engine: see docs/cloudflare.md\n'

export function openApi(tools: Tools, { problems }: Readiness): Hono {
  const { env, loaded, secretOf, log, http } = tools
  const ports = createPorts(tools)
  const tokens = loaded.config.server.tokens.map(({ person, role, token }) => ({
    person,
    role,
    secret: secretOf(token),
  }))
  return createApi({
    ports: () => ports,
    tokens: () => tokens,
    identities: createIdentities(loaded.config.server.oidc ?? [], http),
    // What an act makes due wakes itself: documents by their alarms, events by the queue.
    poke: () => {},
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4', text: NO_METRICS }),
    problems: async () => [...(await problems()), ...(await followProblems(env))],
    log,
  })
}
