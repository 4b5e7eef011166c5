/** Asking for scans: how bad a word is, what an HTTP answer means, and that a source that breaks is never a clean one. */

import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { createHttp } from '../../../../src/clients/http.ts'
import { Digest, Registry, Repository } from '../../../../src/domain/image.ts'
import { askScanner } from '../../../../src/verification/scans/ask.ts'
import { severityOf } from '../../../../src/verification/scans/severity.ts'
import { scanAll, scanFact, type ScanSource } from '../../../../src/verification/scans/source.ts'

const image = { registry: Registry.parse('registry.example'), repository: Repository.parse('acme/app') }
const target = { digest: Digest.parse(`sha256:${'5c'.repeat(32)}`), platform: null }

async function ask(status: number, body: string, over: { readonly body?: object; readonly url?: URL } = {}) {
  const asked: { method: string | undefined; headers: Readonly<Record<string, string>>; body: unknown }[] = []
  const http = createHttp({
    fetch: async (_url, { method, headers, body: sent }) => {
      asked.push({ method, headers, body: sent })
      return new Response(body, { status })
    },
    now: () => 0,
    random: () => 0,
    sleep: async () => undefined,
  })
  const url = new URL('https://scans.example/api')
  const shape = z.object({ found: z.number() })
  return { said: await askScanner({ http, url, headers: { 'x-own': '1' }, shape, insecure: false, ...over }), asked }
}

describe('an answer', () => {
  it.each([
    [404, 'not-found', 'scans.example'],
    [401, 'unavailable', 'credentials'],
    [403, 'unavailable', 'credentials'],
    [400, 'unavailable', '400'],
    [402, 'unavailable', '402'],
    [201, 'unavailable', '201'],
  ])('with the status %i is %s, whatever it says', async (status, state, detail) => {
    const { said } = await ask(status, '{"found":0}')
    expect(said).toEqual({ ok: false, error: { state, detail: expect.stringContaining(detail) } })
  })

  it.each(['{', '{"found":"none"}', ''])('that is %j is of no known form', async (body) => {
    expect((await ask(200, body)).said).toMatchObject({ ok: false, error: { state: 'unavailable' } })
  })

  it('that is good is what it says', async () => {
    expect((await ask(200, '{"found":7}')).said).toEqual({ ok: true, value: { found: 7 } })
  })

  it.each([429, 503])('with the status %i may come later', async (status) => {
    await expect(ask(status, '')).rejects.toMatchObject({ name: 'RetryLater' })
  })

  it('is not asked for in plain HTTP where nobody wrote that', async () => {
    const { said, asked } = await ask(200, '{"found":7}', { url: new URL('http://scans.example/api') })
    expect(said).toMatchObject({ ok: false, error: { state: 'unavailable' } })
    expect(asked).toEqual([])
  })
})

describe('a question', () => {
  it('with a body is posted as JSON', async () => {
    const { asked } = await ask(200, '{"found":7}', { body: { query: 'all' } })
    expect(asked).toMatchObject([{ method: 'POST', body: '{"query":"all"}', headers: { 'x-own': '1' } }])
    expect(asked[0]?.headers['content-type']).toBe('application/json')
  })

  it('without one is only asked', async () => {
    const [one] = (await ask(200, '{"found":7}')).asked
    expect(one?.method ?? 'GET').toBe('GET')
    expect(one?.body ?? null).toBeNull()
    expect(Object.keys(one?.headers ?? {})).not.toContain('content-type')
  })
})

describe('a source', () => {
  const broken = (error: unknown): ScanSource => ({
    scanner: 'ecr',
    knows: () => true,
    async find() {
      throw error
    },
  })

  it('that breaks is unavailable, and says how', async () => {
    const [fact] = await scanAll([broken(new Error('ecr is away'))], image, [target])
    expect(fact).toMatchObject({ scanner: 'ecr', state: 'unavailable', detail: 'ecr is away', findings: null })
    const [other] = await scanAll([broken('away')], image, [target])
    expect(other).toMatchObject({ state: 'unavailable', detail: expect.stringMatching(/./u) })
  })

  it('says 512 characters at most', () => {
    const fact = (length: number) =>
      scanFact('ecr', { image, target }, { state: 'failed', detail: 'x'.repeat(length) }).detail.length
    expect([fact(511), fact(512), fact(513)]).toEqual([511, 512, 512])
  })
})

it.each(['constructor', 'toString', '__proto__', 'dreadful', ''])('nobody is rated by the word %j', (word) => {
  expect(severityOf(word)).toBe('unknown')
})
