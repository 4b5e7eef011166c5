/**
 * A signed token (JWT): RS256 alone, with a key of the configured issuer, for exactly the configured audience, not beyond its
 * time. jose does the cryptography; nothing that a token's header says chooses an algorithm or a key's place.
 */

import { compactVerify, decodeJwt, decodeProtectedHeader, errors, type CryptoKey } from 'jose'
import * as z from 'zod'
import { Json } from '../domain/json.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { KEY_ID_LENGTH_MAX, type KeySet } from './key-set.ts'

/** How far the clocks of two machines may be apart. */
export const CLOCK_SKEW_MS = 60_000
export const TOKEN_LENGTH_MAX = 16 * 1024
/** Three parts, each there: one without a signature is none. */
const TOKEN = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/u
const TEXT_LENGTH_MAX = 2048
const SECONDS_MAX = 253_402_300_799

/** One that is there and empty is not absent: it is wrong. */
const ClaimText = z.string().min(1).max(TEXT_LENGTH_MAX)
const Seconds = z.number().min(0).max(SECONDS_MAX)

const Claims = z.looseObject({
  iss: ClaimText,
  // Of two audiences, the other one could use the token against us.
  aud: z.union([ClaimText, z.tuple([ClaimText])]),
  exp: Seconds,
  iat: Seconds,
  nbf: Seconds.optional(),
})
export type Claims = Readonly<z.infer<typeof Claims>>
const ClaimsText = Json.pipe(Claims)

/** A key or a rule that travels in the token is the attacker's. */
const Header = z.object({
  alg: z.literal('RS256'),
  kid: z.string().min(1).max(KEY_ID_LENGTH_MAX),
  crit: z.undefined().optional(),
  jwk: z.undefined().optional(),
  jku: z.undefined().optional(),
  x5u: z.undefined().optional(),
  x5c: z.undefined().optional(),
})

export type TokenRules = {
  readonly keys: KeySet
  readonly issuers: readonly string[]
  readonly audiences: readonly string[]
  /** Some issuers write a list, of one. Google and Entra ID never do. */
  readonly mayListAudience?: boolean
  /** Who it must be: a correct signature only says that the issuer knows them. Null, or what was expected. */
  readonly identify: (claims: Claims) => string | null
}

export type TokenProblem = { readonly reason: 'wrong' | 'stale'; readonly detail: string }
export type Verified = Result<Claims, TokenProblem>

export function isToken(text: string): boolean {
  return text.length <= TOKEN_LENGTH_MAX && TOKEN.test(text)
}

/** Who it says that it comes from: proven by nothing yet. */
export function claimedIssuerOf(token: string): string | null {
  try {
    return decodeJwt(token).iss ?? null
  } catch {
    return null
  }
}

/** Throws where the issuer's keys cannot be had. */
export async function verifyToken(token: string, rules: TokenRules, now: number): Promise<Verified> {
  if (token.length > TOKEN_LENGTH_MAX) return wrong('it is longer than any that a sender makes')
  if (!TOKEN.test(token)) return wrong('expected a token of three parts')
  const id = keyIdOf(token)
  if (id === null) return wrong('its header: expected the algorithm RS256 and a key id, and no key of its own')
  const key = await rules.keys.keyOf(id, now)
  if (key === null) return wrong('its issuer has no such key')
  const payload = await payloadOf(token, key)
  if (payload === null) return wrong("its signature is not its issuer's")
  const claims = ClaimsText.safeParse(payload)
  if (!claims.success) return wrong('expected the claims iss, aud, exp and iat, each once and not empty')
  return judge(claims.data, rules, now)
}

function judge(claims: Claims, rules: TokenRules, now: number): Verified {
  if (!rules.issuers.includes(claims.iss)) return wrong('it comes from another issuer')
  const audience = rules.mayListAudience ? [claims.aud].flat()[0] : claims.aud
  if (!rules.audiences.some((ours) => ours === audience)) return wrong('it is for another audience')
  const stranger = rules.identify(claims)
  if (stranger !== null) return wrong(`expected ${stranger}`)
  if (now >= claims.exp * 1000 + CLOCK_SKEW_MS) return stale('it has expired')
  const from = Math.max(claims.iat, claims.nbf ?? 0)
  if (from * 1000 > now + CLOCK_SKEW_MS) return stale('it is not valid yet')
  return ok(claims)
}

function keyIdOf(token: string): string | null {
  try {
    const header = Header.safeParse(decodeProtectedHeader(token))
    return header.success ? header.data.kid : null
  } catch {
    return null
  }
}

/** Null where the key did not sign this. */
async function payloadOf(token: string, key: CryptoKey): Promise<string | null> {
  try {
    const { payload } = await compactVerify(token, key, { algorithms: ['RS256'] })
    return new TextDecoder('utf-8', { fatal: true }).decode(payload)
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return null
    throw error
  }
}

function wrong(what: string): Result<never, TokenProblem> {
  return err({ reason: 'wrong', detail: `the token: ${what}` })
}

function stale(what: string): Result<never, TokenProblem> {
  return err({ reason: 'stale', detail: `the token: ${what}` })
}
