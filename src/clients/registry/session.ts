/** Requests to one registry, with the credentials that it asks for: it is asked once how, and remembered. */

import type { RegistryProblem } from '../../domain/registry.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import { RetryLater } from '../../domain/retry.ts'
import type { Http, HttpAnswer } from '../http.ts'
import { isLater } from '../http-retry.ts'
import { basic, type Access, type Credential } from './access.ts'
import { laterOf, problemOfHttp } from './problem.ts'
import { schemeOf, type Scheme } from './scheme.ts'
import type { Tokens } from './tokens.ts'

/** A token refused this soon after it was made will not be refused less when it is made again. */
const FRESH_TOKEN_MS = 5_000

type Call = {
  readonly method: 'GET' | 'HEAD'
  readonly url: URL
  readonly accept: string
  /** Null: for no repository. */
  readonly scope: string | null
  readonly bodyBytesMax: number
  readonly ifNoneMatch?: string
  /** `return`: a redirect is an answer like others. Default: it is followed, without credentials to another origin. */
  readonly redirects?: 'return' | 'follow'
}
export type Session = { send(call: Call): Promise<Result<HttpAnswer, RegistryProblem>> }

/** What goes with a request: nothing, a password, or a token and its age. */
type Proof = {
  readonly header: string | null
  readonly token: string | null
  readonly isFresh: boolean
  readonly credential: Credential | null
}
const NOTHING: Proof = { header: null, token: null, isFresh: false, credential: null }

export function createSession(
  access: Access,
  { http, tokens, now }: { http: Http; tokens: Tokens; now: () => number },
): Session {
  let scheme: Scheme | null = null

  return {
    async send(call) {
      const proof = await prove(call, scheme, NOTHING)
      // What we remember may be out of date: the next try asks again.
      if (!proof.ok) scheme = null
      if (!proof.ok) return proof
      const first = await exchange(call, proof.value)
      // A 401 from where a redirect led is not this registry's question (CVE-2020-15157).
      if (!first.ok || first.value.status !== 401 || first.value.fromStranger) return first
      const asked = schemeOf(first.value.headers.get('www-authenticate'), access)
      if (!asked.ok) return asked
      const isSame = isSameScheme(scheme, asked.value)
      scheme = asked.value
      if (proof.value.isFresh && isSame) return first
      // Costs a request more than an event may: the next try knows better.
      if (proof.value.isFresh) throw new RetryLater(`${access.registry} changed how it asks for credentials`)
      const better = await prove(call, scheme, proof.value)
      if (!better.ok) return better
      return better.value.header === proof.value.header ? first : exchange(call, better.value)
    },
  }

  /** `refused`: what the registry would not take just now. */
  async function prove(call: Call, known: Scheme | null, refused: Proof): Promise<Result<Proof, RegistryProblem>> {
    if (known === null) return ok(NOTHING)
    const isBasic = known.kind === 'basic'
    // A token that ended says nothing about the password that it was given for.
    const credential = (await access.credential?.(isBasic ? (refused.credential ?? undefined) : undefined)) ?? null
    if (isBasic) return proofByPassword(access, credential)
    const first = await byToken(call, known, { credential, refused: refused.token })
    if (first.ok || first.error.reason !== 'unauthorized' || credential === null) return first
    // What was kept may have been withdrawn: a newer one, where there is one, is tried once.
    const newer = (await access.credential?.(credential)) ?? null
    return newer === null || isSameCredential(newer, credential)
      ? first
      : byToken(call, known, { credential: newer, refused: refused.token })
  }

  async function byToken(
    { scope }: Call,
    scheme: Extract<Scheme, { kind: 'bearer' }>,
    { credential, refused }: { credential: Credential | null; refused: string | null },
  ): Promise<Result<Proof, RegistryProblem>> {
    const token = await tokens.get({ access, scheme, scope, credential, refused })
    if (!token.ok) return token
    const { value, fetchedAt } = token.value
    return ok({ header: `Bearer ${value}`, token: value, isFresh: now() - fetchedAt < FRESH_TOKEN_MS, credential })
  }

  async function exchange(call: Call, { header }: Proof): Promise<Result<HttpAnswer, RegistryProblem>> {
    const answer = await http({
      method: call.method,
      url: call.url,
      hosts: [access.apiHost],
      plainHttp: access.plainHttp,
      headers: {
        accept: call.accept,
        ...(call.ifNoneMatch === undefined ? {} : { 'if-none-match': call.ifNoneMatch }),
        ...(header === null ? {} : { authorization: header }),
      },
      redirects: call.redirects ?? 'follow',
      limits: { bodyBytesMax: call.bodyBytesMax },
      // An event has a number of requests that it may cost; trying again is the pipeline's, later.
      retries: 0,
      later: 'return',
    })
    if (!answer.ok) return err(problemOfHttp(answer.error))
    if (isLater(answer.value.status)) throw laterOf(answer.value, access, now())
    return answer
  }
}

function proofByPassword({ registry }: Access, credential: Credential | null): Result<Proof, RegistryProblem> {
  if (credential === null) return ok(NOTHING)
  if (credential.kind === 'password') return ok({ ...NOTHING, header: basic(credential), credential })
  const detail = `${registry} asks for a name and a password, and dockerConfig holds a token for it. Write username: and password:`
  return err({ reason: 'unauthorized', detail })
}

function isSameCredential(a: Credential, b: Credential): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}

function isSameScheme(a: Scheme | null, b: Scheme): boolean {
  if (a?.kind !== 'bearer' || b.kind !== 'bearer') return a?.kind === b.kind
  return a.realm.href === b.realm.href && a.service === b.service
}
