import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Secret } from '../../../src/domain/secret.ts'
import { asymmetric, symmetric, verifyStandardWebhook, type Scheme } from '../../../src/receivers/standard-webhooks.ts'
import { webhook } from '../../../src/receivers/webhook.ts'
import { aRequest } from '../../helpers/receiver-request.ts'

// The example that the libraries of Standard Webhooks share.
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const BODY = '{"test": 2432232314}'
const SENT = {
  'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  'webhook-timestamp': '1614265330',
  'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
}
const NOW = 1_614_265_330_000

const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const RAW = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
const PUBLIC = `whpk_${RAW.toString('base64')}`
const CONTENT = Buffer.from(`${SENT['webhook-id']}.${SENT['webhook-timestamp']}.${BODY}`)
const V1A = `v1a,${sign(null, CONTENT, privateKey).toString('base64')}`

type Given = { scheme?: Scheme; key?: string; headers?: Record<string, string>; body?: string; now?: number }

async function verify({
  scheme = symmetric,
  key = SECRET,
  headers = {},
  body = BODY,
  now = NOW,
}: Given = {}): Promise<unknown> {
  const secret: Secret = async () => [key]
  const result = await verifyStandardWebhook(aRequest({ body, headers: { ...SENT, ...headers } }), scheme, secret, {
    now,
  })
  return result.ok ? 'accepted' : result.error.reason
}

const listed = (...signatures: readonly string[]): Record<string, string> => ({
  'webhook-signature': signatures.join(' '),
})
const ALIEN = `v1,${Buffer.alloc(32).toString('base64')}`

describe('version v1', () => {
  it("accepts the specification's libraries' example", async () => {
    expect(await verify()).toBe('accepted')
  })

  it.each<[string, Given, string]>([
    ['another body', { body: `${BODY} ` }, 'wrong-credential'],
    ['another id', { headers: { 'webhook-id': 'msg_other' } }, 'wrong-credential'],
    ['another time', { headers: { 'webhook-timestamp': '1614265331' } }, 'wrong-credential'],
    [
      'the dot moved from id to time',
      { headers: { 'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330' } },
      'wrong-credential',
    ],
    ['no version', { headers: listed(SENT['webhook-signature'].slice(3)) }, 'wrong-credential'],
    [
      'a version that is not configured',
      { headers: listed(SENT['webhook-signature'].replace('v1', 'v2')) },
      'wrong-credential',
    ],
    [
      'the signature under the name of the other version',
      { headers: listed(SENT['webhook-signature'].replace('v1', 'v1a')) },
      'wrong-credential',
    ],
    ['5 minutes and a second late', { now: NOW + 301_000 }, 'stale-timestamp'],
    ['5 minutes and a second early', { now: NOW - 301_000 }, 'stale-timestamp'],
  ])('refuses %s', async (_name, given, reason) => {
    expect(await verify(given)).toBe(reason)
  })

  it('accepts a time at each end of the window', async () => {
    expect(await verify({ now: NOW + 300_000 })).toBe('accepted')
    expect(await verify({ now: NOW - 300_000 })).toBe('accepted')
  })

  it('finds its signature among others, unknown and malformed ones', async () => {
    expect(await verify({ headers: listed('v1,AAAA', V1A, 'v9,x', 'junk', ALIEN, SENT['webhook-signature']) })).toBe(
      'accepted',
    )
  })

  it('takes ten signatures, not eleven', async () => {
    const others = (count: number): readonly string[] => Array.from({ length: count }, () => ALIEN)
    expect(await verify({ headers: listed(...others(9), SENT['webhook-signature']) })).toBe('accepted')
    expect(await verify({ headers: listed(...others(10), SENT['webhook-signature']) })).toBe('wrong-credential')
  })

  it('signs bytes, also such as are no text', async () => {
    const body = Uint8Array.of(0xff, 0x00, 0xfe)
    const key = Buffer.from(SECRET.slice(6), 'base64')
    const content = Buffer.concat([Buffer.from(`${SENT['webhook-id']}.${SENT['webhook-timestamp']}.`), body])
    const signature = `v1,${createHmac('sha256', key).update(content).digest('base64')}`
    const request = aRequest({ body, headers: { ...SENT, ...listed(signature) } })
    expect(await verifyStandardWebhook(request, symmetric, async () => [SECRET], { now: NOW })).toMatchObject({
      ok: true,
    })
  })

  it.each([23, 65])('takes no secret of %i bytes', async (length) => {
    await expect(verify({ key: `whsec_${Buffer.alloc(length, 7).toString('base64')}` })).rejects.toThrow(
      '24 to 64 bytes',
    )
  })

  it.each([24, 64])('takes a secret of %i bytes', async (length) => {
    expect(await verify({ key: `whsec_${Buffer.alloc(length, 7).toString('base64')}` })).toBe('wrong-credential')
  })
})

describe('version v1a', () => {
  it('accepts the signature of its key', async () => {
    expect(await verify({ scheme: asymmetric, key: PUBLIC, headers: listed(V1A) })).toBe('accepted')
  })

  it('refuses the same signature for another body', async () => {
    expect(await verify({ scheme: asymmetric, key: PUBLIC, headers: listed(V1A), body: '{}' })).toBe('wrong-credential')
  })
})

describe('CVE-2026-22817, CVE-2026-22818: no message chooses its algorithm', () => {
  const publicAsHmac = `v1,${createHmac('sha256', RAW).update(CONTENT).digest('base64')}`
  const textAsHmac = `v1,${createHmac('sha256', PUBLIC).update(CONTENT).digest('base64')}`

  it('refuses an HMAC made with the public key, which everybody has', async () => {
    expect(await verify({ scheme: asymmetric, key: PUBLIC, headers: listed(publicAsHmac, textAsHmac) })).toBe(
      'wrong-credential',
    )
  })

  it('refuses to start from a public key where a secret belongs', async () => {
    await expect(verify({ key: PUBLIC, headers: listed(publicAsHmac) })).rejects.toThrow('expected whsec_')
  })

  it('refuses to start from a secret where a public key belongs', async () => {
    await expect(verify({ scheme: asymmetric, key: SECRET })).rejects.toThrow('expected whpk_')
  })

  it('takes one key of one kind', () => {
    const both = { type: 'webhook', secret: 'env:A', publicKey: 'env:B' }
    expect(webhook.Settings.safeParse(both).success).toBe(false)
  })
})
