/** The registry inside this process: pushes and pulls as the distribution-spec has them, and notifications that do not get lost. */

import { createHash } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { tinyImage } from '../../../../src/cli/demo/image.ts'
import { startRegistry, type LocalRegistry, type RegistryOptions } from '../../../../src/cli/demo/registry.ts'
import { aServer } from '../../../helpers/hostile-registry.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function start(options: RegistryOptions = {}): Promise<LocalRegistry> {
  const registry = await startRegistry(options)
  closers.push(async () => registry.close())
  return registry
}

/** Answers `statuses` one after the other, then 204, and keeps what it was sent. */
async function aReceiver(...statuses: number[]) {
  const got: { headers: Record<string, unknown>; body: string }[] = []
  const server = await aServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      got.push({ headers: request.headers, body })
      response.writeHead(statuses.shift() ?? 204).end()
    })
  })
  closers.push(server.close)
  return { got, url: `http://${server.host}/hooks/demo` }
}

function sha256(bytes: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

type Init = { method?: string; headers?: Record<string, string>; body?: string }

async function ask({ host }: LocalRegistry, path: string, init: Init = {}): Promise<Response> {
  return fetch(new URL(path, `http://${host}`), { redirect: 'manual', ...init })
}

async function startUpload(registry: LocalRegistry, repository = 'acme/app'): Promise<string> {
  const answer = await ask(registry, `/v2/${repository}/blobs/uploads/`, { method: 'POST' })
  expect(answer.status).toBe(202)
  return answer.headers.get('location') ?? ''
}

async function codeOf(answer: Response): Promise<string> {
  const body = (await answer.json()) as { errors: { code: string; message: string }[] }
  return body.errors[0]?.code ?? ''
}

describe('pushing', () => {
  it('an image: it is there by tag and by digest, with its blobs', async () => {
    const registry = await start()
    const digest = await registry.pushImage('acme/app', '1.0.0')
    const { manifest, blobs } = tinyImage('1.0.0')
    expect(digest).toBe(manifest.digest)
    for (const reference of ['1.0.0', digest]) {
      const answer = await ask(registry, `/v2/acme/app/manifests/${reference}`)
      expect(answer.headers.get('docker-content-digest')).toBe(digest)
      expect(answer.headers.get('content-type')).toBe(manifest.mediaType)
      expect(sha256(new Uint8Array(await answer.arrayBuffer()))).toBe(digest)
    }
    for (const blob of blobs) {
      const answer = await ask(registry, `/v2/acme/app/blobs/${blob.digest}`)
      expect(sha256(new Uint8Array(await answer.arrayBuffer()))).toBe(blob.digest)
    }
  })

  it('answers HEAD with the same headers and no body', async () => {
    const registry = await start()
    const digest = await registry.pushImage('acme/app', '1.0.0')
    const { manifest, blobs } = tinyImage('1.0.0')
    const head = await ask(registry, '/v2/acme/app/manifests/1.0.0', { method: 'HEAD' })
    expect([head.status, head.headers.get('docker-content-digest')]).toEqual([200, digest])
    expect(head.headers.get('content-length')).toBe(String(manifest.bytes.length))
    expect(await head.text()).toBe('')
    const blob = await ask(registry, `/v2/acme/app/blobs/${blobs[0]?.digest}`, { method: 'HEAD' })
    expect([blob.status, blob.headers.get('content-length')]).toEqual([200, String(blobs[0]?.bytes.length)])
  })

  it('other content moves the tag', async () => {
    const registry = await start()
    const first = await registry.pushImage('acme/app', 'stable', { content: 'a' })
    const second = await registry.pushImage('acme/app', 'stable', { content: 'b' })
    expect(second).not.toBe(first)
    const head = await ask(registry, '/v2/acme/app/manifests/stable', { method: 'HEAD' })
    expect(head.headers.get('docker-content-digest')).toBe(second)
    expect((await ask(registry, `/v2/acme/app/manifests/${first}`)).status).toBe(200)
  })

  it('a blob in chunks, as docker does', async () => {
    const registry = await start()
    let location = await startUpload(registry)
    const first = await ask(registry, location, { method: 'PATCH', body: 'hello ' })
    expect([first.status, first.headers.get('range')]).toEqual([202, '0-5'])
    location = first.headers.get('location') ?? ''
    const second = await ask(registry, location, {
      method: 'PATCH',
      body: 'world',
      headers: { 'content-range': '6-10' },
    })
    expect(second.headers.get('range')).toBe('0-10')
    expect((await ask(registry, location)).headers.get('range')).toBe('0-10')
    const digest = sha256('hello world')
    const done = await ask(registry, `${location}?digest=${digest}`, { method: 'PUT' })
    expect([done.status, done.headers.get('location')]).toEqual([201, `/v2/acme/app/blobs/${digest}`])
    expect(await (await ask(registry, `/v2/acme/app/blobs/${digest}`)).text()).toBe('hello world')
  })

  it('a blob in one request', async () => {
    const registry = await start()
    const path = `/v2/acme/app/blobs/uploads/?digest=${sha256('x')}`
    expect((await ask(registry, path, { method: 'POST', body: 'x' })).status).toBe(201)
  })

  it('a blob that another repository has is mounted, one that it has not is uploaded', async () => {
    const registry = await start()
    await registry.pushImage('acme/base', '1')
    const digest = tinyImage('1').blobs[0]?.digest
    const path = (from: string) => `/v2/acme/app/blobs/uploads/?mount=${digest}&from=${from}`
    expect((await ask(registry, path('acme/none'), { method: 'POST' })).status).toBe(202)
    expect((await ask(registry, path('acme/base'), { method: 'POST' })).status).toBe(201)
    expect((await ask(registry, `/v2/acme/app/blobs/${digest}`, { method: 'HEAD' })).status).toBe(200)
  })

  it('an index after its children', async () => {
    const registry = await start()
    const type = 'application/vnd.oci.image.index.v1+json'
    const digest = tinyImage('amd64').manifest.digest
    const child = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 400 }
    const body = JSON.stringify({ schemaVersion: 2, mediaType: type, manifests: [child] })
    const put = async () =>
      ask(registry, '/v2/acme/app/manifests/1', { method: 'PUT', headers: { 'content-type': type }, body })
    expect(await codeOf(await put())).toBe('MANIFEST_BLOB_UNKNOWN')
    await registry.pushImage('acme/app', 'amd64')
    expect((await put()).headers.get('docker-content-digest')).toBe(sha256(body))
  })
})

describe('refusing', () => {
  const type = { 'content-type': 'application/vnd.oci.image.manifest.v1+json' }
  const rows: readonly (readonly [string, string, Init, number, string])[] = [
    ['a tag that is not there', '/v2/acme/app/manifests/9', {}, 404, 'MANIFEST_UNKNOWN'],
    ['a repository that is not there', '/v2/acme/none/tags/list', {}, 404, 'NAME_UNKNOWN'],
    ['a blob that is not there', `/v2/acme/app/blobs/${sha256('none')}`, {}, 404, 'BLOB_UNKNOWN'],
    [
      'an upload that is not there',
      '/v2/acme/app/blobs/uploads/x',
      { method: 'PATCH', body: 'x' },
      404,
      'BLOB_UPLOAD_UNKNOWN',
    ],
    ['a name that is none', '/v2/Acme/App/tags/list', {}, 400, 'NAME_INVALID'],
    ['an address that is none', '/v2/acme', {}, 404, 'NAME_UNKNOWN'],
    ['another address', '/', {}, 404, 'NAME_UNKNOWN'],
    [
      'an unknown media type',
      '/v2/acme/app/manifests/1',
      { method: 'PUT', body: '{}', headers: { 'content-type': 'text/plain' } },
      400,
      'MANIFEST_INVALID',
    ],
    [
      'a manifest that is no JSON',
      '/v2/acme/app/manifests/1',
      { method: 'PUT', body: '{', headers: type },
      400,
      'MANIFEST_INVALID',
    ],
    [
      'a manifest under another digest',
      `/v2/acme/app/manifests/${sha256('x')}`,
      { method: 'PUT', body: '{}', headers: type },
      400,
      'DIGEST_INVALID',
    ],
    [
      'a manifest without its blobs',
      '/v2/acme/app/manifests/1',
      { method: 'PUT', headers: type, body: JSON.stringify({ config: { digest: sha256('none') }, layers: [] }) },
      400,
      'MANIFEST_BLOB_UNKNOWN',
    ],
    [
      'a blob under another digest',
      `/v2/acme/app/blobs/uploads/?digest=${sha256('x')}`,
      { method: 'POST', body: 'y' },
      400,
      'DIGEST_INVALID',
    ],
    ['a page size that is no number', '/v2/acme/app/tags/list?n=many', {}, 400, 'PAGINATION_NUMBER_INVALID'],
    ['another method', '/v2/acme/app/tags/list', { method: 'POST' }, 405, 'UNSUPPORTED'],
  ]
  it.each(rows)('%s', async (_what, path, init, status, code) => {
    const registry = await start()
    await registry.pushImage('acme/app', '1.0.0')
    const answer = await ask(registry, path, init)
    expect([answer.status, await codeOf(answer)]).toEqual([status, code])
  })

  it('a chunk that does not follow the one before', async () => {
    const registry = await start()
    const location = await startUpload(registry)
    const answer = await ask(registry, location, { method: 'PATCH', body: 'x', headers: { 'content-range': '5-5' } })
    expect(answer.status).toBe(416)
  })

  it('more than it may hold, uploads under way included', async () => {
    const registry = await start({ bytesMax: 1000 })
    const location = await startUpload(registry)
    expect((await ask(registry, location, { method: 'PATCH', body: 'x'.repeat(600) })).status).toBe(202)
    expect((await ask(registry, location, { method: 'PATCH', body: 'x'.repeat(600) })).status).toBe(413)
    expect((await ask(registry, location, { method: 'DELETE' })).status).toBe(204)
    const again = await startUpload(registry)
    expect((await ask(registry, again, { method: 'PATCH', body: 'x'.repeat(1000) })).status).toBe(202)
  })

  it('everybody without its password, where it has one', async () => {
    const registry = await start({ auth: { username: 'u', password: 'p' } })
    const answer = await ask(registry, '/v2/')
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="drayage"'])
    const wrong = await ask(registry, '/v2/', { headers: { authorization: `Basic ${btoa('u:x')}` } })
    expect(wrong.status).toBe(401)
    const right = await ask(registry, '/v2/', { headers: { authorization: `Basic ${btoa('u:p')}` } })
    expect(right.status).toBe(200)
    expect(await registry.pushImage('acme/app', '1')).toBe(tinyImage('1').manifest.digest)
  })
})

describe('tags', () => {
  it('are listed in order, page by page', async () => {
    const registry = await start()
    for (const tag of ['c', 'a', 'b']) await registry.pushImage('acme/app', tag)
    const first = await ask(registry, '/v2/acme/app/tags/list?n=2')
    expect(await first.json()).toEqual({ name: 'acme/app', tags: ['a', 'b'] })
    const link = first.headers.get('link')
    expect(link).toBe('</v2/acme/app/tags/list?n=2&last=b>; rel="next"')
    const second = await ask(registry, '/v2/acme/app/tags/list?n=2&last=b')
    expect([await second.json(), second.headers.get('link')]).toEqual([{ name: 'acme/app', tags: ['c'] }, null])
  })

  it('and manifests can be deleted', async () => {
    const registry = await start()
    const digest = await registry.pushImage('acme/app', 'a')
    expect((await ask(registry, '/v2/acme/app/manifests/a', { method: 'DELETE' })).status).toBe(202)
    expect((await ask(registry, '/v2/acme/app/manifests/a')).status).toBe(404)
    expect((await ask(registry, `/v2/acme/app/manifests/${digest}`, { method: 'DELETE' })).status).toBe(202)
    expect((await ask(registry, `/v2/acme/app/manifests/${digest}`)).status).toBe(404)
  })
})

describe('notifications', () => {
  it('tell of each pushed manifest as CNCF Distribution does', async () => {
    const { got, url } = await aReceiver()
    const registry = await start({ notify: { url, headers: { authorization: 'Bearer hook' } } })
    const digest = await registry.pushImage('acme/app', '1.0.0')
    await expect.poll(() => got.length).toBe(1)
    expect(got[0]?.headers).toMatchObject({
      authorization: 'Bearer hook',
      'content-type': 'application/vnd.docker.distribution.events.v2+json',
    })
    const { mediaType, bytes } = tinyImage('1.0.0').manifest
    expect(JSON.parse(got[0]?.body ?? '')).toMatchObject({
      events: [
        {
          id: expect.stringMatching(/^[0-9a-f-]{36}$/u) as string,
          timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/u) as string,
          action: 'push',
          target: { mediaType, digest, size: bytes.length, length: bytes.length, repository: 'acme/app', tag: '1.0.0' },
          request: { method: 'PUT', host: registry.host },
          actor: {},
          source: { addr: registry.host },
        },
      ],
    })
  })

  it('come again, the same and in order, until they are taken', async () => {
    const { got, url } = await aReceiver(500, 404)
    const registry = await start({ notify: { url, headers: {} } })
    await registry.pushImage('acme/app', '1')
    await registry.pushImage('acme/app', '2')
    await expect.poll(() => got.length, { timeout: 5000 }).toBe(4)
    const tags = got.map(
      ({ body }) => (JSON.parse(body) as { events: { target: { tag: string } }[] }).events[0]?.target.tag,
    )
    expect(tags).toEqual(['1', '1', '1', '2'])
    expect(new Set(got.slice(0, 3).map(({ body }) => body)).size).toBe(1)
  })

  it('stop when the registry is closed', async () => {
    const { got, url } = await aReceiver(...Array.from({ length: 100 }, () => 500))
    const registry = await startRegistry({ notify: { url, headers: {} } })
    await registry.pushImage('acme/app', '1')
    await expect.poll(() => got.length).toBe(1)
    await registry.close()
    const before = got.length
    await new Promise((resolve) => setTimeout(resolve, 1200))
    expect(got.length).toBe(before)
  })
})
