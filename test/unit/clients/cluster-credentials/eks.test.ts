/** EKS by IAM: the token is a signed request to STS, which AWS's own computation confirms. */

import { afterEach, describe, expect, it } from 'vitest'
import { createEksAccess, eksToken } from '../../../../src/clients/cluster-credentials/eks.ts'
import { guardedHttp, startPeer, type Answers } from '../../../helpers/cloud-peer.ts'
import { headerSignature, partsOf, querySignature } from '../../../helpers/sigv4.ts'

const KEYS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'CANARY/of+the+secret+key', sessionToken: 'abc/+==' }
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5)
const MINUTE_MS = 60_000
const cluster = { eks: { name: 'prod', region: 'eu-west-1' } }
const described = {
  cluster: {
    name: 'prod',
    endpoint: 'https://ABC.gr7.eu-west-1.eks.amazonaws.com',
    certificateAuthority: { data: 'TFMwdA==' },
  },
}

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function start(answers: Answers) {
  const peer = await startPeer(answers)
  closing.push(peer.close)
  const clock = { now: NOW }
  const options = {
    http: guardedHttp(),
    credentials: async () => KEYS,
    now: () => clock.now,
    endpoints: { eks: peer.url },
  }
  return { peer, clock, access: createEksAccess(cluster, options) }
}

function urlIn(token: string): URL {
  return new URL(Buffer.from(token.replace('k8s-aws-v1.', ''), 'base64url').toString())
}

describe('a token for EKS', () => {
  it('is a request to the region’s STS that asks who we are, with the cluster’s name signed', async () => {
    const token = await eksToken({ name: 'prod', region: 'eu-west-1', now: NOW }, KEYS)
    expect(token).toMatch(/^k8s-aws-v1\.[A-Za-z0-9_-]+$/u)
    const url = urlIn(token)
    expect(url.origin).toBe('https://sts.eu-west-1.amazonaws.com')
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      Action: 'GetCallerIdentity',
      Version: '2011-06-15',
      'X-Amz-Date': '20260102T030405Z',
      'X-Amz-Expires': '60',
      'X-Amz-SignedHeaders': 'host;x-k8s-aws-id',
      'X-Amz-Security-Token': KEYS.sessionToken,
    })
  })

  it.each(['prod', 'other_cluster-2'])('has the signature that STS computes for the cluster %s', async (name) => {
    const url = urlIn(await eksToken({ name, region: 'eu-west-1', now: NOW }, KEYS))
    const sent = { method: 'GET', url, headers: { host: url.host, 'x-k8s-aws-id': name }, body: '' }
    expect(url.searchParams.get('X-Amz-Signature')).toBe(querySignature(sent, KEYS.secretAccessKey, 'sts'))
    const elsewhere = { ...sent, headers: { ...sent.headers, 'x-k8s-aws-id': `${name}x` } }
    expect(url.searchParams.get('X-Amz-Signature')).not.toBe(querySignature(elsewhere, KEYS.secretAccessKey, 'sts'))
  })

  it('is kept for fourteen minutes, one less than the cluster takes it', async () => {
    const { access, clock } = await start({ 'GET /clusters/prod': () => described })
    const { token } = await access()
    clock.now += 14 * MINUTE_MS - 1
    expect((await access()).token).toBe(token)
    clock.now += 1
    expect((await access()).token).not.toBe(token)
  })
})

describe('the place of a cluster of EKS', () => {
  it('is asked of EKS, by a request that AWS confirms', async () => {
    const { access, peer } = await start({ 'GET /clusters/prod': () => described })
    expect(await access()).toMatchObject({ server: described.cluster.endpoint, ca: 'TFMwdA==' })
    const [asked] = peer.asked
    const { Signature } = partsOf(asked?.headers['authorization'] ?? '')
    expect(Signature).toBe(headerSignature(asked ?? fail(), KEYS.secretAccessKey, 'eks'))
    expect(asked?.headers['x-amz-security-token']).toBe(KEYS.sessionToken)
  })

  it('is asked once for many who want it at the same time, and again after ten minutes', async () => {
    const { access, peer, clock } = await start({ 'GET /clusters/prod': () => described })
    await Promise.all(Array.from({ length: 20 }, access))
    expect(peer.asked).toHaveLength(1)
    clock.now += 10 * MINUTE_MS
    await access()
    expect(peer.asked).toHaveLength(2)
  })

  it.each([
    ['no such cluster', 404, /EKS, asked for the cluster prod, answered 404/u],
    ['not allowed', 403, /answered 403/u],
    ['another form', { cluster: {} }, /in a form that we do not know/u],
    [
      'a place without TLS',
      { cluster: { ...described.cluster, endpoint: 'http://inside' } },
      /a form that we do not know/u,
    ],
  ])('is told as missing where EKS says: %s; later may help', async (_, answer, message) => {
    const { access } = await start({ 'GET /clusters/prod': () => answer })
    const error: unknown = await access().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'RetryLater', message: expect.stringMatching(message) })
    expect(String(error)).not.toContain('CANARY')
  })

  it('is asked again after a failure', async () => {
    let calls = 0
    const { access } = await start({ 'GET /clusters/prod': () => (calls++ === 0 ? 403 : described) })
    await expect(access()).rejects.toThrow(/403/u)
    expect(await access()).toMatchObject({ server: described.cluster.endpoint })
  })
})

function fail(): never {
  throw new Error('nothing was asked')
}
