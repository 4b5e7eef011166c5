/** Registries as they send: a real-looking push of each, and its proof, made without a line of ours. */

import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { startPeer } from './cloud-peer.ts'
import { aSigningKey, aToken, keySetOf, type SigningKey } from './issuer.ts'
import type { Sent } from './receiver-request.ts'

type Proof = (secret: string, body: Buffer) => Sent

const signed =
  (header: string, hash: string, prefix = ''): Proof =>
  (secret, body) => ({ headers: { [header]: prefix + createHmac(hash, secret).update(body).digest('hex') } })
const inHeader =
  (header: string): Proof =>
  (secret) => ({ headers: { [header]: secret } })
/** Who holds the secret holds the issuer's key; whoever holds another has a key of the same name. */
const byToken =
  (claimsOf: (seconds: number) => object): Proof =>
  (secret) => {
    const token = aToken(keyOf(secret), claimsOf(Math.floor(Date.now() / 1000)))
    return { headers: { authorization: `Bearer ${token}` } }
  }
const inUrl: Proof = (secret) => ({ pathSecret: secret })

const TENANT = '22222222-2222-4222-8222-222222222222'
const APPLICATION = '11111111-1111-4111-8111-111111111111'
const AUDIENCE = 'https://drayage.example.com/hooks/cloud'
const SERVICE_ACCOUNT = 'push@acme-prod.iam.gserviceaccount.com'
export const REGISTRY_ID =
  '/subscriptions/20000000-0000-4000-8000-000000000000/resourceGroups/apps/providers/Microsoft.ContainerRegistry/registries/acme'

const google = byToken((iat) => {
  const who = { email: SERVICE_ACCOUNT, email_verified: true, sub: '1137' }
  return { iss: 'https://accounts.google.com', aud: AUDIENCE, ...who, iat, exp: iat + 3600 }
})
const entra = byToken((iat) => {
  const who = { tid: TENANT, appid: '4962773b-9cdb-44cf-a8bf-237846a00ab7' }
  return { iss: `https://sts.windows.net/${TENANT}/`, aud: APPLICATION, ...who, iat, nbf: iat, exp: iat + 3900 }
})
const connection = byToken((iat) => {
  return { iss: 'https://login.example.com', aud: AUDIENCE, client_id: 'eventbridge', iat, exp: iat + 3600 }
})

type Sender = {
  /** Where the entry's name is not the type's. */
  readonly type?: string
  /** Where it is not `push`. */
  readonly fixture?: string
  readonly host?: string
  /** What names the secret. Null: there is none, for an issuer has keys. */
  readonly secret?: string | null
  /** Beside the secret; `keys` is where the issuer's are. */
  readonly settings?: (keys: string) => object
  readonly proof: Proof
}

/** The settings beside the secret, and the proof. */
const SENDERS: Readonly<Record<string, Sender>> = {
  acr: { host: 'acme.azurecr.io', proof: inHeader('authorization') },
  'acr-event-grid': {
    type: 'acr',
    fixture: 'grid-push',
    host: 'acme.azurecr.io',
    secret: null,
    settings: (keys) => ({ eventGrid: REGISTRY_ID, tenant: TENANT, audience: APPLICATION, keys }),
    proof: entra,
  },
  ecr: { host: '012345678901.dkr.ecr.eu-west-1.amazonaws.com', secret: 'apiKey', proof: inHeader('x-api-key') },
  'ecr-oauth': {
    type: 'ecr',
    host: '012345678901.dkr.ecr.eu-west-1.amazonaws.com',
    secret: null,
    settings: (keys) => ({
      oauth: { issuer: 'https://login.example.com', keys, audience: AUDIENCE, client: 'eventbridge' },
    }),
    proof: connection,
  },
  gcr: {
    host: 'europe-docker.pkg.dev',
    secret: null,
    settings: (keys) => ({ audience: AUDIENCE, serviceAccount: SERVICE_ACCOUNT, keys }),
    proof: google,
  },
  alibaba: { proof: inUrl },
  cdevents: { proof: inHeader('x-webhook-secret') },
  cloudevents: { proof: inHeader('x-webhook-secret') },
  distribution: { proof: inHeader('authorization') },
  dockerhub: { proof: inUrl },
  ghcr: { proof: signed('x-hub-signature-256', 'sha256', 'sha256=') },
  gitea: { proof: signed('x-gitea-signature', 'sha256') },
  gitlab: { proof: inHeader('authorization') },
  harbor: { proof: inHeader('authorization') },
  jfrog: { proof: signed('x-jfrog-event-auth', 'sha256') },
  mirantis: { proof: inUrl },
  nexus: { proof: signed('x-nexus-webhook-signature', 'sha1') },
  quay: { proof: inUrl },
  zot: {
    secret: 'password',
    settings: () => ({ username: 'drayage' }),
    proof: (secret) => ({
      headers: {
        authorization: `Basic ${Buffer.from(`drayage:${secret}`).toString('base64')}`,
        'ce-type': 'x.image.updated',
      },
    }),
  },
}

export const SENDER_TYPES = Object.keys(SENDERS)
const keys = new Map<string, SigningKey>()

function keyOf(secret: string): SigningKey {
  const key = keys.get(secret) ?? aSigningKey('k1')
  keys.set(secret, key)
  return key
}

/** The issuer of all tokens, on loopback, with the key of whoever holds this secret. */
export async function startIssuer(secret: string) {
  const peer = await startPeer({ 'GET /keys': () => keySetOf([keyOf(secret)]) })
  return { keys: new URL('/keys', peer.url).href, asked: peer.asked, close: peer.close }
}

/** For these the configuration must not name a host, or no other one. */
const HOSTS: Readonly<Record<string, string>> = { dockerhub: 'docker.io', ghcr: 'ghcr.io' }

/** An entry of `registries:`; its secret is `env:` and this name, or its tokens' keys are at this URL. */
export function entryOf(name: string, variable: string, issuer: string): object {
  const { type = name, secret = 'secret', settings, host = HOSTS[type] ?? `${type}.example.com` } = senderOf(name)
  const proof = secret === null ? {} : { [secret]: `env:${variable}` }
  return { host, events: { type, ...settings?.(issuer), ...proof } }
}

export function pushOf(name: string): Buffer {
  const { type = name, fixture = 'push' } = senderOf(name)
  return readFileSync(new URL(`../fixtures/receivers/${type}/${fixture}/body.json`, import.meta.url))
}

function senderOf(name: string): Sender {
  const sender = SENDERS[name]
  if (sender === undefined) throw new Error(`nobody here sends as ${name}`)
  return sender
}

export function proofOf(name: string, secret: string, body: Buffer): Sent {
  return senderOf(name).proof(secret, body)
}

/** Over HTTP, to an entry of this name. */
export function send(hooks: string, name: string, { headers, pathSecret }: Sent, body: Buffer): Promise<Response> {
  const path = typeof pathSecret === 'string' ? `${name}/${pathSecret}` : name
  const own = Object.entries(headers ?? {}).map(([key, value]): [string, string] => [key, String(value)])
  return fetch(`${hooks}/hooks/${path}`, {
    method: 'POST',
    body: new Uint8Array(body),
    headers: { 'content-type': 'application/json', ...Object.fromEntries(own) },
  })
}
