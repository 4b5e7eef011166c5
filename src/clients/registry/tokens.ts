/** Bearer tokens, kept while they last and fetched once however many wait for one. */

import * as z from 'zod'
import { Json } from '../../domain/json.ts'
import type { RegistryProblem } from '../../domain/registry.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import type { Http, HttpRequest } from '../http.ts'
import { basic, type Access, type Credential } from './access.ts'
import { problemOfHttp, remedyOf } from './problem.ts'
import type { Scheme } from './scheme.ts'
import { textOf } from './text.ts'

const ANSWER_BYTES_MAX = 256 * 1024
const TOKENS_MAX = 1_000
const CLIENT_ID = 'drayage'
const LIFETIME_DEFAULT_S = 60
const LIFETIME_MAX_S = 12 * 60 * 60
/** A token is not used in its last seconds: clocks differ and requests take time. */
const SKEW_MS = 10_000

const Token = z
  .string()
  .max(16 * 1024)
  .regex(/^[\u0021-\u007e]+$/u)
const TokenAnswer = z
  .object({
    token: Token.nullish(),
    access_token: Token.nullish(),
    expires_in: z.number().min(0).max(Number.MAX_SAFE_INTEGER).nullish(),
  })
  .transform(({ token, access_token, expires_in }) => ({
    value: token ?? access_token ?? null,
    lifetimeMs: Math.min(expires_in ?? LIFETIME_DEFAULT_S, LIFETIME_MAX_S) * 1000,
  }))

type BearerToken = { readonly value: string; readonly fetchedAt: number; readonly usableUntil: number }
type TokenOrder = {
  readonly access: Access
  readonly scheme: Extract<Scheme, { kind: 'bearer' }>
  /** `repository:acme/payments:pull`: ours, whatever scope the registry would like us to ask for. Null: for no repository. */
  readonly scope: string | null
  readonly credential: Credential | null
  /** A token that was just refused: not this one again. */
  readonly refused: string | null
}
export type Tokens = {
  get(order: TokenOrder): Promise<Result<BearerToken, RegistryProblem>>
}

export function createTokens(http: Http, now: () => number): Tokens {
  const kept = new Map<string, BearerToken>()
  const underway = new Map<string, Promise<Result<BearerToken, RegistryProblem>>>()

  return {
    async get(order) {
      const key = await keyOf(order)
      const token = kept.get(key)
      if (token !== undefined && token.usableUntil > now() && token.value !== order.refused) return ok(token)
      kept.delete(key)
      const waiting = underway.get(key) ?? fetchToken(key, order).finally(() => underway.delete(key))
      underway.set(key, waiting)
      return waiting
    },
  }

  async function fetchToken(key: string, order: TokenOrder): Promise<Result<BearerToken, RegistryProblem>> {
    const answer = await askForToken(http, order)
    if (!answer.ok) return answer
    const { value, lifetimeMs } = answer.value
    const usableMs = Math.max(lifetimeMs - SKEW_MS, lifetimeMs / 2)
    const token = { value, fetchedAt: now(), usableUntil: now() + usableMs }
    const oldest = kept.size >= TOKENS_MAX ? kept.keys().next().value : undefined
    if (oldest !== undefined) kept.delete(oldest)
    kept.set(key, token)
    return ok(token)
  }
}

/** Never follows a redirect: this request carries the password. */
async function askForToken(
  http: Http,
  order: TokenOrder,
): Promise<Result<{ value: string; lifetimeMs: number }, RegistryProblem>> {
  const { access, scope } = order
  const answer = await http({
    ...questionOf(order),
    hosts: [access.tokenHost],
    plainHttp: access.plainHttp,
    limits: { bodyBytesMax: ANSWER_BYTES_MAX },
    retries: 0,
    later: 'throw',
  })
  if (!answer.ok) return err(problemOfHttp(answer.error))
  const { status, body } = answer.value
  if (status >= 300 && status < 400) return problem('redirect-not-allowed', access, 'redirects a request for a token')
  if (status !== 200) {
    const what = `gives no token for ${scope ?? 'this login'} (${status}). ${remedyOf(access)}`
    return problem('unauthorized', access, what)
  }
  const parsed = Json.pipe(TokenAnswer).safeParse(textOf(body) ?? '')
  const value = parsed.data?.value ?? null
  if (value === null) return problem('malformed-answer', access, 'answers without a token')
  return ok({ value, lifetimeMs: parsed.data?.lifetimeMs ?? 0 })
}

/** With a refresh token as OAuth2 has it (https://distribution.github.io/distribution/spec/auth/oauth/), or as ever. */
function questionOf({
  scheme,
  scope,
  credential,
}: TokenOrder): Pick<HttpRequest, 'url' | 'method' | 'headers' | 'body'> {
  const asked = new URLSearchParams(scheme.realm.search)
  if (scheme.service !== null) asked.set('service', scheme.service)
  if (scope !== null) asked.set('scope', scope)
  const accept = { accept: 'application/json' }
  if (credential?.kind === 'identity-token') {
    asked.set('grant_type', 'refresh_token')
    asked.set('client_id', CLIENT_ID)
    asked.set('refresh_token', credential.token)
    const headers = { ...accept, 'content-type': 'application/x-www-form-urlencoded' }
    const url = new URL(scheme.realm)
    url.search = ''
    return { url, method: 'POST', headers, body: asked.toString() }
  }
  const url = new URL(scheme.realm)
  url.search = asked.toString()
  return { url, headers: { ...accept, ...(credential ? { authorization: basic(credential) } : {}) } }
}

function problem(
  reason: RegistryProblem['reason'],
  { tokenHost }: Access,
  what: string,
): Result<never, RegistryProblem> {
  return err({ reason, detail: `${tokenHost} ${what}` })
}

/** Tokens are never shared between scopes, services or credentials; the password itself is in no key. */
async function keyOf({ access, scheme, scope, credential }: TokenOrder): Promise<string> {
  const parts = [access.registry, scheme.realm.href, scheme.service, scope, credential]
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(parts)))
  return btoa(String.fromCharCode(...new Uint8Array(hash)))
}
