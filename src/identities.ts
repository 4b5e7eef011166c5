/**
 * Who comes with a signed token of a configured issuer (OpenID Connect). Nothing in the token chooses an issuer, a key or an
 * algorithm; a person is who has all of the claims that the configuration names, and nobody by fewer.
 */

import type { Actor } from './authorise.ts'
import type { Http } from './clients/http.ts'
import { claimedIssuerOf, isToken, verifyToken, type Claims } from './clients/jwt.ts'
import { createKeySet } from './clients/key-set.ts'
import type { OidcIssuer, OidcPerson } from './domain/oidc.ts'

/** One that lives longer is no token for a request: it would outlive whoever left. */
const LIFETIME_MAX_SECONDS = 24 * 60 * 60

/** Nobody, or those whose claims it has: two different ones prove neither. Throws where an issuer's keys cannot be had. */
export type Identities = (token: string, now: number) => Promise<readonly Actor[]>

export function createIdentities(issuers: readonly OidcIssuer[], http: Http): Identities {
  const sets = new Map(issuers.map(({ keys }) => [keys, createKeySet(new URL(keys), http)]))
  return async (token, now) => {
    if (!isToken(token)) return []
    const claimed = claimedIssuerOf(token)
    const actors: Actor[] = []
    for (const { issuer, audience, keys, people } of issuers) {
      const set = sets.get(keys)
      // Read before it is proven only to ask no other issuer's keys about it.
      if (set === undefined || claimed !== issuer) continue
      const rules = { keys: set, issuers: [issuer], audiences: [audience], mayListAudience: true, identify: () => null }
      const verified = await verifyToken(token, rules, now)
      if (verified.ok && isShortLived(verified.value)) actors.push(...personsOf(verified.value, people))
    }
    return actors
  }
}

function isShortLived({ iat, exp }: Claims): boolean {
  return exp - iat <= LIFETIME_MAX_SECONDS
}

function personsOf(claims: Claims, people: readonly OidcPerson[]): readonly Actor[] {
  return people
    .filter((one) => Object.entries(one.claims).every(([name, wanted]) => holds(claims, name, wanted)))
    .map(({ person, role }) => ({ person, role }))
}

function holds(claims: Claims, name: string, wanted: OidcPerson['claims'][string]): boolean {
  if (!Object.hasOwn(claims, name)) return false
  const given = claims[name]
  // Whoever may write their own address there is anybody.
  if (name === 'email' && claims['email_verified'] !== true) return false
  const values = Array.isArray(wanted) ? wanted : [wanted]
  const has = (one: unknown): boolean => values.some((value) => value === one)
  return Array.isArray(given) ? given.some(has) : has(given)
}
