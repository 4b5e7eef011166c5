/** Authenticate and parse, per receiver, against `JSON.parse` and the same WebCrypto calls with nothing around them. */

import { generateKeyPairSync, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { SecretOf, Receiver, ReceiverType } from '../../src/receivers/receiver.ts'
import { receive } from '../../src/receivers/receiver.ts'
import { receiverTypes } from '../../src/receivers/index.ts'
import { aRequest, type Sent } from '../helpers/receiver-request.ts'
import type { BenchRow } from './row.ts'
import { noHttp } from '../helpers/no-http.ts'

const ROUNDS = 9
const REQUESTS = 2000
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
  return { name: `receive: ${subject.name}, rate / bare`, ratio: rawMs / ownMs, aim: '≥ 0.5', detail }
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

function receiverOf({ type: name, settings, secret }: Subject): Receiver {
  const type: ReceiverType | undefined = receiverTypes.get(name)
  if (type === undefined) throw new Error(`there is no receiver ${name}`)
  const secretOf: SecretOf = () => async () => [secret]
  return type.create(type.Settings.parse({ type: name, ...settings }), secretOf, noHttp, null)
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
    { ...distribution, name, sent: { headers, body: batch }, requests: REQUESTS / 100 },
    { ...secret, name: 'dockerhub', type: 'dockerhub', sent: { pathSecret: SECRET, body: bodyOf('dockerhub') } },
    ...(await fieldSubjects()),
    await hmacWebhook(),
    await ed25519Webhook(),
  ]
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

function bodyOf(type: string): Buffer {
  return readFileSync(new URL(`../fixtures/receivers/${type}/push/body.json`, import.meta.url))
}

function eventOf(body: Buffer): unknown {
  return (JSON.parse(body.toString()) as { events: readonly unknown[] }).events[0]
}
