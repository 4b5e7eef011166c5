/** What a registry asks for when it answers 401, and whether the place where it sends us for a token may have it. */

import { err, ok, type Result } from '../../domain/result.ts'
import type { RegistryProblem } from '../../domain/registry.ts'
import type { Access } from './access.ts'
import { parseChallenges } from './challenge.ts'

const REALM_LENGTH_MAX = 2048
const SERVICE_LENGTH_MAX = 512

export type Scheme =
  | { readonly kind: 'basic' }
  | { readonly kind: 'bearer'; readonly realm: URL; readonly service: string | null }

/** Bearer before basic, where both are offered: a token for one repository is worth less to a thief than a password. */
export function schemeOf(header: string | null, access: Access): Result<Scheme, RegistryProblem> {
  const challenges = parseChallenges(header)
  if (challenges === null)
    return refuse('malformed-answer', `${access.registry} asks for credentials in a form that cannot be read`)
  const bearer = challenges.find(({ scheme }) => scheme === 'bearer')
  if (bearer !== undefined) {
    const realm = realmOf(bearer.parameters.get('realm') ?? '', access)
    const service = bearer.parameters.get('service') ?? null
    if (!realm.ok) return realm
    if (service !== null && service.length > SERVICE_LENGTH_MAX)
      return refuse('malformed-answer', 'the name of the token service is too long')
    return ok({ kind: 'bearer', realm: realm.value, service })
  }
  if (challenges.some(({ scheme }) => scheme === 'basic')) return ok({ kind: 'basic' })
  return refuse('unauthorized', `${access.registry} refuses the request and asks for no credentials that we have`)
}

/**
 * A registry chooses its realm, so a hostile one would choose whom to send our credentials to (CVE-2026-33540). The pin is one
 * exact host and port. Text that the URL parser would fold (Unicode dots, tabs) is refused before it can look like it.
 */
function realmOf(text: string, access: Access): Result<URL, RegistryProblem> {
  const isPlain = text.length <= REALM_LENGTH_MAX && /^[\u0021-\u007e]+$/u.test(text) && !text.includes('\\')
  const url = isPlain ? URL.parse(text) : null
  const isHttps = url?.protocol === 'https:' || (url?.protocol === 'http:' && access.plainHttp)
  if (url === null || !isHttps || url.username !== '' || url.password !== '') {
    return refuse('realm-not-allowed', `${access.registry} sends us for a token to an address that is not plain https`)
  }
  if (url.host !== URL.parse(`${url.protocol}//${access.tokenHost}`)?.host) {
    return refuse(
      'realm-not-allowed',
      `${access.registry} sends us for a token to ${url.host}; expected ${access.tokenHost}. If that is right, set tokenHost for this registry`,
    )
  }
  url.hash = ''
  return ok(url)
}

function refuse(reason: RegistryProblem['reason'], detail: string): Result<never, RegistryProblem> {
  return err({ reason, detail })
}
