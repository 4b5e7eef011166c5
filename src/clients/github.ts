/**
 * GitHub's REST and GraphQL for one repository, as an App or with a token. The credential goes to the configured API host and
 * nowhere else; where GitHub asks us to slow down, nothing more is sent until then (going on may get the App banned).
 */

import { createAppAuth } from '@octokit/auth-app'
import { Octokit } from '@octokit/core'
import * as z from 'zod'
import type { GitHubRepository } from '../domain/config.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { RetryLater } from '../domain/retry.ts'
import type { Secret, SecretReferences } from '../domain/secret.ts'
import { HttpRefused, octokitFetch } from './github-fetch.ts'
import { holdOf } from './github-limits.ts'
import type { Http } from './http.ts'
import { toPkcs8 } from './pem.ts'

const API = 'https://api.github.com'
const API_VERSION = '2022-11-28'
/** A token is not used in its last minutes: the call that carries it may take a while. */
const TOKEN_MARGIN_MS = 5 * 60_000
const MESSAGE_LENGTH_MAX = 400
const HIDDEN = '[secret]'
/** All that deliveries need. Never `workflows`: a stolen token cannot change what runs in CI. */
const PERMISSIONS = { contents: 'write', pull_requests: 'write', metadata: 'read' } as const

/** GitHub said no. `status` is HTTP's; a GraphQL error comes with 200 and its `type`. */
export type GitHubProblem = { readonly status: number; readonly type: string | null; readonly message: string }

export type GitHub = {
  readonly owner: string
  readonly name: string
  /** REST: `POST /repos/{owner}/{repo}/pulls`; owner and repo are filled in. Throws `RetryLater` where that may help. */
  rest(route: string, parameters?: Record<string, unknown>): Promise<Result<unknown, GitHubProblem>>
  graphql(document: string, variables: Record<string, unknown>): Promise<Result<unknown, GitHubProblem>>
}

export type GitHubTools = {
  readonly secretOf: (reference: SecretReferences) => Secret
  readonly http: Http
  readonly now: () => number
  /** What an App's token may do there. Default: all that deliveries need. */
  readonly permissions?: Readonly<Record<string, 'read' | 'write'>>
}

/** A client for one repository of the configuration. */
export function createGitHub(repository: GitHubRepository, tools: GitHubTools): GitHub {
  const [owner = '', name = ''] = repository.github.split('/')
  const api = new URL(repository.api ?? API)
  const octokit = new Octokit({
    baseUrl: api.href.replace(/\/$/u, ''),
    userAgent: 'drayage',
    // What it would write to the console are notes for the authors of programs.
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    request: { fetch: octokitFetch(tools.http, api) },
  })
  let heldUntil = 0

  /** One call with one credential; a limit that it met holds back all calls after it. */
  const once = async (act: (octokit: Octokit) => Promise<unknown>, secrets: readonly string[]): Call => {
    const now = tools.now()
    if (now < heldUntil) throw new RetryLater('GitHub asked us to wait', { retryAfterMs: heldUntil - now })
    try {
      return ok(await act(octokit))
    } catch (error) {
      const failure = failureOf(error, secrets)
      const holdMs = holdOf(failure, tools.now())
      if (holdMs === null) return err({ status: failure.status, type: failure.type, message: failure.message })
      heldUntil = Math.max(heldUntil, tools.now() + holdMs)
      throw new RetryLater(`GitHub asked us to wait: ${failure.message}`, { retryAfterMs: holdMs })
    }
  }
  const credential = repository.app === undefined ? tokenOf(repository, tools) : installation(repository, tools, once)

  /** With the credential at hand; a token that is no longer good is replaced once. */
  const send = async (act: (octokit: Octokit, authorization: string) => Promise<unknown>): Call => {
    const first = await credential(null)
    if (!first.ok) return first
    const answer = await once((with_) => act(with_, `bearer ${first.value}`), [first.value])
    if (answer.ok || answer.error.status !== 401) return answer
    const second = await credential(first.value)
    if (!second.ok || second.value === first.value) return answer
    return once((with_) => act(with_, `bearer ${second.value}`), [second.value])
  }

  return {
    owner,
    name,
    rest: (route, parameters = {}) =>
      send(async (with_, authorization) => {
        const headers = { authorization, 'x-github-api-version': API_VERSION }
        const answer = await with_.request(route, { owner, repo: name, ...parameters, headers })
        return answer.data as unknown
      }),
    graphql: (document, variables) =>
      send((with_, authorization) => with_.graphql(document, { ...variables, headers: { authorization } })),
  }
}

type Call = Promise<Result<unknown, GitHubProblem>>
/** A token to send; `refused` is one that did not work, so another is wanted. */
type Credential = (refused: string | null) => Promise<Result<string, GitHubProblem>>

function tokenOf({ github, token }: GitHubRepository, { secretOf }: GitHubTools): Credential {
  if (token === undefined) throw new Error(`${github}: expected "app" and "key", or "token"`)
  const secret = secretOf(token)
  return async () => {
    const [current] = await secret()
    return ok(current)
  }
}

const Installation = z.object({ id: z.number().int() })
const AccessToken = z.object({ token: z.string().min(1), expires_at: z.iso.datetime({ offset: true }) })

/**
 * Tokens of an App's installation, narrowed to this repository. Only the App's own JWT is auth-app's: its cache of installation tokens
 * is one for all API hosts of a process, and would hand a token of one host to another with the same installation number.
 */
function installation(
  { github, app, key }: GitHubRepository,
  tools: GitHubTools,
  once: (act: (octokit: Octokit) => Promise<unknown>, secrets: readonly string[]) => Call,
): Credential {
  if (app === undefined || key === undefined) throw new Error(`${github}: expected "key" beside "app"`)
  const [owner = '', repo = ''] = github.split('/')
  let held: { token: string; expiresAt: number } | null = null
  let asked: Promise<Result<string, GitHubProblem>> | null = null

  const ask = async (): Promise<Result<string, GitHubProblem>> => {
    const [pem] = await tools.secretOf(key)()
    const privateKey = toPkcs8(pem)
    if (!privateKey.ok)
      return err({ status: 401, type: null, message: `the key of the App: ${privateKey.error.detail}` })
    const jwt = await sign(app, privateKey.value)
    if (!jwt.ok) return jwt
    const headers = { authorization: `bearer ${jwt.value}`, 'x-github-api-version': API_VERSION }
    const post = (route: string, parameters: Record<string, unknown>): Call =>
      once(async (octokit) => (await octokit.request(route, { ...parameters, headers })).data as unknown, [jwt.value])
    const found = await post('GET /repos/{owner}/{repo}/installation', { owner, repo })
    if (!found.ok) return found
    const { id } = Installation.parse(found.value)
    const parameters = { installation_id: id, repositories: [repo], permissions: tools.permissions ?? PERMISSIONS }
    const made = await post('POST /app/installations/{installation_id}/access_tokens', parameters)
    if (!made.ok) return made
    const { token, expires_at: expiresAt } = AccessToken.parse(made.value)
    held = { token, expiresAt: Date.parse(expiresAt) }
    return ok(token)
  }

  return async (refused) => {
    if (held !== null && held.token !== refused && tools.now() < held.expiresAt - TOKEN_MARGIN_MS) return ok(held.token)
    // Twenty deliveries at once ask once.
    asked ??= ask().finally(() => {
      asked = null
    })
    return asked
  }
}

async function sign(app: number, privateKey: string): Promise<Result<string, GitHubProblem>> {
  try {
    const { token } = await createAppAuth({ appId: app, privateKey })({ type: 'app' })
    return ok(token)
  } catch {
    return err({
      status: 401,
      type: null,
      message: 'the key of the App cannot sign: expected the RSA key that GitHub gave',
    })
  }
}

const Thrown = z.object({
  status: z.number().optional().catch(undefined),
  message: z.string().catch(''),
  cause: z.unknown().optional(),
  response: z
    .object({ headers: z.record(z.string(), z.unknown()).catch({}) })
    .optional()
    .catch(undefined),
  headers: z.record(z.string(), z.unknown()).optional().catch(undefined),
  errors: z
    .array(z.object({ type: z.string().nullish(), message: z.string().catch('') }))
    .optional()
    .catch(undefined),
})

type GitHubFailure = GitHubProblem & { readonly headers: Readonly<Record<string, unknown>> }

/** What Octokit threw, without what it knows about our request. Rethrows what is not GitHub's answer. */
function failureOf(error: unknown, secrets: readonly string[]): GitHubFailure {
  const thrown = Thrown.safeParse(error).data
  if (thrown?.cause instanceof RetryLater) throw thrown.cause
  if (thrown?.cause instanceof HttpRefused) {
    return { status: thrown.cause.status, type: null, message: thrown.cause.message, headers: {} }
  }
  const [first] = thrown?.errors ?? []
  const text = first?.message ?? thrown?.message ?? ''
  const message = secrets.reduce((line, secret) => line.replaceAll(secret, HIDDEN), text).slice(0, MESSAGE_LENGTH_MAX)
  const status = first === undefined ? thrown?.status : 200
  if (status === undefined || status >= 500) throw new RetryLater(`GitHub failed: ${message}`)
  return { status, type: first?.type ?? null, message, headers: thrown?.response?.headers ?? thrown?.headers ?? {} }
}
