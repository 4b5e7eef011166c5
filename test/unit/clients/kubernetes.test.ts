import { describe, expect, it } from 'vitest'
import { createClusterOver, type ClusterAnswer } from '../../../src/clients/kubernetes.ts'
import { KubernetesObject, oneLine, pointerOf, valueAt } from '../../../src/clients/kubernetes-object.ts'

const PATH = '/apis/apps/v1/namespaces/a/deployments/b'

function answering(answer: Partial<ClusterAnswer>) {
  return createClusterOver(() => Promise.resolve({ status: 200, retryAfter: null, body: '{}', ...answer }))
}

function status(message: string, causes: readonly object[] = []): string {
  return JSON.stringify({ kind: 'Status', message, details: { causes } })
}

describe('what an API server answers', () => {
  it.each([
    { code: 404, body: status('deployments.apps "b" not found'), reason: 'not-found' },
    { code: 404, body: '404 page not found\n', reason: 'not-found' },
    { code: 401, body: status('Unauthorized'), reason: 'forbidden' },
    {
      code: 403,
      body: status('deployments.apps "b" is forbidden: User "x" cannot patch resource'),
      reason: 'forbidden',
    },
    { code: 403, body: '<html>', reason: 'forbidden' },
    { code: 403, body: status('admission webhook "policy.example" denied the request: unsigned'), reason: 'denied' },
    { code: 403, body: status('pods "b" is forbidden: exceeded quota'), reason: 'denied' },
    { code: 409, body: status('the object has been modified'), reason: 'conflict' },
    { code: 422, body: status('the server rejected our request due to an error in our request'), reason: 'conflict' },
    { code: 422, body: status('Deployment.apps "b" is invalid', [{ field: 'spec' }]), reason: 'invalid' },
    { code: 400, body: status('bad'), reason: 'invalid' },
    { code: 415, body: status('unsupported'), reason: 'invalid' },
    { code: 307, body: '', reason: 'malformed-answer' },
    { code: 200, body: 'not json', reason: 'malformed-answer' },
    { code: 200, body: '{"metadata":{}}', reason: 'malformed-answer' },
  ])('$code is $reason', async ({ code, body, reason }) => {
    const answer = await answering({ status: code, body }).get(PATH, KubernetesObject)
    expect(answer).toMatchObject({ ok: false, error: { reason } })
  })

  it.each([
    { code: 429, retryAfter: '7', ms: 7000 },
    { code: 503, retryAfter: null, ms: undefined },
    { code: 500, retryAfter: 'Fri, 31 Dec 1999 23:59:59 GMT', ms: undefined },
    { code: 504, retryAfter: '999999', ms: 3_600_000 },
  ])('$code means later, in $ms ms', async ({ code, retryAfter, ms }) => {
    const asking = answering({ status: code, retryAfter, body: status('busy') }).get(PATH, KubernetesObject)
    await expect(asking).rejects.toMatchObject({ name: 'RetryLater', retryAfterMs: ms })
  })

  it('is bounded and on one line', async () => {
    const body = status(`a\u0000b\n\u2028${'x'.repeat(100_000)}`)
    const answer = await answering({ status: 404, body }).get(PATH, KubernetesObject)
    const detail = answer.ok ? '' : answer.error.detail
    expect(detail).toHaveLength(500)
    expect(detail).toMatch(/^a b x+…$/u)
  })

  it('keeps what nobody described', async () => {
    const object = { metadata: { name: 'b', uid: '1', resourceVersion: '2' }, spec: { replicas: 3 } }
    const answer = await answering({ body: JSON.stringify(object) }).get(PATH, KubernetesObject)
    expect(answer).toMatchObject({ ok: true, value: { spec: { replicas: 3 }, metadata: { generation: 0 } } })
  })
})

describe('a path through an object', () => {
  it('writes / and ~ of a key as RFC 6901 says', () => {
    expect(pointerOf(['metadata', 'annotations', 'a~b/c', 0])).toBe('/metadata/annotations/a~0b~1c/0')
  })

  it.each([
    [['a', 0, 'b'], 1],
    [['a', 1], undefined],
    [['a', 'length'], 1],
    [['toString'], undefined],
    [['a', 0, 'b', 'c'], undefined],
    [[], { a: [{ b: 1 }] }],
  ])('%j leads to %j', (steps, found) => {
    expect(valueAt({ a: [{ b: 1 }] }, steps)).toEqual(found)
  })

  it('says a line as it is where it fits', () => {
    expect([oneLine('abc', 3), oneLine('abcd', 3), oneLine('  a\r\n b ', 9)]).toEqual(['abc', 'ab…', 'a b'])
  })
})
