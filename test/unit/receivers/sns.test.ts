/** Messages of SNS: whose certificate is asked for where, how often, and what a confirmation does. */

import { X509Certificate } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RetryLater } from '../../../src/domain/retry.ts'
import { FETCHES_MAX, FETCHES_WINDOW_MS } from '../../../src/receivers/certificates.ts'
import { ecr } from '../../../src/receivers/ecr.ts'
import type { Receiver } from '../../../src/receivers/receiver.ts'
import { publicKeyOfCertificate } from '../../../src/receivers/x509.ts'
import type { Http } from '../../../src/clients/http.ts'
import { aServer, type Served } from '../../helpers/issuer.ts'
import { aRequest } from '../../helpers/receiver-request.ts'
import { anSnsSigner, pemOf, signSns } from '../../helpers/sns.ts'

const NOW = 1_773_063_866_402
const TOPIC = 'arn:aws:sns:eu-west-1:012345678901:pushes'
const HOST = 'sns.eu-west-1.amazonaws.com'
const signer = anSnsSigner('signer')

const envelope = {
  Type: 'Notification',
  MessageId: '6b1f3c1e-8a56-5d6e-9c0f-1d2e3f405162',
  TopicArn: TOPIC,
  Message: '{}',
  Timestamp: new Date(NOW).toISOString(),
  SigningCertURL: `https://${HOST}/${signer.file}`,
}
const confirmation = {
  ...envelope,
  Type: 'SubscriptionConfirmation',
  Token: '0011223344556677',
  SubscribeURL: 'https://169.254.169.254/latest/meta-data/',
}

type Sns = { topicArn?: string; signatureVersion?: string }
function aReceiver(http: Http, sns: Sns = {}): Receiver {
  const settings = ecr.Settings.parse({ type: 'ecr', sns: { topicArn: TOPIC, ...sns } })
  return ecr.create(settings, () => async () => ['unused'], http, null)
}
const send = (receiver: Receiver, sent: object, now = NOW): ReturnType<Receiver['authenticate']> =>
  receiver.authenticate(aRequest({ body: JSON.stringify(sent) }), { now })
const wrong = { ok: false, error: { reason: 'wrong-credential' } }
const served = (): Served => ({ body: signer.pem })

describe('a message of SNS', () => {
  it('is taken, and its certificate asked for once', async () => {
    const http = aServer(served)
    const receiver = aReceiver(http)
    for (let round = 0; round < 3; round += 1) {
      expect(await send(receiver, signSns(signer, envelope))).toEqual({
        ok: true,
        value: { assurance: 'signed-body', secret: null },
      })
    }
    expect(http.calls.map(({ url, hosts }) => ({ url: url.href, hosts }))).toEqual([
      { url: `https://${HOST}/${signer.file}`, hosts: [HOST] },
    ])
    expect(http.calls[0]?.redirects ?? 'return').toBe('return')
  })

  it('is signed over its subject too, where it has one', async () => {
    const receiver = aReceiver(aServer(served))
    expect(await send(receiver, signSns(signer, { ...envelope, Subject: 'push' }))).toMatchObject({ ok: true })
    expect(await send(receiver, { ...signSns(signer, envelope), Subject: null })).toMatchObject({ ok: true })
    expect(await send(receiver, { ...signSns(signer, envelope), Subject: '' })).toMatchObject(wrong)
  })

  it('of another topic costs no request, however well it is signed', async () => {
    const http = aServer(served)
    const other = signSns(signer, { ...envelope, TopicArn: 'arn:aws:sns:eu-west-1:999999999999:pushes' })
    expect(await send(aReceiver(http), other)).toMatchObject(wrong)
    expect(http.calls).toEqual([])
  })

  it.each([
    ['2', '1', false],
    ['1', '1', true],
    ['1', '2', false],
    ['2', '3', false],
    ['2', '', false],
    ['2', '02', false],
  ])('where version %s is configured and %s comes, gets in: %s', async (configured, version, isLetIn) => {
    const receiver = aReceiver(aServer(served), { signatureVersion: configured })
    const sent = signSns(signer, { ...envelope, SignatureVersion: version })
    expect((await send(receiver, sent)).ok).toBe(isLetIn)
  })

  it.each([
    ['arn:aws-cn:sns:cn-north-1:012345678901:pushes', 'sns.cn-north-1.amazonaws.com.cn'],
    ['arn:aws-us-gov:sns:us-gov-west-1:012345678901:pushes', 'sns.us-gov-west-1.amazonaws.com'],
    ['arn:aws-iso:sns:us-iso-east-1:012345678901:pushes', 'sns.us-iso-east-1.c2s.ic.gov'],
    ['arn:aws:sns:ap-southeast-2:012345678901:pushes.fifo', 'sns.ap-southeast-2.amazonaws.com'],
  ])('of %s has its certificate at %s', async (topicArn, host) => {
    const http = aServer(served)
    const SigningCertURL = `https://${host}/${signer.file}`
    const sent = signSns(signer, { ...envelope, TopicArn: topicArn, SigningCertURL })
    expect(await send(aReceiver(http, { topicArn }), sent)).toMatchObject({ ok: true })
    expect(http.calls.map(({ url }) => url.host)).toEqual([host])
  })

  it.each([
    [{ status: 404, body: signer.pem }],
    [{ status: 302, body: signer.pem, headers: { location: 'https://evil.example/' } }],
    [{ body: '' }],
    [{ body: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' }],
    [{ body: 'x'.repeat(20_000) }],
  ])('is refused where its certificate is %j, which is not asked for again for a while', async (answer) => {
    const http = aServer(() => answer)
    const receiver = aReceiver(http)
    for (let round = 0; round < 3; round += 1) {
      expect(await send(receiver, signSns(signer, envelope))).toMatchObject(wrong)
    }
    expect(http.calls).toHaveLength(1)
    const later = NOW + FETCHES_WINDOW_MS
    await send(receiver, signSns(signer, { ...envelope, Timestamp: new Date(later).toISOString() }), later)
    expect(http.calls).toHaveLength(2)
  })

  it('waits where its certificate cannot be had', async () => {
    const http = aServer(() => {
      throw new RetryLater('away')
    })
    await expect(send(aReceiver(http), signSns(signer, envelope))).rejects.toThrow(RetryLater)
  })

  it('with an invented certificate makes us ask no more than so often, and pushes no real one out', async () => {
    const http = aServer(({ url }) => (url.href.endsWith(signer.file) ? served() : { status: 403, body: '' }))
    const receiver = aReceiver(http)
    await send(receiver, signSns(signer, envelope))
    const invented = async (index: number): Promise<unknown> => {
      const file = `SimpleNotificationService-${String(index).padStart(32, '0')}.pem`
      return send(receiver, signSns(signer, { ...envelope, SigningCertURL: `https://${HOST}/${file}` })).catch(String)
    }
    for (let index = 0; index < 100; index += 1) await invented(index)
    expect(http.calls).toHaveLength(FETCHES_MAX)
    expect(await invented(101)).toMatch(/RetryLater/u)
    expect(await send(receiver, signSns(signer, envelope))).toMatchObject({ ok: true })
    expect(http.calls).toHaveLength(FETCHES_MAX)
  })
})

describe('a confirmation of SNS', () => {
  it('is answered by a call that we make up ourselves, never by SubscribeURL', async () => {
    const http = aServer(({ url }) => (url.search === '' ? served() : { body: '<ConfirmSubscriptionResponse/>' }))
    const receiver = aReceiver(http)
    const request = aRequest({ body: JSON.stringify(signSns(signer, confirmation)) })
    expect(await receiver.authenticate(request, { now: NOW })).toMatchObject({ ok: true })
    const received = receiver.parse(request, { now: NOW })
    expect(received).toEqual({ ok: true, value: { outcome: 'validation', reply: confirmation.Token } })
    if (received.ok) await receiver.confirm?.(received.value)
    expect(http.calls.map(({ url }) => url.href)).toEqual([
      `https://${HOST}/${signer.file}`,
      `https://${HOST}/?Action=ConfirmSubscription&TopicArn=${encodeURIComponent(TOPIC)}&Token=${confirmation.Token}&Version=2010-03-31`,
    ])
    expect(http.calls[1]?.hosts).toEqual([HOST])
  })

  it('of another topic confirms nothing', async () => {
    const http = aServer(served)
    const other = signSns(signer, { ...confirmation, TopicArn: `${TOPIC}2` })
    expect(await send(aReceiver(http), other)).toMatchObject(wrong)
    expect(http.calls).toEqual([])
  })

  it('comes again where it could not be confirmed', async () => {
    const receiver = aReceiver(aServer(() => ({ status: 403, body: '' })))
    const validation = { outcome: 'validation', reply: '00' } as const
    await expect(receiver.confirm?.(validation)).rejects.toThrow(RetryLater)
  })

  it('is asked for by nothing else', async () => {
    const http = aServer(served)
    await aReceiver(http).confirm?.({ outcome: 'ping' })
    expect(http.calls).toEqual([])
  })
})

describe('a certificate', () => {
  it('gives the key that Node finds in it', () => {
    expect(Buffer.from(publicKeyOfCertificate(REAL) ?? [])).toEqual(
      new X509Certificate(REAL).publicKey.export({ format: 'der', type: 'spki' }),
    )
  })

  it('gives nothing, and never fails, whatever stands in its place', () => {
    const der = Buffer.from(REAL.replaceAll(/-----[A-Z ]+-----|\s/gu, ''), 'base64')
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: der.length - 1 }), fc.nat({ max: 255 })), { maxLength: 4 }),
        (changes) => {
          const damaged = Buffer.from(der)
          for (const [at, byte] of changes) damaged[at] = byte
          const key = publicKeyOfCertificate(pemOf(damaged))
          expect(key === null || key.length <= damaged.length).toBe(true)
        },
      ),
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const key = publicKeyOfCertificate(pemOf(Buffer.from(bytes)))
        expect(key === null || key.length <= bytes.length).toBe(true)
      }),
    )
    fc.assert(fc.property(fc.string(), (text) => publicKeyOfCertificate(text) === null))
    for (let length = 0; length < der.length; length += 7) {
      const key = publicKeyOfCertificate(pemOf(der.subarray(0, length)))
      expect(key).toBeNull()
    }
  })
})

/** Made for this test with openssl; nobody's. */
const REAL = `-----BEGIN CERTIFICATE-----
MIIDMTCCAhmgAwIBAgIUBGg0IINgpZJ9MH+Xvlxr4fNhOKAwDQYJKoZIhvcNAQEL
BQAwGjEYMBYGA1UEAwwPc25zLmV4YW1wbGUuY29tMB4XDTI2MTEyMTA0MDQzNloX
DTM2MTExODA0MDQzNlowGjEYMBYGA1UEAwwPc25zLmV4YW1wbGUuY29tMIIBIjAN
BgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEApWMGrHQJ6mTfRG0ed7QyzvJlt0eh
+V6oTiHjtpUwM74OG8TX8M4Gg4DCqgFft6epN892cEzK95R8kyIaCsbUIIMbg1H+
1ZMxOFM0/JGXXjWqHIt4aHfE1TAVGOd42+vV2ZoTBi3zn88pp4h0cYCFRRFPgm5j
CPK+2bUVgBy8EaJvDKjMhe7CWm6T6vxvbzTlNQvRYEYlVpU2881Ihilxw9o0kimS
g8B2ZEIHJHwVf9aWfCAtToRhfzSPjlSBnx8lEeyU+h+VEPBEBJ0x5QuokwbEDuUQ
qIN2HBR7AmkEogO9/Hn6In7SKh3WTvrEgUuhha6e8JBWI7tQFdXSQXhwjwIDAQAB
o28wbTAdBgNVHQ4EFgQUkm7UE6LE0n/KgITimNPdcqvvalkwHwYDVR0jBBgwFoAU
km7UE6LE0n/KgITimNPdcqvvalkwDwYDVR0TAQH/BAUwAwEB/zAaBgNVHREEEzAR
gg9zbnMuZXhhbXBsZS5jb20wDQYJKoZIhvcNAQELBQADggEBAJ1XghtjiWzY0VAN
cMcljjl/Ed+Utp2qHqedwOu19RhhQIg5b0WYHM1nwkZuqCgT3acx1Snc+eSZkdAc
9H1+awufDCUYUnPQT9+G/l/83f5gzrFKrFROkY7rQnh/jAl0Aj/fptqP8ZV04xOw
MKXlEPCaNIh6i/G9/1RGroQTuo+NLlv4rSqrA1FAfLbpPZNgYiTnjvTNePBgYvgI
HWIvVIS4yFe7KVJr/YvODoSTOMTkJe5vWg2OWa8rJ9kIICPt6Mf9Qqm2aFxu5qtV
FmS3f2+x/uX73DM3UP239L/OYFOqzu+u6gxlotCje86eUI93dwCpRnyiynqhblMe
V56Fr24=
-----END CERTIFICATE-----
`
