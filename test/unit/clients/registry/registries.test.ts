/** What an event costs, who gets credentials, and what a lying registry achieves. */

import { describe, expect, it } from 'vitest'
import { tinyImage } from '../../../../src/cli/demo/image.ts'
import { RetryLater } from '../../../../src/domain/retry.ts'
import {
  aClient,
  anImage,
  APP,
  aRegistry,
  aWorld,
  CANARY,
  hostsWithCredentials,
  linesOf,
  manifestAnswer,
  PASSWORD,
  pinned,
  tokenService,
  TOKEN,
  unauthorized,
  USERNAME,
  withTokens,
  type GoodOptions,
  type Script,
  type World,
} from '../../../helpers/hostile-registry.ts'

const HOST = 'reg.example.com'
const DIGEST = APP.manifest.digest
const MANIFEST = APP.manifest.mediaType
const OTHER = tinyImage('other')
const V2 = `${HOST}/v2/acme/app`

/** What the pipeline does for an event: resolve, then inspect. */
async function event(world: World, client = aClient(world, HOST)) {
  const resolved = await client.resolve(anImage(HOST))
  const inspected = resolved.ok ? await client.inspect(pinned(HOST, resolved.value.digest)) : null
  return { resolved, inspected }
}

function bearer(options: GoodOptions = {}, tokens: Script = tokenService()): World {
  return aWorld({ [HOST]: withTokens(aRegistry({ auth: 'bearer', ...options }), tokens) })
}

describe('what an event costs', () => {
  it('four requests cold, a token included, and one where the content is known', async () => {
    const world = bearer()
    const client = aClient(world, HOST)
    expect(await event(world, client)).toMatchObject({
      resolved: { ok: true, value: { digest: DIGEST } },
      inspected: { ok: true },
    })
    expect(linesOf(world.seen)).toEqual([
      `HEAD ${V2}/manifests/1.0.0`,
      `GET ${HOST}/token`,
      `HEAD ${V2}/manifests/1.0.0`,
      `GET ${V2}/manifests/${DIGEST}`,
    ])
    await event(world, client)
    expect(linesOf(world.seen.slice(4))).toEqual([`HEAD ${V2}/manifests/1.0.0`])
  })

  it('one that carries nothing, where it is only asked whether the tag has moved', async () => {
    const asked: (string | null)[] = []
    const registry = aRegistry()
    const world = aWorld({
      [HOST]: (request) => {
        const tag = request.headers.get('if-none-match')
        asked.push(tag)
        return tag === `"${DIGEST}"` ? new Response(null, { status: 304 }) : registry(request)
      },
    })
    const client = aClient(world, HOST)
    const same = await client.resolve(anImage(HOST), DIGEST)
    const moved = await client.resolve(anImage(HOST), OTHER.manifest.digest)
    expect([same, moved]).toMatchObject([{ value: { digest: DIGEST } }, { value: { digest: DIGEST } }])
    expect(asked).toEqual([`"${DIGEST}"`, `"${OTHER.manifest.digest}"`])
  })

  it('three with a password', async () => {
    const world = aWorld({ [HOST]: aRegistry({ auth: 'basic' }) })
    const client = aClient(world, HOST)
    expect((await event(world, client)).inspected).toEqual({ ok: true, value: { kind: 'image' } })
    expect(world.seen).toHaveLength(3)
    await event(world, client)
    expect(world.seen).toHaveLength(4)
  })

  it('two where nobody asks for credentials, which then stay at home', async () => {
    const world = aWorld({ [HOST]: aRegistry() })
    await event(world)
    expect(world.seen).toHaveLength(2)
    expect(hostsWithCredentials(world.seen)).toEqual([])
  })

  it('three for another repository: its token is asked for without a refusal first', async () => {
    const world = bearer()
    const client = aClient(world, HOST)
    await event(world, client)
    const resolved = await client.resolve(anImage(HOST, '1.0.0', 'acme/other'))
    await client.inspect(pinned(HOST, resolved.ok ? resolved.value.digest : '', 'acme/other'))
    expect(world.seen.slice(4).map(({ method }) => method)).toEqual(['GET', 'HEAD', 'GET'])
    expect(world.seen[4]?.url.searchParams.get('scope')).toBe('repository:acme/other:pull')
  })

  it.each([
    [
      'a HEAD without a digest',
      (seen: { method: string }) =>
        seen.method === 'HEAD' ? manifestAnswer(APP, { 'docker-content-digest': '' }) : undefined,
    ],
    [
      'a HEAD without a content type',
      (seen: { method: string }) => (seen.method === 'HEAD' ? manifestAnswer(APP, { 'content-type': '' }) : undefined),
    ],
    [
      'HEAD 405',
      (seen: { method: string }) => (seen.method === 'HEAD' ? new Response(null, { status: 405 }) : undefined),
    ],
    [
      'HEAD 501',
      (seen: { method: string }) => (seen.method === 'HEAD' ? new Response(null, { status: 501 }) : undefined),
    ],
  ])('four at most with %s: the GET that replaces it serves the inspection too', async (_what, head) => {
    const instead: GoodOptions['instead'] = (seen) => (seen.headers.has('authorization') ? head(seen) : undefined)
    const world = bearer({ instead })
    const client = aClient(world, HOST)
    const expected = { resolved: { ok: true, value: { digest: DIGEST, mediaType: MANIFEST } }, inspected: { ok: true } }
    expect(await event(world, client)).toMatchObject(expected)
    expect(world.seen.map(({ method }) => method)).toEqual(['HEAD', 'GET', 'HEAD', 'GET'])
    expect(await event(world, client)).toMatchObject(expected)
    expect(linesOf(world.seen.slice(4))).toEqual([`GET ${V2}/manifests/1.0.0`])
  })

  it('nothing for content that is known: the same event a hundred times is one pull', async () => {
    const world = aWorld({ [HOST]: aRegistry() })
    const client = aClient(world, HOST)
    for (let times = 0; times < 100; times += 1) await event(world, client)
    expect(world.seen.filter(({ method }) => method === 'GET')).toHaveLength(1)
    expect(await client.inspect(pinned(HOST, DIGEST))).toEqual({ ok: true, value: { kind: 'image' } })
    expect(world.seen).toHaveLength(101)
  })

  it('three where a kept token was revoked', async () => {
    let revoked = ''
    const world = bearer({ takes: (token) => token !== revoked })
    const client = aClient(world, HOST)
    await event(world, client)
    revoked = `${TOKEN}-1`
    world.now += 60_000
    expect((await event(world, client)).inspected).toMatchObject({ ok: true })
    expect(linesOf(world.seen.slice(4)).map((line) => line.split(' ')[0])).toEqual(['HEAD', 'GET', 'HEAD'])
  })

  it.each([
    ['every token is refused', { takes: () => false }],
    [
      'every manifest is refused',
      {
        instead: ({ method, url }: { method: string; url: URL }) =>
          method === 'GET' && url.pathname !== '/token'
            ? unauthorized(`Bearer realm="https://${HOST}/token",service="${HOST}"`)
            : undefined,
      },
    ],
  ])('never more than four where %s', async (_what, options) => {
    const world = bearer(options)
    const client = aClient(world, HOST)
    const { resolved, inspected } = await event(world, client)
    expect(inspected ?? resolved).toMatchObject({ ok: false, error: { reason: 'unauthorized' } })
    expect(world.seen.length).toBeLessThanOrEqual(4)
    const before = world.seen.length
    await event(world, client)
    expect(world.seen.length - before).toBeLessThanOrEqual(4)
  })

  it('one where the registry is down: trying again is not for here', async () => {
    const world = aWorld({ [HOST]: () => new Response('', { status: 503, headers: { 'retry-after': '30' } }) })
    await expect(event(world)).rejects.toMatchObject({ name: 'RetryLater', retryAfterMs: 30_000 })
    expect(world.seen).toHaveLength(1)
  })

  it('asks for all kinds of manifests in every request', async () => {
    const world = bearer()
    await event(world)
    const accepted = world.seen
      .filter(({ url }) => url.pathname !== '/token')
      .map(({ headers }) => headers.get('accept'))
    expect(new Set(accepted).size).toBe(1)
    expect(accepted[0]?.split(', ').toSorted()).toEqual([
      'application/vnd.docker.distribution.manifest.list.v2+json',
      'application/vnd.docker.distribution.manifest.v2+json',
      'application/vnd.oci.image.index.v1+json',
      'application/vnd.oci.image.manifest.v1+json',
    ])
  })
})

describe('which registry, which address', () => {
  it('reads Docker Hub at its own hosts, official images under library', async () => {
    const challenge = 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io"'
    const world = aWorld({
      'registry-1.docker.io': aRegistry({ auth: 'bearer', challenge }),
      'auth.docker.io': tokenService(),
    })
    const found = await aClient(world, 'docker.io').resolve(anImage('docker.io', '1.0.0', 'library/nginx'))
    expect(found).toMatchObject({ ok: true })
    expect(linesOf(world.seen)).toEqual([
      'HEAD registry-1.docker.io/v2/library/nginx/manifests/1.0.0',
      'GET auth.docker.io/token',
      'HEAD registry-1.docker.io/v2/library/nginx/manifests/1.0.0',
    ])
    expect(hostsWithCredentials(world.seen)).toEqual(['auth.docker.io', 'registry-1.docker.io'])
  })

  it('reads a host that no registry of the configuration names, without credentials', async () => {
    const world = aWorld({ 'other.example.net': aRegistry({ auth: 'basic' }) })
    const found = await aClient(world, HOST).resolve(anImage('other.example.net'))
    expect(found).toMatchObject({ ok: false, error: { reason: 'unauthorized' } })
    expect(hostsWithCredentials(world.seen)).toEqual([])
  })

  it('CVE-2019-10214: speaks https, and plain http only where the registry says insecure', async () => {
    const world = aWorld({ [HOST]: aRegistry() })
    await aClient(world, HOST).resolve(anImage(HOST))
    await aClient(world, HOST, { insecure: true }).resolve(anImage(HOST))
    expect(world.seen.map(({ url }) => url.protocol)).toEqual(['https:', 'http:'])
  })

  it('CVE-2019-10214: an insecure registry may ask for credentials by http on its own host only', async () => {
    const challenge = 'Bearer realm="http://evil.example/token"'
    const world = aWorld({ [HOST]: aRegistry({ auth: 'bearer', challenge }) })
    const found = await aClient(world, HOST, { insecure: true }).resolve(anImage(HOST))
    expect(found).toMatchObject({ ok: false, error: { reason: 'realm-not-allowed' } })
    const own = aWorld({
      [HOST]: withTokens(aRegistry({ auth: 'bearer', challenge: `Bearer realm="http://${HOST}/token"` })),
    })
    expect(await aClient(own, HOST, { insecure: true }).resolve(anImage(HOST))).toMatchObject({ ok: true })
  })
})

describe('who gets credentials', () => {
  it('nobody but the registry and its pinned realm, whatever a hostile registry tries', async () => {
    const evil = 'evil.example'
    const attempts: Script[] = [
      aRegistry({ auth: 'bearer', challenge: `Bearer realm="https://${evil}/token"` }),
      () => new Response('', { status: 307, headers: { location: `https://${evil}/` } }),
      withTokens(
        aRegistry({ auth: 'bearer' }),
        () => new Response('', { status: 302, headers: { location: `https://${evil}/` } }),
      ),
      withTokens(
        aRegistry({
          auth: 'bearer',
          instead: ({ headers }) =>
            headers.has('authorization')
              ? new Response('', { status: 302, headers: { location: `https://${evil}/` } })
              : undefined,
        }),
      ),
      aRegistry({
        auth: 'basic',
        instead: ({ headers }) =>
          headers.has('authorization')
            ? Response.json({ tags: ['a'] }, { headers: { link: `<https://${evil}/>; rel=next` } })
            : undefined,
      }),
    ]
    for (const attempt of attempts) {
      const world = aWorld({
        [HOST]: attempt,
        [evil]: (seen) => unauthorized(seen.nth % 2 ? 'Basic realm="x"' : `Bearer realm="https://${evil}/t"`),
      })
      const client = aClient(world, HOST)
      const found = [
        await client.resolve(anImage(HOST)),
        await client.inspect(pinned(HOST, DIGEST)),
        await client.listTags(anImage(HOST)),
      ]
      expect(hostsWithCredentials(world.seen).filter((host) => host !== HOST)).toEqual([])
      expect(JSON.stringify(found)).not.toContain(CANARY)
    }
  })

  it('the password goes to the token service, the token to the registry, and never the other way', async () => {
    const world = bearer()
    await event(world)
    expect(world.seen.map(({ headers }) => headers.get('authorization'))).toEqual([
      null,
      `Basic ${Buffer.from(`${USERNAME}:${PASSWORD}`).toString('base64')}`,
      `Bearer ${TOKEN}-1`,
      `Bearer ${TOKEN}-1`,
    ])
  })

  it('an anonymous token is asked for without a password', async () => {
    const world = bearer()
    await event(world, aClient(world, HOST, { pull: null }))
    expect(world.seen[1]?.headers.has('authorization')).toBe(false)
    expect(world.seen).toHaveLength(4)
  })

  it('a password in other letters than ASCII is sent as UTF-8', async () => {
    const world = aWorld({
      [HOST]: ({ headers }) => (headers.has('authorization') ? manifestAnswer(APP) : unauthorized('Basic realm="x"')),
    })
    const pull = { username: 'jürgen', password: 'env:X' }
    await aClient(world, HOST, { pull }).resolve(anImage(HOST))
    const sent = world.seen[1]?.headers.get('authorization')?.slice(6) ?? ''
    expect(Buffer.from(sent, 'base64').toString()).toBe(`jürgen:${PASSWORD}`)
  })

  it('a refused password is not sent twice', async () => {
    const world = aWorld({ [HOST]: () => unauthorized('Basic realm="x"') })
    const client = aClient(world, HOST)
    expect(await client.resolve(anImage(HOST))).toMatchObject({ ok: false, error: { reason: 'unauthorized' } })
    expect(world.seen).toHaveLength(2)
    await client.resolve(anImage(HOST))
    expect(world.seen).toHaveLength(3)
  })

  it('a registry that changes how it asks is understood at the next try', async () => {
    let auth: 'basic' | 'bearer' = 'basic'
    const world = aWorld({ [HOST]: withTokens((seen) => aRegistry({ auth })(seen)) })
    const client = aClient(world, HOST)
    await event(world, client)
    auth = 'bearer'
    expect((await event(world, client)).inspected).toMatchObject({ ok: true })
    auth = 'basic'
    await expect(event(world, client)).rejects.toBeInstanceOf(RetryLater)
    expect((await event(world, client)).inspected).toMatchObject({ ok: true })
  })

  it('a token service that moved is found again', async () => {
    let path = 'token'
    const registry = aRegistry({
      auth: 'bearer',
      instead: (seen) =>
        seen.headers.has('authorization') ? undefined : unauthorized(`Bearer realm="https://${HOST}/${path}"`),
    })
    const world = aWorld({
      [HOST]: (seen) =>
        seen.url.pathname.startsWith('/v2/')
          ? registry(seen)
          : seen.url.pathname === `/${path}`
            ? tokenService()(seen)
            : new Response('', { status: 404 }),
    })
    const client = aClient(world, HOST)
    await event(world, client)
    path = 'moved'
    world.now += 3_600_000
    expect((await event(world, client)).resolved).toMatchObject({ ok: false })
    expect((await event(world, client)).inspected).toMatchObject({ ok: true })
  })
})

describe('CVE-2020-15157: a 401 from where a redirect led asks nothing of us', () => {
  it.each(['Basic realm="x"', `Bearer realm="https://${HOST}/token"`, 'Bearer realm="https://evil.example/token"'])(
    '%s',
    async (challenge) => {
      const world = aWorld({
        [HOST]: withTokens(() => new Response('', { status: 307, headers: { location: 'https://evil.example/blob' } })),
        'evil.example': () => unauthorized(challenge),
      })
      const found = await aClient(world, HOST).resolve(anImage(HOST))
      expect(found).toMatchObject({ ok: false, error: { reason: 'unauthorized' } })
      expect(linesOf(world.seen)).toEqual([`HEAD ${V2}/manifests/1.0.0`, 'HEAD evil.example/blob'])
      expect(hostsWithCredentials(world.seen)).toEqual([])
    },
  )
})

describe('redirects', () => {
  const away = (location: string): World =>
    aWorld({
      [HOST]: withTokens(
        aRegistry({
          auth: 'bearer',
          instead: ({ url, headers }) =>
            headers.has('authorization') && url.pathname.includes('manifests')
              ? new Response('', { status: 307, headers: { location } })
              : undefined,
        }),
      ),
      'mirror.example.net': aRegistry(),
    })

  it('CVE-2026-49349: lead to another registry without credentials, and the answer counts', async () => {
    const world = away(`https://mirror.example.net/v2/acme/app/manifests/${DIGEST}`)
    expect((await event(world)).inspected).toMatchObject({ ok: true })
    expect(hostsWithCredentials(world.seen)).toEqual([HOST])
  })

  it.each([
    ['plain http', 'http://mirror.example.net/x', 'redirect-not-allowed'],
    ['the metadata service', 'https://169.254.169.254/x', 'address-not-allowed'],
    ['this machine', 'https://localhost/x', 'address-not-allowed'],
    ['a name and a password', 'https://a:b@mirror.example.net/x', 'address-not-allowed'],
    ['another port', 'https://mirror.example.net:8443/x', 'address-not-allowed'],
    ['itself, for ever', `https://${HOST}/v2/acme/app/manifests/1.0.0`, 'redirect-not-allowed'],
    ['no address', 'https://', 'redirect-not-allowed'],
  ])('to %s are refused', async (_what, location, reason) => {
    expect((await event(away(location))).resolved).toMatchObject({ ok: false, error: { reason } })
  })
})

describe('a lying registry', () => {
  const instead = (answer: (seen: { method: string }) => Response | undefined): World =>
    aWorld({ [HOST]: (seen) => answer(seen) ?? aRegistry()(seen) })
  const get = (response: () => Response) => instead(({ method }) => (method === 'GET' ? response() : undefined))

  it('GHSA-qv35-3gw6-8q4j: other bytes than the digest names are refused, though its header agrees with us', async () => {
    const world = get(() => manifestAnswer(OTHER, { 'docker-content-digest': DIGEST }))
    expect((await event(world)).inspected).toMatchObject({ ok: false, error: { reason: 'digest-mismatch' } })
  })

  it('GHSA-qv35-3gw6-8q4j: one changed byte is enough', async () => {
    const bytes = Uint8Array.from(APP.manifest.bytes)
    bytes[bytes.length - 1] = 0x20
    const world = get(
      () => new Response(bytes, { headers: { 'content-type': MANIFEST, 'docker-content-digest': DIGEST } }),
    )
    expect((await event(world)).inspected).toMatchObject({ ok: false, error: { reason: 'digest-mismatch' } })
  })

  it('a second answer with another digest does not count: what was resolved is what is inspected', async () => {
    const images = [APP, OTHER]
    const world = instead(({ method }) => (method === 'HEAD' ? manifestAnswer(images.shift() ?? OTHER) : undefined))
    const client = aClient(world, HOST)
    const { resolved, inspected } = await event(world, client)
    expect([resolved, inspected]).toMatchObject([{ value: { digest: DIGEST } }, { ok: true }])
    expect(await client.resolve(anImage(HOST))).toMatchObject({ ok: true, value: { digest: OTHER.manifest.digest } })
  })

  it('a GET by tag whose header names another digest than its bytes is refused', async () => {
    const world = instead(({ method }) =>
      method === 'HEAD'
        ? new Response(null, { status: 405 })
        : manifestAnswer(APP, { 'docker-content-digest': OTHER.manifest.digest }),
    )
    expect((await event(world)).resolved).toMatchObject({ ok: false, error: { reason: 'digest-mismatch' } })
  })

  it.each([
    'sha256:abc',
    `sha256:${'A'.repeat(64)}`,
    `sha256:${'a'.repeat(63)}`,
    `sha256:${'a'.repeat(65)}`,
    `SHA256:${'a'.repeat(64)}`,
    `md5:${'a'.repeat(32)}`,
    `sha512:${'a'.repeat(64)}`,
    `sha256:../../${'a'.repeat(58)}`,
    `sha256:${'a'.repeat(64)}, sha256:${'b'.repeat(64)}`,
    'a'.repeat(64),
    'sha256:',
    '<script>',
  ])('CVE-2024-3727: %s is no digest', async (digest) => {
    const world = instead(() => manifestAnswer(APP, { 'docker-content-digest': digest }))
    expect((await event(world)).resolved).toMatchObject({ ok: false, error: { reason: 'malformed-answer' } })
  })

  it.each([
    ['a login page', 'text/html', 'unsupported-manifest'],
    ['schema 1', 'application/vnd.docker.distribution.manifest.v1+prettyjws', 'unsupported-manifest'],
    ['any bytes', 'application/octet-stream', 'unsupported-manifest'],
  ])('a HEAD that answers %s is refused', async (_what, type, reason) => {
    const world = instead(() => manifestAnswer(APP, { 'content-type': type }))
    expect((await event(world)).resolved).toMatchObject({ ok: false, error: { reason } })
  })

  it('takes a content type with parameters and in other case', async () => {
    const world = instead(() => manifestAnswer(APP, { 'content-type': `${MANIFEST.toUpperCase()}; charset=utf-8` }))
    expect(await event(world)).toMatchObject({ resolved: { value: { mediaType: MANIFEST } }, inspected: { ok: true } })
  })

  it('a manifest of more than 4 MiB is not read', async () => {
    const world = get(
      () => new Response(new Uint8Array(4 * 1024 * 1024 + 1), { headers: { 'content-type': MANIFEST } }),
    )
    expect((await event(world)).inspected).toMatchObject({ ok: false, error: { reason: 'answer-too-large' } })
  })

  it('a manifest by sha512 is hashed by sha512', async () => {
    const bytes = Uint8Array.from(APP.manifest.bytes)
    const hex = Buffer.from(await crypto.subtle.digest('SHA-512', bytes)).toString('hex')
    const world = aWorld({ [HOST]: () => manifestAnswer(APP) })
    const client = aClient(world, HOST)
    expect(await client.inspect(pinned(HOST, `sha512:${hex}`))).toMatchObject({ ok: true })
    expect(await client.inspect(pinned(HOST, `sha512:${'a'.repeat(128)}`))).toMatchObject({
      ok: false,
      error: { reason: 'digest-mismatch' },
    })
  })

  it.each([
    [401, null, 'unauthorized'],
    [401, 'Negotiate', 'unauthorized'],
    [401, 'Bearer realm="x', 'malformed-answer'],
    [401, `Bearer realm="https://${HOST}/token",service="${'s'.repeat(600)}"`, 'malformed-answer'],
    [403, null, 'unauthorized'],
    [404, null, 'tag-not-found'],
    [400, null, 'malformed-answer'],
    [406, null, 'malformed-answer'],
    [418, null, 'malformed-answer'],
    [204, null, 'malformed-answer'],
    [302, null, 'redirect-not-allowed'],
    [304, null, 'redirect-not-allowed'],
  ])('%i (%s) is a reason', async (status, challenge, reason) => {
    const world = aWorld({
      [HOST]: () => new Response(null, { status, headers: challenge ? { 'www-authenticate': challenge } : {} }),
    })
    const client = aClient(world, HOST)
    expect(await client.resolve(anImage(HOST))).toMatchObject({ ok: false, error: { reason } })
    expect(await client.inspect(pinned(HOST, DIGEST))).toMatchObject({ ok: false, error: { reason } })
    expect(await client.listTags(anImage(HOST))).toMatchObject({ ok: false, error: { reason } })
  })

  it.each([429, 500, 502, 503, 504])('%i means later', async (status) => {
    const world = aWorld({ [HOST]: () => new Response('', { status }) })
    const client = aClient(world, HOST)
    await expect(client.resolve(anImage(HOST))).rejects.toBeInstanceOf(RetryLater)
    await expect(client.inspect(pinned(HOST, DIGEST))).rejects.toBeInstanceOf(RetryLater)
    await expect(client.listTags(anImage(HOST))).rejects.toBeInstanceOf(RetryLater)
    expect(world.seen).toHaveLength(3)
  })

  it('a host that is not there means later', async () => {
    const world = aWorld({})
    await expect(aClient(world, HOST).resolve(anImage(HOST))).rejects.toThrow(/reg\.example\.com failed: ENOTFOUND/u)
  })
})

describe('rate limits', () => {
  it('what the registry said last can be read', async () => {
    const world = aWorld({
      [HOST]: () => manifestAnswer(APP, { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '76;w=21600' }),
    })
    const client = aClient(world, HOST)
    const { registry } = anImage(HOST)
    expect(client.quotaOf(registry)).toBeNull()
    await client.resolve(anImage(HOST))
    expect(client.quotaOf(registry)).toEqual({ limit: 100, remaining: 76, windowSeconds: 21_600 })
  })

  it.each(['', 'many', '-1', '1.5', '9999999999999'])('%j says nothing', async (remaining) => {
    const world = aWorld({ [HOST]: () => manifestAnswer(APP, { 'ratelimit-remaining': remaining }) })
    const client = aClient(world, HOST)
    await client.resolve(anImage(HOST))
    expect(client.quotaOf(anImage(HOST).registry)).toBeNull()
  })
})
