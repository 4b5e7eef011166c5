/** Whoever signs tokens and serves its public keys, written independently of ours: with Node's cryptography alone. */

import { createHmac, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import type { Http, HttpRequest } from '../../src/clients/http.ts'
import { ok } from '../../src/domain/result.ts'

export type SigningKey = { readonly id: string; readonly privateKey: KeyObject; readonly jwk: object }

export function aSigningKey(id: string): SigningKey {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { id, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid: id, use: 'sig', alg: 'RS256' } }
}

type Header = Readonly<Record<string, unknown>>

/** Signed as its header says: `RS256`, `HS256` with the public key's text, or `none`. */
export function aToken(key: SigningKey, claims: object, header: Header = { alg: 'RS256', kid: key.id }): string {
  const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${signed}.${signatureOf(key, String(header['alg']), signed)}`
}

function signatureOf({ privateKey }: SigningKey, alg: string, signed: string): string {
  if (alg.toLowerCase() === 'none') return ''
  if (alg !== 'HS256') return sign('sha256', Buffer.from(signed), privateKey).toString('base64url')
  const secret = createPublicKey(privateKey).export({ format: 'pem', type: 'spki' })
  return createHmac('sha256', secret).update(signed).digest('base64url')
}

export type Served = { readonly status?: number; readonly body: string; readonly headers?: Record<string, string> }

/** Answers every call by its URL, and remembers them. A throw is a host that is away. */
export function aServer(answer: (request: HttpRequest) => Served): Http & { readonly calls: HttpRequest[] } {
  const calls: HttpRequest[] = []
  const http: Http = async (request) => {
    calls.push(request)
    const { status = 200, body, headers = {} } = answer(request)
    return ok({ status, headers: new Headers(headers), body: new TextEncoder().encode(body), fromStranger: false })
  }
  return Object.assign(http, { calls })
}

/** A JWKS. */
export function keySetOf(keys: readonly SigningKey[]): string {
  return JSON.stringify({ keys: keys.map(({ jwk }) => jwk) })
}
