/** Registries as they send: a real-looking push of each, and its proof, made without a line of ours. */

import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Sent } from './receiver-request.ts'

type Proof = (secret: string, body: Buffer) => Sent

const signed =
  (header: string, hash: string, prefix = ''): Proof =>
  (secret, body) => ({ headers: { [header]: prefix + createHmac(hash, secret).update(body).digest('hex') } })
const inHeader =
  (header: string): Proof =>
  (secret) => ({ headers: { [header]: secret } })
const inUrl: Proof = (secret) => ({ pathSecret: secret })

/** The settings beside the secret, and the proof. */
const SENDERS: Readonly<Record<string, { readonly settings?: object; readonly proof: Proof }>> = {
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
    settings: { username: 'drayage' },
    proof: (secret) => ({
      headers: {
        authorization: `Basic ${Buffer.from(`drayage:${secret}`).toString('base64')}`,
        'ce-type': 'x.image.updated',
      },
    }),
  },
}

export const SENDER_TYPES = Object.keys(SENDERS)
/** For these the configuration must not name a host, or no other one. */
const HOSTS: Readonly<Record<string, string>> = { dockerhub: 'docker.io', ghcr: 'ghcr.io' }

/** An entry of `registries:`; its secret is `env:` and this name. */
export function entryOf(type: string, variable: string): object {
  const secret = { [type === 'zot' ? 'password' : 'secret']: `env:${variable}` }
  return { host: HOSTS[type] ?? `${type}.example.com`, events: { type, ...SENDERS[type]?.settings, ...secret } }
}

export function pushOf(type: string): Buffer {
  return readFileSync(new URL(`../fixtures/receivers/${type}/push/body.json`, import.meta.url))
}

export function proofOf(type: string, secret: string, body: Buffer): Sent {
  const sender = SENDERS[type]
  if (sender === undefined) throw new Error(`nobody here sends as ${type}`)
  return sender.proof(secret, body)
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
