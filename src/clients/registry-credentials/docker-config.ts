/**
 * The file in which Docker keeps logins, and the secrets of Kubernetes that hold the same.
 * https://docs.docker.com/reference/cli/docker/login/ · https://kubernetes.io/docs/concepts/configuration/secret/#docker-config-secrets
 */

import * as z from 'zod'
import { Json } from '../../domain/json.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import type { Credential } from '../registry/access.ts'

const HOSTS_MAX = 1_000

const Text = z.string().max(64 * 1024)
const Auth = z.object({
  auth: Text.optional(),
  username: Text.optional(),
  password: Text.optional(),
  /** Of OAuth2: it is shown to the token service alone. */
  identitytoken: Text.optional(),
  registrytoken: Text.optional(),
})
type Auth = z.infer<typeof Auth>

const DockerConfig = z.object({
  auths: z.record(z.string().max(1024), Auth).optional(),
  credHelpers: z.record(z.string().max(1024), z.string()).optional(),
  credsStore: z.string().optional(),
})
/** As `kubectl get secret --output json` shows it. */
const Secret = z.object({
  kind: z.literal('Secret'),
  data: z.union([
    z.object({ '.dockerconfigjson': z.base64() }).transform((data) => data['.dockerconfigjson']),
    z.object({ '.dockercfg': z.base64() }).transform((data) => data['.dockercfg']),
  ]),
})
/** The older form: the hosts alone. */
const OldConfig = z.record(z.string().max(1024), Auth).transform((auths) => ({ auths }))

/** The login for one host; why there is none, otherwise. Nothing of a login stands in a reason. */
export function loginIn(text: string, registry: string): Result<Credential, string> {
  const secret = Json.pipe(Secret).safeParse(text)
  const config = Json.pipe(z.union([DockerConfig.refine(isConfig), OldConfig])).safeParse(
    secret.success ? utf8(secret.data.data) : text,
  )
  if (!config.success) return err('it is no config.json of Docker, and no secret that holds one')
  const { auths = {}, ...helped } = { credHelpers: undefined, credsStore: undefined, ...config.data }
  const hosts = Object.entries(auths).slice(0, HOSTS_MAX)
  const found = hosts.find(([key]) => hostOf(key) === registry)?.[1]
  const login = found === undefined ? null : loginOf(found)
  if (login !== null) return login
  const helper = helperOf(helped, registry)
  if (helper !== null)
    return err(
      `it leaves ${registry} to the program docker-credential-${helper}, and Drayage runs no such programs. Write pull: aws, google or azure for a cloud's registry; username: and password: for another`,
    )
  return err(`it has no login for ${registry}. Log in with: docker login ${registry}`)
}

function isConfig(config: z.infer<typeof DockerConfig>): boolean {
  return config.auths !== undefined || config.credHelpers !== undefined || config.credsStore !== undefined
}

/** Keys are hosts, or the URLs of days when registries had a version 1. One with a path is for a part of a registry, and is not ours. */
function hostOf(key: string): string {
  const host = key.replace(/^https?:\/\//u, '').replace(/\/(?:v[12]\/?)?$/u, '')
  return host === 'index.docker.io' || host === 'registry-1.docker.io' ? 'docker.io' : host
}

/** Null where the entry is empty, as it is beside a store of credentials. */
function loginOf({ auth, username, password, identitytoken, registrytoken }: Auth): Result<Credential, string> | null {
  if (identitytoken !== undefined && identitytoken !== '') return ok({ kind: 'identity-token', token: identitytoken })
  if (username !== undefined && password !== undefined && username !== '' && password !== '')
    return ok({ kind: 'password', username, password })
  if (auth !== undefined && auth !== '') {
    const groups = /^(?<name>[^:]+):(?<word>.+)$/su.exec(utf8(auth))?.groups
    const { name, word } = groups ?? {}
    // Docker pads with NUL where it once encrypted.
    if (name !== undefined && word !== undefined)
      return ok({ kind: 'password', username: name, password: word.replace(/\u0000+$/u, '') })
    return err('its auth is not a name and a password in Base64')
  }
  return registrytoken === undefined ? null : err('a registrytoken is not supported: log in with a name and a password')
}

type Helped = {
  readonly credHelpers?: Readonly<Record<string, string>> | undefined
  readonly credsStore?: string | undefined
}

/** Its name is shown, so it has to be one. */
function helperOf({ credHelpers, credsStore }: Helped, registry: string): string | null {
  const name = Object.entries(credHelpers ?? {}).find(([key]) => hostOf(key) === registry)?.[1] ?? credsStore
  return name !== undefined && /^[a-z0-9._-]{1,64}$/iu.test(name) ? name : null
}

function utf8(base64: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(base64), (char) => char.codePointAt(0) ?? 0))
  } catch {
    return ''
  }
}
