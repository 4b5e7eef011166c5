/**
 * A world of hosts for the registry client, each as well or as badly behaved as a test scripts it. Everything that was sent
 * is on record, to hosts that do not exist too: what is not there was not sent.
 */

import { createServer, type RequestListener } from 'node:http'
import { once } from 'node:events'
import { tinyImage, type TinyImage } from '../../src/cli/demo/image.ts'
import { createHttp, type Fetch, type Http } from '../../src/clients/http.ts'
import { createRegistries, type RegistriesWithQuota } from '../../src/clients/registry/registries.ts'
import { Digest, Registry, Repository, Tag } from '../../src/domain/image.ts'
import type { RegistryConfig } from '../../src/domain/config.ts'

/** Every secret in these tests has this in it: wherever else it turns up, it leaked. */
export const CANARY = 'CANARY-5f2c'
export const PASSWORD = `${CANARY}-password`
export const USERNAME = 'robot'
/** What a test clock says unless the test moves it. */
export const NOON = Date.UTC(2026, 10, 21, 12)

export type Seen = {
  readonly method: string
  readonly url: URL
  readonly headers: Headers
  readonly body: string
  /** Counts the requests to this host, from 1. */
  readonly nth: number
}
export type Script = (seen: Seen) => Response | Promise<Response>
export type World = { readonly fetch: Fetch; readonly http: Http; readonly seen: Seen[]; now: number }

/** Hosts by `host[:port]`; one that is not listed cannot be reached. */
export function aWorld(hosts: Readonly<Record<string, Script>>): World {
  const seen: Seen[] = []
  const fetch: Fetch = async (url, init) => {
    const nth = seen.filter((before) => before.url.host === url.host).length + 1
    const body = typeof init.body === 'string' ? init.body : ''
    const now: Seen = { method: init.method, url: new URL(url), headers: new Headers(init.headers), body, nth }
    seen.push(now)
    const script = hosts[url.host]
    if (script === undefined)
      throw new TypeError('fetch failed', { cause: Object.assign(new Error(), { code: 'ENOTFOUND' }) })
    return script(now)
  }
  const world = { fetch, seen, now: NOON }
  const http = createHttp({ fetch, now: () => world.now, random: () => 0.5, sleep: async () => undefined })
  return Object.assign(world, { http })
}

/** The client under test. One registry is configured: the host given, with credentials unless `pull` is null. */
export function aClient(
  world: World,
  host: string,
  options: Omit<Partial<RegistryConfig>, 'pull'> & { pull?: RegistryConfig['pull'] | null } = {},
): RegistriesWithQuota {
  const { pull = { username: USERNAME, password: 'env:PULL' }, ...others } = options
  const registry: RegistryConfig = {
    host: Registry.parse(host),
    insecure: false,
    ...others,
    ...(pull === null ? {} : { pull }),
  }
  return createRegistries({
    http: world.http,
    registries: { main: registry },
    secretOf: () => async () => [PASSWORD],
    now: () => world.now,
  })
}

export function anImage(host: string, tag = '1.0.0', repository = 'acme/app') {
  return { registry: Registry.parse(host), repository: Repository.parse(repository), tag: Tag.parse(tag) }
}

export function pinned(host: string, digest: string, repository = 'acme/app') {
  return { registry: Registry.parse(host), repository: Repository.parse(repository), digest: Digest.parse(digest) }
}

export type GoodOptions = {
  readonly images?: Readonly<Record<string, TinyImage>>
  readonly auth?: 'none' | 'basic' | 'bearer'
  /** The whole `WWW-Authenticate`; default: what `auth` means. */
  readonly challenge?: string
  /** Which bearer tokens are taken; default: those of `tokenService`. */
  readonly takes?: (token: string) => boolean
  readonly tags?: readonly string[]
  /** Answers instead, where it gives something. */
  readonly instead?: (seen: Seen) => Response | Promise<Response> | undefined
}

export const APP = tinyImage('app')

/** A registry as it should be, but for what its options say. */
export function aRegistry(options: GoodOptions = {}): Script {
  const {
    images = { '1.0.0': APP },
    auth = 'none',
    takes = (token) => token.startsWith(TOKEN),
    tags = Object.keys(images),
  } = options
  const basic = `Basic ${Buffer.from(`${USERNAME}:${PASSWORD}`).toString('base64')}`
  return async (seen) => {
    const other = await options.instead?.(seen)
    if (other !== undefined) return other
    const proof = seen.headers.get('authorization') ?? ''
    const isIn = { none: true, basic: proof === basic, bearer: proof.startsWith('Bearer ') && takes(proof.slice(7)) }[
      auth
    ]
    if (!isIn) return unauthorized(options.challenge ?? defaultChallenge(auth, seen.url))
    if (seen.url.pathname.endsWith('/tags/list')) return Response.json({ name: 'acme/app', tags })
    const reference = seen.url.pathname.split('/').at(-1) ?? ''
    const image = images[reference] ?? Object.values(images).find(({ manifest }) => manifest.digest === reference)
    return image === undefined
      ? Response.json({ errors: [{ code: 'MANIFEST_UNKNOWN' }] }, { status: 404 })
      : manifestAnswer(image)
  }
}

export function manifestAnswer({ manifest }: TinyImage, headers: Readonly<Record<string, string>> = {}): Response {
  const all = { 'content-type': manifest.mediaType, 'docker-content-digest': manifest.digest, ...headers }
  return new Response(Uint8Array.from(manifest.bytes), {
    headers: Object.entries(all).filter(([, value]) => value !== ''),
  })
}

export function unauthorized(challenge: string | null): Response {
  return new Response('{}', { status: 401, headers: challenge === null ? {} : { 'www-authenticate': challenge } })
}

export const TOKEN = `${CANARY}-token`

/** Gives a new token each time; `expires_in` 300 unless the answer says otherwise. */
export function tokenService(answer: object = {}): Script {
  return ({ nth }) => Response.json({ token: `${TOKEN}-${nth}`, expires_in: 300, ...answer })
}

function defaultChallenge(auth: string, { host }: URL): string {
  return auth === 'basic' ? 'Basic realm="here"' : `Bearer realm="https://${host}/token",service="${host}"`
}

/** Sends tokens where the path says so, and everything else to the registry. */
export function withTokens(registry: Script, tokens: Script = tokenService()): Script {
  let nth = 0
  return (seen) => (seen.url.pathname === '/token' ? tokens({ ...seen, nth: (nth += 1) }) : registry(seen))
}

/** `GET /v2/acme/app/…` and the like, without the host. */
export function linesOf(seen: readonly Seen[]): string[] {
  return seen.map(({ method, url }) => `${method} ${url.host}${url.pathname}`)
}

/** Hosts that got anything which could be used against us. */
export function hostsWithCredentials(seen: readonly Seen[]): string[] {
  const isTelling = ({ headers, url, body }: Seen): boolean =>
    headers.has('authorization') ||
    headers.has('cookie') ||
    `${url.href} ${body} ${[...headers].join()}`.includes(CANARY)
  return [...new Set(seen.filter(isTelling).map(({ url }) => url.host))]
}

/** A real server on loopback, for what only real bytes show. */
export async function aServer(
  listener: RequestListener,
): Promise<{ readonly host: string; readonly close: () => Promise<void> }> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    host: `127.0.0.1:${port}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
