/** The API of a process: the configured people, and this machine's own command line. */

import type { Hono } from 'hono'
import { createApi, type ApiOptions } from '../../src/api.ts'
import type { ApiToken, LoadedConfig } from '../../src/domain/config.ts'
import { createIdentities } from '../../src/identities.ts'
import type { Inbox } from '../../src/state/inbox.ts'
import { nodeEdge } from '../listen.ts'
import type { Tools } from './tools.ts'

/** A token that this machine's own command line uses. */
export type LocalToken = Pick<ApiToken, 'person' | 'role'> & { readonly token: string }

type Asked = Pick<ApiOptions, 'ports' | 'poke' | 'problems'> & {
  readonly first: LoadedConfig
  readonly local: LocalToken
  readonly inbox: Inbox
}

export function openApi({ first, local, inbox, ...asked }: Asked, { log, secretOf, render, http }: Tools): Hono {
  const configured = first.config.server.tokens.map(({ person, role, token }) => {
    return { person, role, secret: secretOf(token) }
  })
  const tokens = [...configured, { ...local, secret: async () => [local.token] as const }]
  const metrics = async () => render(await inbox.depth())
  const identities = createIdentities(first.config.server.oidc ?? [], http)
  return createApi({ ...asked, tokens: () => tokens, identities, metrics, log, edge: nodeEdge })
}
