/** What senders hold, written independently of ours: keys, and how each of them proves that it has one. */

import { createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import type { Sent } from '../helpers/receiver-request.ts'
import type { Key } from './receiver.contract.ts'

/** What a subject of the contract needs. */
type Keys = { readonly current: Key; readonly previous: Key; readonly stranger: Key }

export function keys(
  proofOf: (value: string) => (body: Uint8Array) => Sent,
  configured = (value: string): string => value,
): Keys {
  const key = (): Key => {
    const value = `CANARY-${randomBytes(24).toString('hex')}`
    return { configured: configured(value), canaries: [value], prove: async (body) => proofOf(value)(body) }
  }
  return { current: key(), previous: key(), stranger: key() }
}

/** An HMAC over the body as it is, in hex. */
export function hexHmacKeys(header: string, hash: 'sha256' | 'sha1', prefix = ''): Keys {
  return keys((value) => (body) => {
    return { headers: { [header]: `${prefix}${createHmac(hash, value).update(body).digest('hex')}` } }
  })
}

export function headers(name: string, values: readonly string[]): readonly Sent[] {
  return values.map((value) => ({ headers: { [name]: value } }))
}

export function hmacKey(): Key {
  const bytes = randomBytes(32)
  const configured = `whsec_${bytes.toString('base64')}`
  return {
    configured,
    canaries: [configured, bytes.toString('base64'), bytes.toString('hex'), bytes.toString('base64url')],
    prove: async (body, now) =>
      signed(body, now, (content) => `v1,${createHmac('sha256', bytes).update(content).digest('base64')}`),
  }
}

export function ed25519Key(): Key {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
  return {
    configured: `whpk_${raw.toString('base64')}`,
    canaries: [],
    prove: async (body, now) =>
      signed(body, now, (content) => `v1a,${sign(null, content, privateKey).toString('base64')}`),
  }
}

function signed(body: Uint8Array, now: number, signatureOf: (content: Buffer) => string): Sent {
  const timestamp = String(Math.floor(now / 1000))
  const signature = signatureOf(Buffer.concat([Buffer.from(`msg_fixture.${timestamp}.`), body]))
  return { headers: { 'webhook-id': 'msg_fixture', 'webhook-timestamp': timestamp, 'webhook-signature': signature } }
}

export function webhookGarbage(version: string): readonly Sent[] {
  const empty = Buffer.alloc(version === 'v1' ? 32 : 64).toString('base64')
  const signatures = [
    version,
    `${version},`,
    `${version},AAAA`,
    `${version},!!!!`,
    `${version},${empty}`,
    ' ',
    ',',
    `v9,${empty}`,
    'x'.repeat(65_536),
  ]
  return [
    ...headers('webhook-signature', signatures),
    ...headers('webhook-timestamp', [
      '',
      '0',
      '-1',
      '1e9',
      'NaN',
      '0x10',
      '1773063866.4',
      ' 1773063866',
      '9'.repeat(400),
    ]),
    ...headers('webhook-id', ['', 'a.b', 'a b', 'ä', '\n', 'x'.repeat(257)]),
  ]
}
