/** How one registry is reached: its address, who may ask for our credentials, and the credentials. */

import type { Config, RegistryConfig } from '../../domain/config.ts'
import type { Registry } from '../../domain/image.ts'
import { createCredential, type CredentialOf, type CredentialTools } from '../registry-credentials/index.ts'

/** Docker Hub is named by one host and served by another. */
const API_HOSTS: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.docker.io' }
/** Registries whose token service is known to live elsewhere. All others must ask on their own host, or `tokenHost` says where. */
const TOKEN_HOSTS: Readonly<Record<string, string>> = {
  'docker.io': 'auth.docker.io',
  'registry.gitlab.com': 'gitlab.com',
}

export type Login = { readonly username: string; readonly password: string }
export type Credential =
  | ({ readonly kind: 'password' } & Login)
  /** A refresh token of OAuth2: for the token service alone. */
  | { readonly kind: 'identity-token'; readonly token: string }

export type Access = {
  /** As image references name it. */
  readonly registry: Registry
  readonly apiHost: string
  /** The one host that may ask for our credentials. Whole hosts are compared: `evil.azurecr.io` is not `acme.azurecr.io`. */
  readonly tokenHost: string
  readonly plainHttp: boolean
  /** Null: anonymous. */
  readonly credential: CredentialOf | null
}

/** Where it is, without how it is read. */
export type Place = Omit<Access, 'credential'>

/** What the configuration says about a host; a host that it does not name is read anonymously, by https. */
export function accessOf(registry: Registry, registries: Config['registries'], tools: CredentialTools): Access {
  const place = placeOf(registry, registries)
  const pull = entryOf(registry, registries)?.pull
  return { ...place, credential: pull === undefined ? null : createCredential(pull, place, tools) }
}

/** The address alone: no secret is looked at. */
export function placeOf(registry: Registry, registries: Config['registries']): Place {
  const entry = entryOf(registry, registries)
  const apiHost = API_HOSTS[registry] ?? registry
  const tokenHost = entry?.tokenHost ?? TOKEN_HOSTS[registry] ?? apiHost
  return { registry, apiHost, tokenHost, plainHttp: entry?.insecure ?? false }
}

/** Of several entries of one host, the one that says how it is read. */
function entryOf(registry: Registry, registries: Config['registries']): RegistryConfig | undefined {
  const named = Object.values(registries).filter(({ host }) => host === registry)
  return named.find(({ pull }) => pull !== undefined) ?? named[0]
}

/** The value of an `Authorization` header for a name and a password, as UTF-8 (RFC 7617). */
export function basic({ username, password }: Login): string {
  const bytes = new TextEncoder().encode(`${username}:${password}`)
  return `Basic ${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))}`
}
