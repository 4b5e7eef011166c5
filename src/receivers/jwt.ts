/** Who sent this, by a signed token in its header. It proves the sender, not the body. */

import { TOKEN_LENGTH_MAX, verifyToken, type Claims, type TokenRules } from '../clients/jwt.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { onlyHeader } from './credential.ts'
import type { AuthenticationRefusalReason, ReceiverRequest, Refusal } from './receiver.ts'

const BEARER = /^Bearer +(?<token>[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/iu
const HEADER_LENGTH_MAX = TOKEN_LENGTH_MAX
const REASONS = { wrong: 'wrong-credential', stale: 'stale-timestamp' } as const

type Verified = Result<Claims, Refusal<AuthenticationRefusalReason>>

/** `Authorization: Bearer <token>`. Throws where the issuer's keys cannot be had. */
export async function verifyBearerToken(request: ReceiverRequest, rules: TokenRules, now: number): Promise<Verified> {
  const given = onlyHeader(request, 'authorization')
  if (!given.ok) return given
  if (given.value.length > HEADER_LENGTH_MAX) return wrong('the token: it is longer than any that a sender makes')
  const token = BEARER.exec(given.value)?.groups?.['token']
  if (token === undefined) return wrong('the token: expected Bearer and a token of three parts')
  const verified = await verifyToken(token, rules, now)
  if (verified.ok) return ok(verified.value)
  return err({ reason: REASONS[verified.error.reason], detail: verified.error.detail })
}

function wrong(detail: string): Verified {
  return err({ reason: 'wrong-credential', detail })
}
