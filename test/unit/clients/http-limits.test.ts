/** Limits that only real bytes and real time show: bombs, endless and slow answers. */

import { once } from 'node:events'
import { createServer as createTcpServer } from 'node:net'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { createGuardedFetch } from '../../../src/clients/address-guard.ts'
import { createHttp, type HttpLimits } from '../../../src/clients/http.ts'
import { aServer } from '../../helpers/hostile-registry.ts'

const MIB = 1024 * 1024
const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function serve(listener: Parameters<typeof aServer>[0]): Promise<string> {
  const server = await aServer(listener)
  closers.push(server.close)
  return server.host
}

/** Bytes that no HTTP server would send. */
async function serveRaw(answer: string): Promise<string> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.write(answer))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  closers.push(async () => void server.close())
  return `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
}

async function get(host: string, limits: Partial<HttpLimits> = {}) {
  const http = createHttp({ fetch: createGuardedFetch(), now: Date.now, random: Math.random })
  return http({ url: new URL(`http://${host}/`), hosts: [host], plainHttp: true, retries: 0, limits })
}

describe('CVE-2026-22036, CVE-2024-22025: what comes out of decompression is counted', () => {
  it.each([
    ['gzip', gzipSync(Buffer.alloc(200 * MIB))],
    ['br', brotliCompressSync(Buffer.alloc(64 * MIB))],
  ])('a %s bomb stops at the bound', async (encoding, bytes) => {
    expect(bytes.length).toBeLessThan(MIB)
    const host = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': encoding }).end(bytes)
    })
    const before = process.memoryUsage().rss
    expect(await get(host)).toMatchObject({ ok: false, error: { reason: 'answer-too-large' } })
    expect(process.memoryUsage().rss - before).toBeLessThan(128 * MIB)
  })

  it('a chain of many encodings is no answer', async () => {
    const encodings = Array.from({ length: 100 }, () => 'gzip').join(', ')
    const host = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': encodings }).end(gzipSync('x'))
    })
    await expect(get(host)).rejects.toMatchObject({ name: 'RetryLater' })
  })
})

describe('CVE-2022-31016, CVE-2024-29893, CVE-2023-40584: no answer is read without bound', () => {
  it.each([
    [999, true],
    [1000, true],
    [1001, false],
  ])('of %i bytes with a bound of 1000: taken is %s', async (size, isTaken) => {
    const host = await serve((_request, response) => void response.end(Buffer.alloc(size)))
    expect((await get(host, { bodyBytesMax: 1000 })).ok).toBe(isTaken)
  })

  it('an endless body stops at the bound, and the connection with it', async () => {
    let isClosed: Promise<unknown> = Promise.resolve()
    const host = await serve((_request, response) => {
      const more = (): void =>
        void (response.write(Buffer.alloc(64 * 1024)) ? setImmediate(more) : response.once('drain', more))
      isClosed = once(response, 'close')
      more()
    })
    expect(await get(host)).toMatchObject({ ok: false, error: { reason: 'answer-too-large' } })
    await isClosed
  })

  it('a promised length of 10 GB is not believed and not waited for', async () => {
    const host = await serveRaw('HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\nx')
    await expect(get(host, { bodyMs: 100 })).rejects.toThrow('no answer in time, not a whole body')
  })

  it('endless headers are no answer', async () => {
    const host = await serveRaw(`HTTP/1.1 200 OK\r\n${'x-a: 0123456789\r\n'.repeat(10_000)}`)
    await expect(get(host)).rejects.toMatchObject({ name: 'RetryLater' })
  })
})

it('the platform follows no redirect behind our back', async () => {
  const paths: (string | undefined)[] = []
  const host = await serve((request, response) => {
    paths.push(request.url)
    response.writeHead(302, { location: '/elsewhere' }).end()
  })
  expect(await get(host)).toMatchObject({ ok: true, value: { status: 302 } })
  expect(paths).toEqual(['/'])
})

describe('time', () => {
  it('a host that never answers is let go', async () => {
    const host = await serve(() => undefined)
    await expect(get(host, { headersMs: 100 })).rejects.toThrow('no answer in time, not a first byte')
  })

  it('a body that stops half-way is let go', async () => {
    const host = await serve((_request, response) => void response.write('half'))
    await expect(get(host, { bodyMs: 100 })).rejects.toThrow('no answer in time, not a whole body')
  })

  it('a body that drips is let go', async () => {
    const host = await serve((_request, response) => {
      const timer = setInterval(() => response.write('.'), 10)
      response.on('close', () => clearInterval(timer))
    })
    await expect(get(host, { bodyMs: 150 })).rejects.toThrow('no answer in time, not a whole body')
  })

  it('all attempts together have a bound', async () => {
    const host = await serve(() => undefined)
    await expect(get(host, { totalMs: 100 })).rejects.toThrow('no answer in time, in all')
  })

  it('a fetch that does not listen to its signal is let go too', async () => {
    const http = createHttp({
      fetch: async () => new Promise<never>(() => undefined),
      now: Date.now,
      random: Math.random,
    })
    const request = { url: new URL('https://a.example/'), hosts: ['a.example'], retries: 0, limits: { headersMs: 50 } }
    await expect(http(request)).rejects.toThrow('no answer in time')
  })

  it('an answer cut off half-way is no answer', async () => {
    const host = await serve((request, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('half', () => request.socket.destroy())
    })
    await expect(get(host)).rejects.toMatchObject({ name: 'RetryLater' })
  })
})
