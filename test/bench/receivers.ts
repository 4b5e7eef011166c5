/** Authenticate and parse, per receiver, against `JSON.parse` and the same WebCrypto calls with nothing around them. */

import { createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { SecretOf, Receiver, ReceiverType } from '../../src/receivers/receiver.ts'
import { receive } from '../../src/receivers/receiver.ts'
import { receiverTypes } from '../../src/receivers/index.ts'
import { aRequest, type Sent } from '../helpers/receiver-request.ts'
import type { BenchRow } from './row.ts'
import { noHttp } from '../helpers/no-http.ts'
import type { Http } from '../../src/clients/http.ts'
import { aServer, aSigningKey, aToken, keySetOf } from '../helpers/issuer.ts'
import { anSnsSigner, signSns } from '../helpers/sns.ts'

const ROUNDS = 31
const REQUESTS = 400
const BATCH_EVENTS = 500
const NOW = 1_773_063_866_402
const SECRET = 'a-secret-of-some-length-0123456789abcdef'
const { subtle } = crypto

type Subject = {
  readonly name: string
  readonly type: string
  readonly settings: object
  readonly secret: string
  readonly sent: Sent
  readonly requests: number
  /** Where the keys of its issuer are. */
  readonly http?: Http
  /** The crypto that such a request cannot do without. */
  raw(body: Uint8Array): Promise<boolean>
}

export async function bench(): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = []
  for (const subject of await subjects()) rows.push(await measure(subject))
  return rows
}

async function measure(subject: Subject): Promise<BenchRow> {
  const receiver = receiverOf(subject)
  const request = aRequest(subject.sent)
  const ours = async (): Promise<boolean> => (await receive(receiver, request, { now: NOW })).ok
  const bare = async (): Promise<boolean> => {
    const isAuthentic = await subject.raw(request.body)
    return isAuthentic && JSON.parse(new TextDecoder().decode(request.body)) !== null
  }
  const [own, raw]: [number[], number[]] = [[], []]
  for (let round = 0; round < ROUNDS; round += 1) {
    own.push(await timed(ours, subject.requests))
    raw.push(await timed(bare, subject.requests))
  }
  const [ownMs, rawMs] = [median(own), median(raw)]
  const microseconds = (ms: number): string => `${((ms * 1000) / subject.requests).toFixed(0)} µs`
  const detail = `${microseconds(ownMs)}; bare ${microseconds(rawMs)}; ${request.body.length} bytes`
  // Round by round: the machine's other work touches both alike.
  const ratio = median(own.map((ms, round) => (raw[round] ?? ms) / ms))
  return { name: `receive: ${subject.name}, rate / bare`, ratio, aim: '≥ 0.5', detail }
}

async function timed(work: () => Promise<boolean>, requests: number): Promise<number> {
  const started = performance.now()
  for (let request = 0; request < requests; request += 1) {
    if (!(await work())) throw new Error('a good request was refused')
  }
  return performance.now() - started
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1] ?? NaN
}

function receiverOf({ type: name, settings, secret, http = noHttp }: Subject): Receiver {
  const type: ReceiverType | undefined = receiverTypes.get(name)
  if (type === undefined) throw new Error(`there is no receiver ${name}`)
  const secretOf: SecretOf = () => async () => [secret]
  return type.create(type.Settings.parse({ type: name, ...settings }), secretOf, http, null)
}

async function subjects(): Promise<readonly Subject[]> {
  const secret = { settings: { secret: 'env:SECRET' }, secret: SECRET, requests: REQUESTS, raw: compareSecrets }
  const headers = { authorization: SECRET }
  const envelope = bodyOf('distribution')
  const batch = JSON.stringify({ events: Array.from({ length: BATCH_EVENTS }, () => eventOf(envelope)) })
  const distribution = { ...secret, name: 'distribution', type: 'distribution', sent: { headers, body: envelope } }
  const name = `distribution, ${BATCH_EVENTS} events`
  return [
    distribution,
    { ...distribution, name, sent: { headers, body: batch }, requests: 4 },
    { ...secret, name: 'dockerhub', type: 'dockerhub', sent: { pathSecret: SECRET, body: bodyOf('dockerhub') } },
    ...(await cloudSubjects()),
    ...(await fieldSubjects()),
    await hmacWebhook(),
    await ed25519Webhook(),
  ]
}

/** The other three clouds: two by a header, two by a token, one by a signed envelope. */
async function cloudSubjects(): Promise<readonly Subject[]> {
  const inHeader = (type: string, settings: object, header: string): Subject => {
    const sent = { headers: { [header]: SECRET }, body: bodyOf(type) }
    return { name: type, type, settings, secret: SECRET, requests: REQUESTS, raw: compareSecrets, sent }
  }
  const tenant = '22222222-2222-4222-8222-222222222222'
  const resource = `/subscriptions/${tenant}/resourceGroups/a/providers/Microsoft.ContainerRegistry/registries/acme`
  const seconds = Math.floor(NOW / 1000)
  const lives = { iat: seconds, exp: seconds + 3600 }
  const google = {
    iss: 'https://accounts.google.com',
    aud: 'drayage',
    email: 'push@acme.example',
    email_verified: true,
  }
  const appid = '4962773b-9cdb-44cf-a8bf-237846a00ab7'
  const entra = { iss: `https://sts.windows.net/${tenant}/`, aud: 'drayage', tid: tenant, appid }
  return [
    inHeader('ecr', { apiKey: 'env:SECRET' }, 'x-api-key'),
    await snsSubject(),
    await tokenSubject(
      'gcr',
      'push',
      { audience: 'drayage', serviceAccount: 'push@acme.example' },
      { ...google, ...lives },
    ),
    inHeader('acr', { secret: 'env:SECRET' }, 'authorization'),
    await tokenSubject(
      'acr',
      'grid-push',
      { eventGrid: resource, tenant, audience: 'drayage' },
      { ...entra, ...lives },
    ),
  ]
}

async function tokenSubject(type: string, fixture: string, settings: object, claims: object): Promise<Subject> {
  const signer = aSigningKey('k1')
  const token = aToken(signer, claims)
  const { algorithm, key } = await rsaKeyOf(signer.privateKey)
  const [head = '', payload = '', signature = ''] = token.split('.')
  const signed = new TextEncoder().encode(`${head}.${payload}`)
  return {
    name: `${type}, token`,
    type,
    settings,
    secret: 'unused',
    requests: REQUESTS,
    http: aServer(() => ({ body: keySetOf([signer]) })),
    sent: { headers: { authorization: `Bearer ${token}` }, body: bodyOf(type, fixture) },
    // The claims are JSON too, and so is what stands in base64 within a message of Pub/Sub.
    async raw(received) {
      JSON.parse(Buffer.from(payload, 'base64url').toString())
      const { message } = JSON.parse(new TextDecoder().decode(received)) as { message?: { data: string } }
      if (message !== undefined) JSON.parse(Buffer.from(message.data, 'base64').toString())
      return subtle.verify(algorithm, key, Buffer.from(signature, 'base64url'), signed)
    },
  }
}

async function snsSubject(): Promise<Subject> {
  const signer = anSnsSigner('bench')
  const topicArn = 'arn:aws:sns:eu-west-1:012345678901:pushes'
  const envelope = signSns(signer, {
    Type: 'Notification',
    MessageId: 'm-1',
    TopicArn: topicArn,
    Message: bodyOf('ecr').toString(),
    Timestamp: new Date(NOW).toISOString(),
    SigningCertURL: `https://sns.eu-west-1.amazonaws.com/${signer.file}`,
  })
  const { algorithm, key } = await rsaKeyOf(signer.privateKey)
  const { Message = '', MessageId, Timestamp, TopicArn, Type, Signature = '' } = envelope
  const lines = Object.entries({ Message, MessageId, Timestamp, TopicArn, Type })
  const signed = new TextEncoder().encode(lines.map(([name, value]) => `${name}\n${value}\n`).join(''))
  return {
    name: 'ecr, SNS',
    type: 'ecr',
    settings: { sns: { topicArn } },
    secret: 'unused',
    requests: REQUESTS,
    http: aServer(() => ({ body: signer.pem })),
    sent: { body: JSON.stringify(envelope) },
    // The event is JSON within JSON.
    raw: () =>
      subtle
        .verify(algorithm, key, Buffer.from(Signature, 'base64'), signed)
        .then((is) => is && JSON.parse(Message) !== null),
  }
}

async function rsaKeyOf(privateKey: KeyObject) {
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  const spki = new Uint8Array(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }))
  return { algorithm, key: await subtle.importKey('spki', spki, algorithm, false, ['verify']) }
}

/** The registries beside the four clouds. */
async function fieldSubjects(): Promise<readonly Subject[]> {
  const plain = { settings: { secret: 'env:SECRET' }, secret: SECRET, requests: REQUESTS, raw: compareSecrets }
  const inHeader = (type: string, header: string): Subject => {
    return { ...plain, name: type, type, sent: { headers: { [header]: SECRET }, body: bodyOf(type) } }
  }
  const inUrl = (type: string): Subject => {
    return { ...plain, name: type, type, sent: { pathSecret: SECRET, body: bodyOf(type) } }
  }
  const zot = inHeader('zot', 'x-unused')
  return [
    inHeader('gitlab', 'authorization'),
    inHeader('harbor', 'authorization'),
    inHeader('cdevents', 'x-webhook-secret'),
    inHeader('cloudevents', 'x-webhook-secret'),
    {
      ...zot,
      settings: { username: 'zot', password: 'env:SECRET' },
      sent: {
        ...zot.sent,
        headers: { authorization: `Basic ${btoa(`zot:${SECRET}`)}`, 'ce-type': 'zotregistry.image.updated' },
      },
    },
    inUrl('quay'),
    inUrl('alibaba'),
    inUrl('mirantis'),
    await signedOver('ghcr', 'x-hub-signature-256', 'SHA-256', 'sha256='),
    await signedOver('gitea', 'x-gitea-signature', 'SHA-256'),
    await signedOver('jfrog', 'x-jfrog-event-auth', 'SHA-256'),
    await signedOver('nexus', 'x-nexus-webhook-signature', 'SHA-1'),
  ]
}

/** An HMAC over the body, in hex. */
async function signedOver(type: string, header: string, hash: 'SHA-256' | 'SHA-1', prefix = ''): Promise<Subject> {
  const algorithm = { name: 'HMAC', hash }
  const bytes = new TextEncoder().encode(SECRET)
  const body = new Uint8Array(bodyOf(type))
  const signature = await subtle.sign('HMAC', await subtle.importKey('raw', bytes, algorithm, false, ['sign']), body)
  return {
    name: type,
    type,
    settings: { secret: 'env:SECRET' },
    secret: SECRET,
    requests: REQUESTS,
    sent: { headers: { [header]: prefix + Buffer.from(signature).toString('hex') }, body },
    async raw(received) {
      const key = await subtle.importKey('raw', bytes, algorithm, false, ['verify'])
      return subtle.verify('HMAC', key, signature, new Uint8Array(received))
    },
  }
}

/** Both sides under a random key: what one comparison in constant time costs. */
async function compareSecrets(): Promise<boolean> {
  const random = crypto.getRandomValues(new Uint8Array(32))
  const key = await subtle.importKey('raw', random, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify'])
  const text = new TextEncoder().encode(SECRET)
  return subtle.verify('HMAC', key, await subtle.sign('HMAC', key, text), text)
}

async function hmacWebhook(): Promise<Subject> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const bytes = new Uint8Array(32).fill(7)
  const signature = await subtle.sign(
    'HMAC',
    await subtle.importKey('raw', bytes, algorithm, false, ['sign']),
    signed(bodyOf('webhook')),
  )
  return {
    ...webhookSubject('v1', signature),
    settings: { secret: 'env:SECRET' },
    secret: `whsec_${Buffer.from(bytes).toString('base64')}`,
    async raw(body) {
      const key = await subtle.importKey('raw', bytes, algorithm, false, ['verify'])
      return subtle.verify('HMAC', key, signature, signed(body))
    },
  }
}

async function ed25519Webhook(): Promise<Subject> {
  const pair = generateKeyPairSync('ed25519')
  const bytes = new Uint8Array(pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32))
  const signature = new Uint8Array(sign(null, signed(bodyOf('webhook')), pair.privateKey))
  return {
    ...webhookSubject('v1a', signature.buffer),
    settings: { publicKey: 'env:SECRET' },
    secret: `whpk_${Buffer.from(bytes).toString('base64')}`,
    async raw(body) {
      const key = await subtle.importKey('raw', bytes, 'Ed25519', false, ['verify'])
      return subtle.verify('Ed25519', key, signature, signed(body))
    },
  }
}

function webhookSubject(version: string, signature: ArrayBuffer): Pick<Subject, 'name' | 'type' | 'requests' | 'sent'> {
  const headers = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': '1773063866',
    'webhook-signature': `${version},${Buffer.from(signature).toString('base64')}`,
  }
  return { name: `webhook ${version}`, type: 'webhook', requests: REQUESTS, sent: { headers, body: bodyOf('webhook') } }
}

function signed(body: Uint8Array): Buffer<ArrayBuffer> {
  return Buffer.concat([Buffer.from('msg_1.1773063866.'), body])
}

function bodyOf(type: string, fixture = 'push'): Buffer {
  return readFileSync(new URL(`../fixtures/receivers/${type}/${fixture}/body.json`, import.meta.url))
}

function eventOf(body: Buffer): unknown {
  return (JSON.parse(body.toString()) as { events: readonly unknown[] }).events[0]
}
