/** The only way out: when it tries again, where it goes, what it never says. */

import { describe, expect, it } from 'vitest'
import { createHttp, INLINE_WAIT_MAX_MS, type Http, type HttpRequest } from '../../../src/clients/http.ts'
import { RetryLater } from '../../../src/domain/retry.ts'
import { aWorld, CANARY, linesOf, NOON, type Script } from '../../helpers/hostile-registry.ts'

const HOST = 'api.example.com'

function ask(path = '/', more: Partial<HttpRequest> = {}): HttpRequest {
  return { url: new URL(`https://${HOST}${path}`), hosts: [HOST], ...more }
}

function status(code: number, headers: Record<string, string> = {}): Script {
  return () => new Response('', { status: code, headers })
}

/** A way out that remembers how long it waited. */
function aHttp(script: Script): { http: Http; waits: number[]; seen: ReturnType<typeof aWorld>['seen'] } {
  const waits: number[] = []
  const { fetch, seen } = aWorld({ [HOST]: script })
  const sleep = async (ms: number): Promise<void> => void waits.push(ms)
  return { http: createHttp({ fetch, now: () => NOON, random: () => 0.5, sleep }), waits, seen }
}

describe('trying again', () => {
  it('answers with status, headers and bytes', async () => {
    const { http } = aHttp(() => new Response('hello', { headers: { 'x-a': 'b' } }))
    const found = await http(ask())
    expect(found).toMatchObject({ ok: true, value: { status: 200, fromStranger: false } })
    expect(found.ok && new TextDecoder().decode(found.value.body)).toBe('hello')
    expect(found.ok && found.value.headers.get('x-a')).toBe('b')
  })

  it.each([429, 500, 502, 503, 504])('tries twice more after %i, then says later', async (code) => {
    const { http, seen, waits } = aHttp(status(code))
    await expect(http(ask())).rejects.toBeInstanceOf(RetryLater)
    expect(seen).toHaveLength(3)
    expect(waits).toEqual([100, 200])
  })

  it.each([200, 301, 304, 400, 401, 403, 404, 405, 501, 505])('takes %i as an answer', async (code) => {
    const { http, seen } = aHttp(() => new Response(null, { status: code }))
    expect(await http(ask())).toMatchObject({ ok: true, value: { status: code } })
    expect(seen).toHaveLength(1)
  })

  it('gives the answer of the attempt that worked', async () => {
    const { http, seen } = aHttp(({ nth }) => new Response('', { status: nth < 3 ? 503 : 200 }))
    expect(await http(ask())).toMatchObject({ ok: true, value: { status: 200 } })
    expect(seen).toHaveLength(3)
  })

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'] as const)('never repeats a %s by itself', async (method) => {
    const { http, seen } = aHttp(status(503))
    expect(await http(ask('/', { method, retries: 5 }))).toMatchObject({ ok: true, value: { status: 503 } })
    expect(seen).toHaveLength(1)
  })

  it('hands a caller the answer that wants to read it', async () => {
    const { http, seen } = aHttp(status(429))
    expect(await http(ask('/', { later: 'return' }))).toMatchObject({ ok: true, value: { status: 429 } })
    expect(seen).toHaveLength(3)
  })

  it('throws for a POST whose caller wants that', async () => {
    const { http } = aHttp(status(503, { 'retry-after': '7' }))
    await expect(http(ask('/', { method: 'POST', later: 'throw' }))).rejects.toMatchObject({ retryAfterMs: 7000 })
  })

  it('tries again where there was no connection, and then says which host', async () => {
    const { http, seen } = aHttp(() => {
      throw new TypeError('fetch failed', { cause: Object.assign(new Error(), { code: 'ECONNRESET' }) })
    })
    await expect(http(ask())).rejects.toThrow('the call to api.example.com failed: ECONNRESET')
    expect(seen).toHaveLength(3)
  })
})

describe('Retry-After', () => {
  it.each([
    ['1', 1000],
    ['2', 2000],
    ['0', 0],
    ['Sat, 21 Nov 2026 12:00:02 GMT', 2000],
    ['Sat, 21 Nov 2026 11:00:00 GMT', 0],
  ])('%s is waited for here', async (value, ms) => {
    const { http, waits } = aHttp(
      ({ nth }) => new Response('', { status: nth === 1 ? 429 : 200, headers: { 'retry-after': value } }),
    )
    expect(await http(ask())).toMatchObject({ ok: true })
    expect(waits).toEqual([ms])
  })

  it.each([
    [String(INLINE_WAIT_MAX_MS / 1000 + 1), 3000],
    ['3600', 3_600_000],
    ['Sat, 21 Nov 2026 13:00:00 GMT', 3_600_000],
    ['9999999999', 86_400_000],
    ['Fri, 31 Dec 9999 23:59:59 GMT', 86_400_000],
  ])('%s is left to whoever asked', async (value, retryAfterMs) => {
    const { http, seen } = aHttp(status(503, { 'retry-after': value }))
    await expect(http(ask())).rejects.toMatchObject({ name: 'RetryLater', retryAfterMs })
    expect(seen).toHaveLength(1)
  })

  it.each(['-1', '1.5', 'soon', '', '99999999999', 'NaN', '0x10', '1e3'])('%j says nothing', async (value) => {
    const { http } = aHttp(status(503, { 'retry-after': value }))
    await expect(http(ask())).rejects.toMatchObject({ retryAfterMs: undefined })
  })
})

describe('where it goes', () => {
  it.each([
    ['another host', 'https://evil.example/'],
    ['another port', `https://${HOST}:8443/`],
    ['plain http', `http://${HOST}/`],
    ['a name and a password', `https://a:b@${HOST}/`],
    ['a host that ends like it', `https://x.${HOST}/`],
    ['another scheme', 'ftp://api.example.com/'],
  ])('refuses %s', async (_what, url) => {
    const { http, seen } = aHttp(status(200))
    expect(await http(ask('/', { url: new URL(url) }))).toMatchObject({
      ok: false,
      error: { reason: 'address-refused' },
    })
    expect(seen).toEqual([])
  })

  it.each([
    ['HTTPS://API.example.com/', [HOST]],
    ['https://api.example.com:443/', [HOST]],
    ['https://api.example.com/', ['api.example.com:443']],
  ])('knows %s for the configured host', async (url, hosts) => {
    const { http } = aHttp(status(200))
    expect(await http(ask('/', { url: new URL(url), hosts }))).toMatchObject({ ok: true })
  })

  it('speaks plain http where that is written', async () => {
    const { http } = aHttp(status(200))
    const url = new URL(`http://${HOST}/`)
    expect(await http(ask('/', { url, plainHttp: true }))).toMatchObject({ ok: true })
  })
})

describe('redirects', () => {
  const away =
    (location: string, code = 307): Script =>
    ({ url }) =>
      url.pathname === '/there' ? new Response('there') : new Response('', { status: code, headers: { location } })

  it('are answers unless the caller follows', async () => {
    const { http, seen } = aHttp(away('/there'))
    expect(await http(ask())).toMatchObject({ ok: true, value: { status: 307 } })
    expect(seen).toHaveLength(1)
  })

  it.each([301, 302, 303, 307, 308])('%i is followed with its headers on the same origin', async (code) => {
    const { http, seen } = aHttp(away('/there', code))
    const found = await http(ask('/', { redirects: 'follow', headers: { authorization: 'Bearer x' } }))
    expect(found).toMatchObject({ ok: true, value: { status: 200, fromStranger: false } })
    expect(seen[1]?.headers.get('authorization')).toBe('Bearer x')
  })

  it('CVE-2026-49349: nothing but Accept goes to another origin', async () => {
    const world = aWorld({ [HOST]: away('https://blobs.example.net/there'), 'blobs.example.net': away('') })
    const headers = {
      authorization: `Bearer ${CANARY}`,
      cookie: `a=${CANARY}`,
      'x-api-key': CANARY,
      'private-token': CANARY,
      'proxy-authorization': CANARY,
      Accept: 'application/json',
    }
    const found = await world.http(ask('/', { redirects: 'follow', headers }))
    expect(found).toMatchObject({ ok: true, value: { fromStranger: true } })
    expect([...(world.seen[1]?.headers.keys() ?? [])].toSorted()).toEqual(['accept', 'user-agent'])
  })

  it('credentials do not come back when the way leads home again', async () => {
    const world = aWorld({
      [HOST]: away('https://b.example.net/'),
      'b.example.net': status(302, { location: `https://${HOST}/there` }),
    })
    await world.http(ask('/', { redirects: 'follow', headers: { authorization: CANARY } }))
    expect(linesOf(world.seen)).toEqual([`GET ${HOST}/`, 'GET b.example.net/', `GET ${HOST}/there`])
    expect(world.seen.map(({ headers }) => headers.has('authorization'))).toEqual([true, false, false])
  })

  it.each([
    [3, true],
    [4, false],
  ])('%i in a row: followed is %s', async (count, isFollowed) => {
    const { http } = aHttp(
      ({ nth }) => new Response('', nth <= count ? { status: 302, headers: { location: `/${nth}` } } : {}),
    )
    const found = await http(ask('/', { redirects: 'follow' }))
    expect(found).toMatchObject(isFollowed ? { ok: true } : { ok: false, error: { reason: 'redirect-refused' } })
  })

  it.each([
    ['plain http on another host', 'http://blobs.example.net/'],
    ['plain http on the same host', `http://${HOST}/there`],
    ['no address', 'https://'],
    ['a file', 'file:///etc/passwd'],
    ['data', 'data:text/plain,x'],
  ])('to %s are refused', async (_what, location) => {
    const { http, seen } = aHttp(away(location))
    expect(await http(ask('/', { redirects: 'follow' }))).toMatchObject({
      ok: false,
      error: { reason: 'redirect-refused' },
    })
    expect(seen).toHaveLength(1)
  })

  it('without a Location are answers', async () => {
    const { http } = aHttp(status(302))
    expect(await http(ask('/', { redirects: 'follow' }))).toMatchObject({ ok: true, value: { status: 302 } })
  })

  it.each(['POST', 'PUT'] as const)('a %s is never sent on: 307 would repeat its body elsewhere', async (method) => {
    const { http, seen } = aHttp(away('https://evil.example/there', 307))
    const found = await http(ask('/', { method, redirects: 'follow', body: CANARY }))
    expect(found).toMatchObject({ ok: true, value: { status: 307 } })
    expect(seen).toHaveLength(1)
  })
})

describe('what it never says', () => {
  it('no query, header or body is in an error, a problem or a log line', async () => {
    const said: unknown[] = []
    const failures: Script[] = [
      status(503),
      status(307, { location: `https://evil.example:99/${CANARY}?${CANARY}` }),
      status(307, { location: `http://u:${CANARY}@10.0.0.1/` }),
      () => new Response(CANARY.repeat(1000)),
      () => {
        throw new TypeError(`Headers.append: "${CANARY}" is an invalid header value`, { cause: new Error(CANARY) })
      },
      () => {
        throw Object.assign(new Error(CANARY), { code: `x ${CANARY}` })
      },
    ]
    for (const failure of failures) {
      const { fetch } = aWorld({ [HOST]: failure })
      const http = createHttp({
        fetch,
        now: () => NOON,
        random: () => 0,
        sleep: async () => undefined,
        onCall: (call) => said.push(call),
      })
      const request = ask(`/p?token=${CANARY}`, {
        headers: { authorization: CANARY },
        redirects: 'follow',
        limits: { bodyBytesMax: 1000 },
      })
      said.push(await http(request).catch((error: Error) => [error.message, error.stack, error.cause]))
    }
    expect(said.length).toBeGreaterThan(failures.length)
    expect(JSON.stringify(said)).not.toContain(CANARY)
  })

  it('a call is told with its method, host, status and time', async () => {
    const calls: unknown[] = []
    const { fetch } = aWorld({ [HOST]: status(404) })
    const http = createHttp({ fetch, now: () => NOON, random: () => 0, onCall: (call) => calls.push(call) })
    await http(ask('/secret?x=1', { method: 'HEAD' }))
    expect(calls).toEqual([{ method: 'HEAD', host: HOST, status: 404, durationMs: 0 }])
  })
})
