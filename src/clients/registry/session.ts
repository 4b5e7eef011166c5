/** Requests to one registry, with the credentials that it asks for: it is asked once how, and remembered. */

import type { RegistryProblem } from '../../domain/registry.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import { RetryLater } from '../../domain/retry.ts'
import type { Http, HttpAnswer } from '../http.ts'
import { basic, type Access } from './access.ts'
import { problemOfHttp } from './problem.ts'
import { schemeOf, type Scheme } from './scheme.ts'
import type { Tokens } from './tokens.ts'

/** A token refused this soon after it was made will not be refused less when it is made again. */
const FRESH_TOKEN_MS = 5_000

type Call = {
  readonly method: 'GET' | 'HEAD'
  readonly url: URL
  readonly accept: string
  readonly scope: string
  readonly bodyBytesMax: number
}
export type Session = { send(call: Call): Promise<Result<HttpAnswer, RegistryProblem>> }

/** What goes with a request: nothing, a password, or a token and its age. */
type Proof = { readonly header: string | null; readonly token: string | null; readonly isFresh: boolean }
const NOTHING: Proof = { header: null, token: null, isFresh: false }

export function createSession(
  access: Access,
  { http, tokens, now }: { http: Http; tokens: Tokens; now: () => number },
): Session {
  let scheme: Scheme | null = null

  return {
    async send(call) {
      const proof = await prove(call, scheme, null)
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
      const better = await prove(call, scheme, proof.value.token)
      if (!better.ok) return better
      return better.value.header === proof.value.header ? first : exchange(call, better.value)
    },
  }

  async function prove(
    call: Call,
    known: Scheme | null,
    refused: string | null,
  ): Promise<Result<Proof, RegistryProblem>> {
    if (known === null) return ok(NOTHING)
    const credential = (await access.credential?.()) ?? null
    if (known.kind === 'basic') return ok({ ...NOTHING, header: credential && basic(credential) })
    const token = await tokens.get({ access, scheme: known, scope: call.scope, credential, refused })
    if (!token.ok) return token
    const { value, fetchedAt } = token.value
    return ok({ header: `Bearer ${value}`, token: value, isFresh: now() - fetchedAt < FRESH_TOKEN_MS })
  }

  async function exchange(call: Call, { header }: Proof): Promise<Result<HttpAnswer, RegistryProblem>> {
    const answer = await http({
      method: call.method,
      url: call.url,
      hosts: [access.apiHost],
      plainHttp: access.plainHttp,
      headers: { accept: call.accept, ...(header === null ? {} : { authorization: header }) },
      redirects: 'follow',
      limits: { bodyBytesMax: call.bodyBytesMax },
      // An event has a number of requests that it may cost; trying again is the pipeline's, later.
      retries: 0,
    })
    return answer.ok ? answer : err(problemOfHttp(answer.error))
  }
}

function isSameScheme(a: Scheme | null, b: Scheme): boolean {
  if (a?.kind !== 'bearer' || b.kind !== 'bearer') return a?.kind === b.kind
  return a.realm.href === b.realm.href && a.service === b.service
}
