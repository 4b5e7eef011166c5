import { createServer, connect } from 'node:net'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { listen, nodeEdge, type ListenLimits } from '../../../handlers/listen.ts'
import { BODY_BYTES_MAX } from '../../../src/app.ts'
import { distribution } from '../../../src/receivers/distribution.ts'
import { dockerhub } from '../../../src/receivers/dockerhub.ts'
import { aScene, raw } from '../../helpers/edge.ts'
import { noHttp } from '../../helpers/no-http.ts'

const SECRET = 'CANARY-of-the-hook'
const secretOf = () => async () => [SECRET] as const
const receivers = new Map([
  ['hub', dockerhub.create(dockerhub.Settings.parse({ type: 'dockerhub', secret: 'env:X' }), secretOf, noHttp, null)],
  [
    'local',
    distribution.create(distribution.Settings.parse({ type: 'distribution', secret: 'env:X' }), secretOf, noHttp, null),
  ],
])
const PUSH = JSON.stringify({ push_data: { tag: '1.5.0' }, repository: { repo_name: 'acme/payments' } })

const cleanup: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const step of cleanup.splice(0)) await step()
})

async function aListener(limits: ListenLimits = {}) {
  const scene = aScene({ receivers: () => receivers, edge: nodeEdge })
  const listening = await listen(scene.app, '127.0.0.1:0', limits)
  cleanup.push(() => listening.close())
  return { ...scene, ...listening, send: (...parts: string[]) => raw(listening.url, parts) }
}

/** Each line with its end; the body, where there is one, after an empty line. */
function request(line: string, headers: readonly string[] = [], body = ''): string {
  const length = body === '' ? [] : [`Content-Length: ${body.length}`]
  return [`${line} HTTP/1.1`, 'Host: drayage.test', 'Connection: close', ...headers, ...length, '', body].join('\r\n')
}

const AUTHORIZED = [`Authorization: ${SECRET}`]

describe('a request that nobody may read in two ways', () => {
  const body = '{"events":[]}'
  it.each([
    ['two lengths', ['Content-Length: 13', 'Content-Length: 2'], body],
    ['two equal lengths in one', ['Content-Length: 13, 13'], body],
    ['a length and chunks', ['Content-Length: 13', 'Transfer-Encoding: chunked'], `d\r\n${body}\r\n0\r\n\r\n`],
    ['chunks and something after them', ['Transfer-Encoding: chunked, identity'], `d\r\n${body}\r\n0\r\n\r\n`],
    ['a negative length', ['Content-Length: -1'], body],
    ['a length in hexadecimal', ['Content-Length: 0xd'], body],
    ['a chunk of no number', ['Transfer-Encoding: chunked'], `zz\r\n${body}\r\n0\r\n\r\n`],
    ['a space before the colon', ['Authorization : x'], ''],
    ['a folded header', ['X-A: 1', ' Authorization: x'], ''],
  ])('is refused: %s', async (_what, headers, sent) => {
    const { send, stored } = await aListener()
    const head = ['POST /hooks/local HTTP/1.1', 'Host: drayage.test', ...AUTHORIZED, ...headers, '', ''].join('\r\n')
    expect((await send(head + sent)).status).toBe(400)
    expect(stored).toEqual([])
  })

  it('is refused: bare line feeds', async () => {
    const { send } = await aListener()
    expect((await send('POST /hooks/local HTTP/1.1\nHost: drayage.test\nContent-Length: 2\n\n{}')).status).toBe(400)
  })

  it('is refused: no host', async () => {
    const { send } = await aListener()
    expect((await send('POST /hooks/local HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}')).status).toBe(400)
  })

  it.each([
    ['one of 20 KiB', [`X-Long: ${'a'.repeat(20 * 1024)}`]],
    ['3,000 of them', Array.from({ length: 3000 }, (_, index) => `X-${index}: ${index}`)],
  ])('is refused: headers that are too large, %s', async (_what, headers) => {
    const { send } = await aListener()
    expect((await send(request('POST /hooks/local', [...AUTHORIZED, ...headers], body))).status).toBe(431)
  })
})

it('answers a health check of HTTP/1.0, which names no host', async () => {
  const { send } = await aListener()
  expect((await send('GET /healthz HTTP/1.0\r\n\r\n')).status).toBe(200)
})

describe('the raw target', () => {
  it.each([
    ['//drayage.test/hooks/local', 404],
    ['//evil.test/hooks/local', 404],
    ['/hooks/..%2f..%2fadmin', 404],
    ['/x/../hooks/local', 404],
    ['/x/%2e%2e/hooks/local', 404],
    ['/./hooks/local', 404],
    ['/hooks/local/../nobody', 404],
    ['/hooks/%6cocal', 404],
    ['/hooks/local%00', 404],
    ['/hooks\\local', 404],
    ['/hooks/local#x', 404],
    ['http://drayage.test/hooks/local', 404],
    ['https://evil.test/hooks/local', 404],
    ['/hooks/local?a=b', 200],
    ['/hooks/local', 200],
  ])('%s is answered %i: it is matched as it came', async (target, status) => {
    const { send, stored } = await aListener()
    const answer = await send(request(`POST ${target}`, AUTHORIZED, '{"events":[]}'))
    // What Node or its adapter cannot read at all is 400; what matters is that it never becomes our route.
    expect(status === 200 ? [200] : [400, status]).toContain(answer.status)
    expect(stored).toEqual([])
  })

  it('keeps the secret as it is written', async () => {
    const { send } = await aListener()
    expect((await send(request(`POST /hooks/hub/${SECRET}`, [], PUSH))).status).toBe(202)
    expect((await send(request(`POST /hooks/hub/${SECRET.replace('C', '%43')}`, [], PUSH))).status).toBe(401)
  })
})

describe('a header that came twice', () => {
  it.each([
    ['both right', [...AUTHORIZED, ...AUTHORIZED]],
    ['the first right', [...AUTHORIZED, 'Authorization: x']],
    ['the last right', ['Authorization: x', `authorization: ${SECRET}`]],
    ['far apart', [...AUTHORIZED, ...Array.from({ length: 2_100 }, () => 'a:'), 'Authorization: x']],
  ])('is no credential, %s', async (_what, headers) => {
    const { send, log } = await aListener()
    const answer = await send(request('POST /hooks/local', headers, '{"events":[]}'))
    expect(answer.status).toBe(400)
    expect(log()).toMatchObject([{ outcome: 'duplicate-credential' }])
    expect(answer.text).toContain('{"outcome":"refused"}')
  })
})

describe('a body', () => {
  it('in chunks is taken whole', async () => {
    const { send } = await aListener()
    const head = request(`POST /hooks/hub/${SECRET}`, ['Transfer-Encoding: chunked'])
    const half = PUSH.length >> 1
    const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`
    const answer = await send(head, chunk(PUSH.slice(0, half)), chunk(PUSH.slice(half)), '0\r\n\r\n')
    expect(answer.status).toBe(202)
  })

  it('that is announced too large is refused before it comes', async () => {
    const { send } = await aListener()
    const head = `POST /hooks/local HTTP/1.1\r\nHost: a\r\nContent-Length: ${BODY_BYTES_MAX + 1}\r\n\r\n`
    expect((await send(head)).status).toBe(413)
  })

  it('without end is refused while it comes, and its sender hears so', async () => {
    const { url } = await aListener()
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    let answer = ''
    socket.setEncoding('latin1').on('data', (text: string) => (answer += text))
    socket.on('error', () => {})
    socket.write(request('POST /hooks/local', ['Transfer-Encoding: chunked']))
    const chunk = `10000\r\n${'a'.repeat(0x10000)}\r\n`
    const pump = setInterval(() => socket.write(chunk), 1)
    await once(socket, 'close')
    clearInterval(pump)
    expect(answer).toMatch(/^HTTP\/1\.1 413 /u)
  })

  it('that is compressed is refused, and never unpacked (CVE-2026-22036)', async () => {
    const { send } = await aListener()
    for (const encoding of ['gzip', 'br', 'deflate', 'zstd', 'identity, gzip', 'GZIP']) {
      const headers = [`Content-Encoding: ${encoding}`]
      const answer = await send(request(`POST /hooks/hub/${SECRET}`, headers, '\u001f\u008b'))
      expect([encoding, answer.status]).toEqual([encoding, 415])
    }
  })

  it('that is shorter than announced and then ends is no event', async () => {
    const { url, log, stored } = await aListener()
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    socket.on('error', () => {})
    socket.write(`POST /hooks/hub/${SECRET} HTTP/1.1\r\nHost: a\r\nContent-Length: ${PUSH.length + 1}\r\n\r\n${PUSH}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
    socket.resetAndDestroy()
    await expect.poll(() => log()).toMatchObject([{ outcome: 'incomplete-body' }])
    expect(stored).toEqual([])
  })

  it('that comes too slowly is not waited for', async () => {
    const { send, log } = await aListener({ headersTimeoutMs: 100, requestTimeoutMs: 300 })
    const drops = Array.from({ length: 100 }, () => ' ')
    const answer = await send(`POST /hooks/local HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n`, ...drops)
    expect(answer.status).toBe(408)
    expect(answer.ms).toBeLessThan(1_500)
    await expect.poll(() => log()).toMatchObject([{ outcome: 'incomplete-body' }])
  })

  it('that never begins is not waited for', async () => {
    const { send } = await aListener({ headersTimeoutMs: 100, requestTimeoutMs: 300 })
    const answer = await send('POST /hooks/local HTTP/1.1\r\nHost: a\r\n')
    expect(answer.status).toBe(408)
    expect(answer.ms).toBeLessThan(1_500)
  })
})

describe('an end', () => {
  it('answers what is under way and closes what is silent', async () => {
    const { url, close } = await aListener()
    const { hostname, port } = new URL(url)
    const silent = connect(Number(port), hostname)
    const halfway = connect(Number(port), hostname)
    silent.on('error', () => {})
    halfway.on('error', () => {})
    await Promise.all([once(silent, 'connect'), once(halfway, 'connect')])
    halfway.write('POST /hooks/local HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{')
    const underWay = raw(url, [request(`POST /hooks/hub/${SECRET}`, [`Content-Length: ${PUSH.length}`]), PUSH])
    await new Promise((resolve) => setTimeout(resolve, 10))
    const started = performance.now()
    const gone = Promise.all([once(silent, 'close'), once(halfway, 'close')])
    const closing = close()
    expect((await underWay).status).toBe(202)
    await Promise.all([closing, gone])
    expect(performance.now() - started).toBeLessThan(4_000)
    expect((await raw(url, [request('GET /healthz')])).status).toBe(0)
  })
})

describe('an address', () => {
  it('of another program is named, with what to do', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    cleanup.push(async () => void other.close())
    const address = other.address()
    const taken = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
    await expect(listen(aScene().app, taken)).rejects.toThrow(`${taken} is in use by another program`)
  })

  it.each(['203.0.113.1:0', 'nowhere.invalid:0'])('that is not this machine, such as %s, is named', async (address) => {
    await expect(listen(aScene().app, address)).rejects.toThrow(/is no address of this machine|cannot be listened on/u)
  })

  it.each([
    ['0.0.0.0:0', /^http:\/\/127\.0\.0\.1:\d+$/u],
    ['[::]:0', /^http:\/\/\[::1\]:\d+$/u],
    ['[::1]:0', /^http:\/\/\[::1\]:\d+$/u],
    ['localhost:0', /^http:\/\/(?:127\.0\.0\.1|\[::1\]):\d+$/u],
  ])('%s is reached as this machine reaches it', async (address, url) => {
    const listening = await listen(aScene().app, address)
    cleanup.push(() => listening.close())
    expect(listening.url).toMatch(url)
    expect((await fetch(`${listening.url}/healthz`)).status).toBe(200)
  })
})
