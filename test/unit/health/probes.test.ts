/** What an address and a measurement say of a delivery. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PrometheusRule } from '../../../src/domain/health-rule.ts'
import { checkHttp } from '../../../src/health/http.ts'
import { checkPrometheus, healthOfValues } from '../../../src/health/prometheus.ts'
import { guardedHttp, startPeer } from '../../helpers/cloud-peer.ts'

let answer: unknown
let peer: Awaited<ReturnType<typeof startPeer>>
beforeEach(async () => {
  peer = await startPeer({ 'GET /health': () => answer, 'GET /api/v1/query': () => answer })
})
afterEach(() => peer.close())

describe('an address', () => {
  const check = (status = 200) =>
    checkHttp(guardedHttp(), { url: new URL('/health?token=canary', peer.url).href, status })

  it.each<[number, number, string]>([
    [200, 200, 'healthy'],
    [204, 204, 'healthy'],
    [503, 200, 'progressing'],
    [200, 204, 'progressing'],
    [302, 200, 'progressing'],
  ])('that answers %i where %i is expected is %s', async (status, expected, state) => {
    answer = status
    const health = await check(expected)
    expect(health).toMatchObject({ state })
    expect(JSON.stringify(health)).not.toContain('canary')
  })

  it('that does not answer may do so a moment later', async () => {
    const { url } = peer
    await peer.close()
    expect(await checkHttp(guardedHttp(), { url: url.href, status: 200 })).toMatchObject({ state: 'progressing' })
    peer = await startPeer({})
  })
})

const rule: PrometheusRule = { url: 'https://prometheus.example.com', query: 'error_rate', is: '<', value: 0.01 }

describe('a measurement', () => {
  it.each<[PrometheusRule['is'], readonly number[], string]>([
    ['<', [0.001, 0.0099], 'healthy'],
    ['<', [0.01], 'failed'],
    ['<=', [0.01], 'healthy'],
    ['>', [0.01], 'failed'],
    ['>', [0.02], 'healthy'],
    ['>=', [0.01], 'healthy'],
    ['==', [0.01], 'healthy'],
    ['==', [0.02], 'failed'],
    ['<', [0.001, 0.5], 'failed'],
    ['<', [Number.NaN], 'progressing'],
    ['<', [Number.NaN, 0.5], 'failed'],
    ['>', [Number.POSITIVE_INFINITY], 'healthy'],
    ['<', [], 'progressing'],
  ])('%s 0.01 of %j is %s', (is, values, state) => {
    expect(healthOfValues(values, { ...rule, is })).toMatchObject({ state })
  })

  const check = () => checkPrometheus(guardedHttp(), { ...rule, url: `${peer.url.origin}/` })
  const vector = (...values: string[]) => ({
    status: 'success',
    data: { resultType: 'vector', result: values.map((value) => ({ metric: {}, value: [1, value] })) },
  })

  it.each<[string, unknown, string]>([
    ['a vector that holds', vector('0.001', '0'), 'healthy'],
    ['a vector that does not', vector('0.001', '0.2'), 'failed'],
    ['an empty vector', vector(), 'progressing'],
    ['a scalar', { status: 'success', data: { resultType: 'scalar', result: [1, '0'] } }, 'healthy'],
    ['no number', vector('NaN'), 'progressing'],
    ['a bad query', 400, 'failed'],
  ])('by %s', async (_title, given, state) => {
    answer = given
    expect(await check()).toMatchObject({ state })
    expect(peer.asked[0]?.url.searchParams.get('query')).toBe('error_rate')
  })

  it.each<[string, unknown]>([
    ['is down', 503],
    ['does not know us', 401],
    ['answers a matrix', { status: 'success', data: { resultType: 'matrix', result: [] } }],
    ['answers nonsense', '<html>'],
  ])('by a Prometheus that %s decides nothing', async (_title, given) => {
    answer = given
    await expect(check()).rejects.toMatchObject({ name: 'RetryLater' })
  })
})
