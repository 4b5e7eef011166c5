/** People and jobs that come with a token of an issuer: whose tokens, for whom they are, and who is who by their claims. */

import * as z from 'zod'
import { KeysUrl } from './keys-url.ts'
import { Role } from './role.ts'

const TEXT_LENGTH_MAX = 512
const CLAIMS_MAX = 16
const VALUES_MAX = 32
const PEOPLE_MAX = 1_000

const Text = z.string().min(1).max(TEXT_LENGTH_MAX)
const ClaimName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_:./-]{0,127}$/u, 'expected the name of a claim')
const Value = z.union([Text, z.boolean(), z.array(Text).min(1).max(VALUES_MAX)])

export const OidcPerson = z.strictObject({
  person: z.string().min(1).max(128).describe('Who stands in the history when such a token acts.'),
  role: Role.describe('As for a token: `viewer`, `approver`, `reporter` or `operator`.'),
  claims: z
    .record(ClaimName, Value)
    .refine((claims) => Object.keys(claims).length > 0, 'expected at least one claim')
    .refine((claims) => Object.keys(claims).length <= CLAIMS_MAX, `expected at most ${CLAIMS_MAX} claims`)
    .describe(
      'All of these claims, exactly: a text, `true` or `false`, or a list of which it is one. Where the token has a list, it holds it. An `email` counts only where the token says `email_verified`.',
    ),
})
export type OidcPerson = Readonly<z.infer<typeof OidcPerson>>

/** Whoever has an account there gets a token: of these, one claim at least says whose it is. */
const SAYS_WHOSE: Readonly<Record<string, readonly string[]>> = {
  'https://token.actions.githubusercontent.com': ['sub', 'repository', 'repository_id'],
  'https://gitlab.com': ['sub', 'project_path', 'project_id'],
  'https://accounts.google.com': ['sub', 'email'],
}

export const OidcIssuer = z
  .strictObject({
    issuer: z
      .url({ protocol: /^https?$/u })
      .max(2048)
      .describe('The claim `iss`, exactly.'),
    audience: Text.describe('The claim `aud`, exactly, and no other beside it: a name that only this service has.'),
    keys: KeysUrl.describe('Where its public keys (JWKS) are: `jwks_uri` of its `/.well-known/openid-configuration`.'),
    people: z.array(OidcPerson).min(1).max(PEOPLE_MAX).describe('Who is who, by the claims of the token.'),
  })
  .superRefine(({ issuer, people }, context) => {
    const needed = Object.hasOwn(SAYS_WHOSE, issuer) ? SAYS_WHOSE[issuer] : undefined
    people.forEach(({ claims }, index) => {
      if (needed === undefined || needed.some((name) => Object.hasOwn(claims, name))) return
      const message = `expected one of ${needed.join(', ')}: anybody gets a token of ${issuer}`
      context.addIssue({ code: 'custom', path: ['people', index, 'claims'], message })
    })
  })
export type OidcIssuer = Readonly<z.infer<typeof OidcIssuer>>
