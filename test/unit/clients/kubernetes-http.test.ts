/** Clusters by HTTP alone: the token goes to the configured server and nowhere else. */

import { describe, expect, it } from 'vitest'
import { createHttp, type FetchInit } from '../../../src/clients/http.ts'
import { createHttpTransport } from '../../../src/clients/kubernetes-http.ts'
import { RetryLater } from '../../../src/domain/retry.ts'

const TOKEN = 'CANARY-of-the-cluster'

function scene(
  answer: () => Response | Promise<Response> = () => new Response('{}'),
  server = 'https://k8s.example.com',
) {
  const calls: { url: string; init: FetchInit }[] = []
  const http = createHttp({
    fetch: async (url, init) => {
      calls.push({ url: url.href, init })
      return answer()
    },
    now: () => 0,
    random: () => 0,
    sleep: async () => {},
  })
  const send = createHttpTransport({ server, token: 'env:K8S' }, { http, secretOf: () => async () => [TOKEN] })
  return { send, calls }
}

describe('the wire to an API server by HTTP', () => {
  it('sends the method, the body and the token', async () => {
    const { send, calls } = scene()
    await send({ method: 'PATCH', path: '/apis/apps/v1/x?a=b', contentType: 'application/json-patch+json', body: '[]' })
    expect(calls[0]?.url).toBe('https://k8s.example.com/apis/apps/v1/x?a=b')
    expect(calls[0]?.init).toMatchObject({
      method: 'PATCH',
      body: '[]',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json-patch+json' },
    })
  })

  it('keeps the path before the API, as a gateway has it', async () => {
    const { send, calls } = scene(undefined, 'https://gateway.example.com/clusters/prod/')
    await send({ method: 'GET', path: '/api/v1/pods' })
    expect(calls[0]?.url).toBe('https://gateway.example.com/clusters/prod/api/v1/pods')
  })

  it.each(['//evil.example/api', '/\\evil.example/api', '/@evil.example/', '/api?x=//evil.example/?y'])(
    'goes to the configured host for the path %j',
    async (path) => {
      const { send, calls } = scene()
      await send({ method: 'GET', path })
      expect(new URL(calls[0]?.url ?? '').host).toBe('k8s.example.com')
    },
  )

  it('keeps a query that has question marks', async () => {
    const { send, calls } = scene()
    await send({ method: 'GET', path: '/api?a=1?2&b=3' })
    expect(new URL(calls[0]?.url ?? '').search).toBe('?a=1?2&b=3')
  })

  it('gives redirects, refusals and limits as answers', async () => {
    const headers = { location: 'https://evil.example/', 'retry-after': '7' }
    for (const status of [302, 401, 409, 429, 503]) {
      const { send, calls } = scene(() => new Response('{"kind":"Status"}', { status, headers }))
      expect(await send({ method: 'GET', path: '/api' })).toEqual({
        status,
        retryAfter: '7',
        body: '{"kind":"Status"}',
      })
      expect(calls).toHaveLength(1)
    }
  })

  it.each(['GET', 'PATCH'] as const)('says "later" where nobody answers a %s, and not the token', async (method) => {
    const { send } = scene(() => Promise.reject(new Error(`connect with ${TOKEN}`)))
    const failure = await send({ method, path: '/api' }).then(
      () => null,
      (error: unknown) => error,
    )
    expect(failure).toBeInstanceOf(RetryLater)
    expect(String(failure)).not.toContain(TOKEN)
  })
})
