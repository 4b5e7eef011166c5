/** GKE by Google access tokens, against Google's services as their protocols are published. */

import { generateKeyPairSync, verify } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { createGkeAccess } from '../../../../src/clients/cluster-credentials/gke.ts'
import { createGoogleToken } from '../../../../src/clients/google/token.ts'
import { guardedHttp, startPeer, type Answers } from '../../../helpers/cloud-peer.ts'
import { headerSignature, partsOf } from '../../../helpers/sigv4.ts'

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5)
const METADATA = 'GET /computeMetadata/v1/instance/service-accounts/default/token'
const CLUSTER = 'GET /v1/projects/acme/locations/europe-west1/clusters/prod'
const AUDIENCE = '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/aws/providers/aws'
const cluster = { gke: { project: 'acme', location: 'europe-west1', name: 'prod' } }
const described = { endpoint: '34.1.2.3', masterAuth: { clusterCaCertificate: 'TFMwdA==' } }
const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
const AWS_KEYS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 'session' }

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function start(answers: Answers, credentials: object | string | null = null) {
  const peer = await startPeer(answers)
  closing.push(peer.close)
  const clock = { now: NOW }
  const text = typeof credentials === 'string' ? credentials : JSON.stringify(credentials)
  const http = guardedHttp()
  const now = () => clock.now
  const token = createGoogleToken({
    http,
    credentials: credentials === null ? null : async () => [text],
    readFile: async () => 'file-token\n',
    aws: { credentials: async () => AWS_KEYS, region: 'eu-west-1' },
    now,
    endpoints: {
      metadata: peer.url,
      token: new URL('/token', peer.url),
      sts: new URL('/sts', peer.url),
      impersonation: new URL('/impersonate', peer.url),
    },
  })
  return {
    peer,
    clock,
    token,
    access: createGkeAccess(cluster, { http, token, now, endpoints: { container: peer.url } }),
  }
}

describe('a Google access token', () => {
  it('comes from the metadata service, which wants its own header', async () => {
    const { token, peer } = await start({
      [METADATA]: ({ headers }) =>
        headers['metadata-flavor'] === 'Google'
          ? { access_token: 'ya29.a', expires_in: 3599, token_type: 'Bearer' }
          : 403,
    })
    expect(await token()).toBe('ya29.a')
    expect(peer.asked).toHaveLength(1)
  })

  it('is kept until five minutes before it expires', async () => {
    let number = 0
    const { token, clock } = await start({
      [METADATA]: () => ({ access_token: `t${(number += 1)}`, expires_in: 3600 }),
    })
    await Promise.all([token(), token(), token()])
    clock.now += 55 * 60_000 - 1
    expect(await token()).toBe('t1')
    clock.now += 1
    expect(await token()).toBe('t2')
  })

  it('comes for an assertion that the service account’s key signed, and never goes where the key’s file says', async () => {
    const key = {
      type: 'service_account',
      client_email: 'drayage@acme.iam.gserviceaccount.com',
      private_key_id: 'k1',
      private_key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }),
      token_uri: 'https://evil.example/token',
    }
    const { token, peer } = await start({ 'POST /token': () => ({ access_token: 'ya29.b', expires_in: 3600 }) }, key)
    expect(await token()).toBe('ya29.b')
    const form = new URLSearchParams(peer.asked[0]?.body)
    expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer')
    const [header = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.')
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toEqual({
      iss: key.client_email,
      scope: 'https://www.googleapis.com/auth/cloud-platform',
      aud: 'https://oauth2.googleapis.com/token',
      iat: NOW / 1000,
      exp: NOW / 1000 + 3600,
    })
    const signed = Buffer.from(`${header}.${claims}`)
    expect(verify('RSA-SHA256', signed, keys.publicKey, Buffer.from(signature, 'base64url'))).toBe(true)
  })

  const federation = (source: object, more: object = {}) => ({
    type: 'external_account',
    audience: AUDIENCE,
    subject_token_type: 'urn:ietf:params:aws:token-type:aws4_request',
    credential_source: source,
    ...more,
  })

  it('comes for AWS’s word of who we are: a signed request that Google sends on, for this pool alone', async () => {
    const { token, peer } = await start(
      { 'POST /sts': () => ({ access_token: 'federated', expires_in: 3600 }) },
      federation({ environment_id: 'aws1' }),
    )
    expect(await token()).toBe('federated')
    const form = new URLSearchParams(peer.asked[0]?.body)
    expect(form.get('audience')).toBe(AUDIENCE)
    const subject = JSON.parse(decodeURIComponent(form.get('subject_token') ?? '')) as {
      url: string
      method: string
      headers: { key: string; value: string }[]
    }
    const headers = Object.fromEntries(subject.headers.map(({ key, value }) => [key, value]))
    expect(headers).toMatchObject({ 'x-goog-cloud-target-resource': AUDIENCE, 'x-amz-security-token': 'session' })
    const url = new URL(subject.url)
    expect(url.href).toBe('https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15')
    const { Signature, SignedHeaders } = partsOf(headers['authorization'] ?? '')
    expect(SignedHeaders).toContain('x-goog-cloud-target-resource')
    expect(Signature).toBe(
      headerSignature({ method: subject.method, url, headers, body: '' }, AWS_KEYS.secretAccessKey, 'sts'),
    )
  })

  it('is a service account’s where the federation says whose', async () => {
    const target =
      'https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/drayage@acme.iam.gserviceaccount.com:generateAccessToken'
    const { token, peer } = await start(
      {
        'POST /sts': () => ({ access_token: 'federated', expires_in: 3600 }),
        'POST /impersonate': ({ headers }) =>
          headers['authorization'] === 'Bearer federated'
            ? { accessToken: 'ya29.c', expireTime: new Date(NOW + 3_600_000).toISOString() }
            : 401,
      },
      federation({ file: '/token' }, { service_account_impersonation_url: target }),
    )
    expect(await token()).toBe('ya29.c')
    expect(new URLSearchParams(peer.asked[0]?.body).get('subject_token')).toBe('file-token')
  })

  it.each([
    ['no JSON', 'CANARY'],
    ['a user’s own', { type: 'authorized_user', refresh_token: 'CANARY' }],
    [
      'a key that is none',
      { type: 'service_account', client_email: 'a@b', private_key_id: 'k', private_key: 'CANARY' },
    ],
    [
      'an impersonation elsewhere',
      federation({ file: '/token' }, { service_account_impersonation_url: 'https://evil.example/CANARY' }),
    ],
  ])('does not come for credentials that are %s, and nothing of them is told', async (_, credentials) => {
    const { token, peer } = await start({}, credentials)
    const error: unknown = await token().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'RetryLater' })
    expect(String(error)).not.toContain('CANARY')
    expect(peer.asked).toEqual([])
  })
})

describe('the place of a cluster of GKE', () => {
  const withToken = (answer: unknown): Answers => ({
    [METADATA]: () => ({ access_token: 'ya29.a', expires_in: 3600 }),
    [CLUSTER]: ({ headers }) => (headers['authorization'] === 'Bearer ya29.a' ? answer : 401),
  })

  it('is its address and its own CA', async () => {
    const { access } = await start(withToken(described))
    expect(await access()).toEqual({ server: 'https://34.1.2.3', ca: 'TFMwdA==', token: 'ya29.a' })
  })

  const dns = (allowExternalTraffic: boolean) => ({
    ...described,
    controlPlaneEndpointsConfig: {
      dnsEndpointConfig: { endpoint: 'gke-abc.europe-west1.gke.goog', allowExternalTraffic },
    },
  })

  it('is its DNS endpoint, publicly trusted, where that takes traffic from outside', async () => {
    const { access } = await start(withToken(dns(true)))
    expect(await access()).toMatchObject({ server: 'https://gke-abc.europe-west1.gke.goog', ca: null })
  })

  it('is its address where the DNS endpoint is closed', async () => {
    const { access } = await start(withToken(dns(false)))
    expect(await access()).toMatchObject({ server: 'https://34.1.2.3' })
  })

  it('is told as missing where Google refuses', async () => {
    const { access } = await start(withToken(403))
    await expect(access()).rejects.toThrow(/GKE, asked for the cluster prod, answered 403/u)
  })
})
