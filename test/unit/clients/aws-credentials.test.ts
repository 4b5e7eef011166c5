/** Where keys of AWS come from, against the services that give them, as AWS publishes their protocols. */

import { afterEach, describe, expect, it } from 'vitest'
import { createAwsCredentials } from '../../../src/clients/aws/credential-chain.ts'
import { guardedHttp, startPeer, type Answers } from '../../helpers/cloud-peer.ts'

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5)
const HOUR_MS = 3_600_000
const given = (expires = NOW + HOUR_MS) => ({
  AccessKeyId: 'ASIAEXAMPLE',
  SecretAccessKey: 'CANARY-secret',
  Token: 'session',
  Expiration: new Date(expires).toISOString(),
})
const KEYS = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'CANARY-secret', sessionToken: 'session' }

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function start(
  answers: Answers,
  envOf: (url: URL) => Record<string, string> = () => ({}),
  files: Record<string, string> = {},
) {
  const peer = await startPeer(answers)
  closing.push(peer.close)
  const clock = { now: NOW }
  const credentials = createAwsCredentials({
    http: guardedHttp(),
    env: envOf(peer.url),
    readFile: async (path) => files[path] ?? Promise.reject(new Error('no such file')),
    region: 'eu-west-1',
    now: () => clock.now,
    endpoints: { sts: peer.url, machine: peer.url },
  })
  return { peer, clock, credentials }
}

describe('keys of AWS', () => {
  it('are those of the environment, before all others', async () => {
    const env = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'key', AWS_SESSION_TOKEN: 'token' }
    const { credentials, peer } = await start({}, () => env)
    expect(await credentials()).toEqual({ accessKeyId: 'AKID', secretAccessKey: 'key', sessionToken: 'token' })
    expect(peer.asked).toEqual([])
  })

  it('come from STS for the token of the pod or job around us', async () => {
    const result = {
      Credentials: {
        AccessKeyId: 'ASIAEXAMPLE',
        SecretAccessKey: 'CANARY-secret',
        SessionToken: 'session',
        Expiration: (NOW + HOUR_MS) / 1000,
      },
    }
    const { credentials, peer } = await start(
      { 'POST /': () => ({ AssumeRoleWithWebIdentityResponse: { AssumeRoleWithWebIdentityResult: result } }) },
      () => ({ AWS_WEB_IDENTITY_TOKEN_FILE: '/token', AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/drayage' }),
      { '/token': 'a.b.c\n' },
    )
    expect(await credentials()).toEqual(KEYS)
    expect(Object.fromEntries(new URLSearchParams(peer.asked[0]?.body))).toEqual({
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn: 'arn:aws:iam::123456789012:role/drayage',
      RoleSessionName: 'drayage',
      WebIdentityToken: 'a.b.c',
    })
  })

  it('come from the container’s service, with its token', async () => {
    const { credentials, peer } = await start(
      { 'GET /v1/credentials': () => given() },
      (url) => ({
        AWS_CONTAINER_CREDENTIALS_FULL_URI: new URL('/v1/credentials', url).href,
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/pod',
      }),
      { '/pod': 'pod-token\n' },
    )
    expect(await credentials()).toEqual(KEYS)
    expect(peer.asked[0]?.headers['authorization']).toBe('pod-token')
  })

  it.each(['http://evil.example/v1/credentials', 'http://10.0.0.1/', 'http://169.254.169.254/'])(
    'are not asked of %s, wherever the environment leads',
    async (url) => {
      const { credentials, peer } = await start({}, () => ({
        AWS_CONTAINER_CREDENTIALS_FULL_URI: url,
        AWS_CONTAINER_AUTHORIZATION_TOKEN: 'CANARY',
      }))
      await expect(credentials()).rejects.toThrow(/not the container/u)
      expect(peer.asked).toEqual([])
    },
  )

  it('come from the machine by version 2 of its service: a token first', async () => {
    const path = '/latest/meta-data/iam/security-credentials/'
    const isOurs = (headers: Readonly<Record<string, string>>) => headers['x-aws-ec2-metadata-token'] === 'imds'
    const { credentials, peer } = await start({
      'PUT /latest/api/token': ({ headers }) =>
        headers['x-aws-ec2-metadata-token-ttl-seconds'] === '300' ? 'imds' : 400,
      [`GET ${path}`]: ({ headers }) => (isOurs(headers) ? 'drayage-role' : 401),
      [`GET ${path}drayage-role`]: ({ headers }) => (isOurs(headers) ? given() : 401),
    })
    expect(await credentials()).toEqual(KEYS)
    expect(peer.asked).toHaveLength(3)
  })

  it('are kept until five minutes before they expire', async () => {
    const { credentials, peer, clock } = await start({ 'GET /keys': () => given(clock.now + HOUR_MS) }, (url) => ({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: new URL('/keys', url).href,
    }))
    await Promise.all([credentials(), credentials()])
    clock.now += HOUR_MS - 5 * 60_000 - 1
    await credentials()
    expect(peer.asked).toHaveLength(1)
    clock.now += 1
    await credentials()
    expect(peer.asked).toHaveLength(2)
  })

  it('are told as missing without a word of what was sent or answered', async () => {
    const { credentials } = await start(
      { 'POST /': () => 'CANARY <Error><Message>CANARY</Message></Error>' },
      () => ({ AWS_WEB_IDENTITY_TOKEN_FILE: '/token', AWS_ROLE_ARN: 'arn' }),
      { '/token': 'CANARY' },
    )
    const error: unknown = await credentials().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'RetryLater' })
    expect(String(error)).not.toContain('CANARY')
  })
})
