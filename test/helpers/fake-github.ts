/**
 * A GitHub on loopback over real bare repositories, for tests. Git itself judges every compare-and-swap and merge; every request
 * and every answer is judged by GitHub's published descriptions (`violations` has to stay empty). The App's JWT is verified
 * with its real public key and GitHub's rules for clocks.
 */

import { generateKeyPairSync, randomUUID, verify } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerGraphql } from './fake-github-graphql.ts'
import { refusal, restOperations, type RestAnswer } from './fake-github-rest.ts'
import { newFakeSource } from './fake-github-source.ts'
import type { FakeRepository, Principal } from './fake-github-state.ts'
import type { GitRepository } from './git-repository.ts'
import { answerProblem, exampleOf, requestProblem, routeOf, type Route } from './github-schema.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const APP_ID = 12_345
const INSTALLATION_ID = 77
const BOT = 'drayage[bot]'
const JWT_SECONDS_MAX = 600
const CLOCK_SKEW_SECONDS = 5

/** `before`: the call is lost, nothing happened. `after`: it happened, the answer is lost. */
export type Fault =
  | 'before'
  | 'after'
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body: unknown }
/** `name` is `post /repos/{owner}/{repo}/pulls`, or `query Look`, `mutation UpdateRefs`. */
export type FakeCall = { readonly name: string; readonly authorization: string | undefined }

export type FakeGitHub = Awaited<ReturnType<typeof startFakeGitHub>>

export async function startFakeGitHub() {
  const repositories: FakeRepository[] = []
  const principals = new Map<string, Principal>()
  const requests: FakeCall[] = []
  const violations: string[] = []
  /** What tokens of the App were asked for. */
  const grants: Readonly<Record<string, string>>[] = []
  const options = { garbleText: false, installed: true, fault: (_call: FakeCall): Fault | null => null }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      violations.push(String(error))
      response.writeHead(500).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const text = await read(request)
    const body = text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>)
    const route = url.pathname === '/graphql' ? null : routeOf(request.method ?? '', url.pathname)
    const name = route === null ? graphqlName(body) : `${route.method} ${route.path}`
    const call = { name, authorization: request.headers.authorization }
    requests.push(call)
    const fault = options.fault(call)
    if (fault === 'before') return void request.socket.destroy()
    if (typeof fault === 'object' && fault !== null) return send(response, fault.status, fault.body, fault.headers)
    const [status, answer] =
      url.pathname === '/graphql' ? await graphql(body, call) : rest(route, url.searchParams, body, call)
    if (fault === 'after') return void request.socket.destroy()
    send(response, status, answer)
  }

  async function graphql(body: Record<string, unknown> | undefined, call: FakeCall): Promise<RestAnswer> {
    const principal = principals.get(tokenOf(call))
    if (principal === undefined) return refusal(401, 'Bad credentials')
    const context = {
      repositories: repositories.filter((one) => principal.repositories?.includes(one.name) ?? true),
      login: principal.login,
      mayWrite: principal.permissions['contents'] === 'write',
      garbleText: options.garbleText,
    }
    const request = {
      query: queryOf(body),
      variables: (body?.['variables'] ?? {}) as Record<string, unknown>,
    }
    const { answer, violations: found } = await answerGraphql(request, context)
    violations.push(...found)
    return [200, answer]
  }

  function rest(
    route: Route | null,
    query: URLSearchParams,
    body: Record<string, unknown> | undefined,
    call: FakeCall,
  ): RestAnswer {
    if (route === null) {
      violations.push(`unknown operation ${call.name}`)
      return refusal(404, 'Not Found')
    }
    const problem = requestProblem(route, query, body)
    if (problem !== null) violations.push(problem)
    const answer = answerRest(route, query, body ?? {}, call)
    // What GitHub answers everywhere, and names in few of its descriptions.
    const isCommon = [401, 403].includes(answer[0])
    const isUnlisted = answer[0] === 422 && route.path.includes('/statuses/')
    const mistake = isCommon || isUnlisted ? null : answerProblem(route, ...answer)
    if (mistake !== null) violations.push(mistake)
    return answer
  }

  function answerRest(route: Route, query: URLSearchParams, body: Record<string, unknown>, call: FakeCall): RestAnswer {
    const { owner = '', repo = '' } = route.parameters
    const repository = repositories.find((one) => one.owner === owner && one.name === repo)
    if (route.path === '/repos/{owner}/{repo}/installation') {
      const mistake = jwtProblem(tokenOf(call))
      if (mistake !== null) return refusal(401, mistake)
      if (repository === undefined || !options.installed) return refusal(404, 'Not Found')
      return [200, { ...exampleOf('installation'), id: INSTALLATION_ID, app_id: APP_ID }]
    }
    if (route.path.startsWith('/app/')) return accessToken(route, body, call)
    const principal = principals.get(tokenOf(call))
    if (principal === undefined) return refusal(401, 'Bad credentials')
    const operation = restOperations[`${route.method} ${route.path}`]
    if (repository === undefined || operation === undefined || principal.repositories?.includes(repo) === false) {
      return refusal(404, 'Not Found')
    }
    const [scope = '', level = ''] = operation.needs.split(':')
    const has = principal.permissions[scope]
    if (has !== 'write' && has !== level) return refusal(403, 'Resource not accessible by integration')
    return operation.answer({ repository, parameters: route.parameters, query, body, login: principal.login })
  }

  function accessToken(route: Route, body: Record<string, unknown>, call: FakeCall): RestAnswer {
    const mistake = jwtProblem(tokenOf(call))
    if (mistake !== null) return refusal(401, mistake)
    if (route.parameters['installation_id'] !== `${INSTALLATION_ID}`) return refusal(404, 'Not Found')
    const token = `ghs_${randomUUID().replaceAll('-', '')}`
    const permissions = (body['permissions'] ?? {}) as Record<string, string>
    const names = (body['repositories'] as string[] | undefined) ?? null
    grants.push(permissions)
    principals.set(token, { login: BOT, permissions, repositories: names })
    const answer = { ...exampleOf('installation-token'), token, permissions }
    return [201, { ...answer, expires_at: new Date(Date.now() + 3_600_000).toISOString() }]
  }

  return {
    url: `http://127.0.0.1:${port}`,
    appId: APP_ID,
    /** As GitHub hands it out. */
    key: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
    keyPkcs8: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    login: BOT,
    requests,
    violations,
    grants,
    options,
    addRepository(full: string, git: GitRepository): FakeRepository {
      const [owner = '', name = ''] = full.split('/')
      const repository: FakeRepository = {
        id: `R_${repositories.length + 1}`,
        owner,
        name,
        git,
        pulls: [],
        protectedBranches: new Set(),
        mergeMethods: new Set(['merge', 'squash', 'rebase']),
        source: newFakeSource(),
      }
      repositories.push(repository)
      return repository
    },
    /** A person's token. */
    addToken(token: string, principal: Partial<Principal> = {}): void {
      const all = { contents: 'write', pull_requests: 'write' }
      principals.set(token, { login: 'robot', permissions: all, repositories: null, ...principal })
    },
    revokeTokens: (): void => principals.clear(),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** GitHub's words for what is wrong with an App's JWT. */
function jwtProblem(token: string): string | null {
  const [header = '', payload = '', signature = ''] = token.split('.')
  const signed = Buffer.from(`${header}.${payload}`)
  if (!verify('RSA-SHA256', signed, publicKey, Buffer.from(signature, 'base64url'))) {
    return 'A JSON web token could not be decoded'
  }
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { iss: unknown; iat: number; exp: number }
  const now = Date.now() / 1000
  if (String(claims.iss) !== `${APP_ID}`) return "'Issuer' claim ('iss') must be an Integer"
  if (claims.exp > now + JWT_SECONDS_MAX) return "'Expiration time' claim ('exp') is too far in the future"
  if (claims.exp <= now) return "'Expiration time' claim ('exp') must be a numeric value representing the future time"
  if (claims.iat > now + CLOCK_SKEW_SECONDS) return "'Issued at' claim ('iat') must be an Integer representing the time"
  return null
}

function tokenOf({ authorization }: FakeCall): string {
  return (authorization ?? '').replace(/^(?:token|bearer) /iu, '')
}

function graphqlName(body: Record<string, unknown> | undefined): string {
  return /^\s*(?<kind>query|mutation) (?<name>\w+)/u.exec(queryOf(body))?.[0].trim() ?? 'unknown'
}

function queryOf(body: Record<string, unknown> | undefined): string {
  const query = body?.['query']
  return typeof query === 'string' ? query : ''
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

function send(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  const limits = { 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '4999', 'x-ratelimit-reset': '1' }
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...limits, ...headers })
  response.end(JSON.stringify(body))
}
