/**
 * Who sent this: every way in which a sender can prove it, over raw bytes, with WebCrypto alone.
 * Each takes the values in force, says which of them matched, and never repeats a value. No value, no entry.
 */

import * as z from 'zod'
import { err, ok, type Result } from '../domain/result.ts'
import { isSameSecret, type Secret } from '../domain/secret.ts'
import { decodeBase64, decodeHex, utf8, type Bytes } from './encoding.ts'
import type { AuthenticationRefusalReason, IsHmac, ReceiverRequest, Refusal } from './receiver.ts'

/** The number of the secret that matched, best first. */
export type Proven = Result<number, Refusal<AuthenticationRefusalReason>>

export type HmacScheme = {
  readonly header: string
  /** Always from the configuration or the receiver's source, never from the request. */
  readonly hash: 'SHA-256' | 'SHA-1'
  readonly encoding: 'hex' | 'base64'
  /** What stands before the signature, such as `sha256=`. */
  readonly prefix?: string
}

/** The name of a header that carries a secret, where the configuration chooses it. */
export const HeaderName = z
  .string()
  .max(128)
  .regex(/^[A-Za-z0-9-]+$/u, 'expected a header name, such as authorization')
  .transform((name) => name.toLowerCase())

const BASIC = /^Basic +(?<credentials>[A-Za-z0-9+/=]+)$/iu

/** A header that must be there exactly once: of two, nobody can say which one the sender meant. */
export function onlyHeader(
  request: ReceiverRequest,
  name: string,
): Result<string, Refusal<'missing-credential' | 'duplicate-credential'>> {
  const [value = '', ...others] = request.headers.get(name) ?? []
  if (others.length > 0)
    return err({ reason: 'duplicate-credential', detail: `the header ${name} came more than once` })
  if (value === '') return err({ reason: 'missing-credential', detail: `expected the header ${name}` })
  return ok(value)
}

/** The header's whole value is the secret; for `authorization` that includes the scheme. */
export async function verifyHeaderSecret(request: ReceiverRequest, header: string, secret: Secret): Promise<Proven> {
  const given = onlyHeader(request, header)
  if (!given.ok) return given
  const detail = `the header ${header} does not hold the configured secret`
  return firstMatch(secret, detail, (value) => isSameSecret(utf8(given.value), utf8(value)))
}

/** `Authorization: Basic`, the password being the secret. */
export async function verifyBasic(request: ReceiverRequest, username: string, secret: Secret): Promise<Proven> {
  const given = onlyHeader(request, 'authorization')
  if (!given.ok) return given
  const detail = 'the header authorization does not hold the configured user and password'
  const credentials = decodeBase64(BASIC.exec(given.value)?.groups?.['credentials'] ?? '')
  if (credentials === null) return err({ reason: 'wrong-credential', detail })
  return firstMatch(secret, detail, (value) => isSameSecret(credentials, utf8(`${username}:${value}`)))
}

/** The last part of the path or, where a sender can't do that, `?secret=`: one of them, once. */
export async function verifyUrlSecret(request: ReceiverRequest, secret: Secret): Promise<Proven> {
  const inPath = request.pathSecret === null ? [] : [request.pathSecret]
  const [given = '', ...others] = [...inPath, ...request.query.getAll('secret')]
  if (others.length > 0) return err({ reason: 'duplicate-credential', detail: 'the URL holds more than one secret' })
  if (given === '') return err({ reason: 'missing-credential', detail: 'expected the secret at the end of the URL' })
  const detail = 'the URL does not hold the configured secret'
  return firstMatch(secret, detail, (value) => isSameSecret(utf8(given), utf8(value)))
}

/** An HMAC over the body exactly as it came. */
export async function verifyHmac(
  request: ReceiverRequest,
  scheme: HmacScheme,
  secret: Secret,
  verify: IsHmac = isHmac,
): Promise<Proven> {
  const given = onlyHeader(request, scheme.header)
  if (!given.ok) return given
  const { prefix = '', encoding, hash } = scheme
  const encoded = given.value.startsWith(prefix) ? given.value.slice(prefix.length) : ''
  const signature = encoding === 'hex' ? decodeHex(encoded) : decodeBase64(encoded)
  const detail = `the header ${scheme.header} does not hold this body's signature`
  if (signature === null) return err({ reason: 'wrong-credential', detail })
  return firstMatch(secret, detail, (value) => verify(hash, utf8(value), signature, request.body))
}

/** Tries the values in force, best first. An empty one matches nothing: it would let in who knows nothing. */
export async function firstMatch(
  secret: Secret,
  detail: string,
  matches: (value: string) => Promise<boolean>,
): Promise<Proven> {
  for (const [index, value] of (await secret()).entries()) {
    if (value !== '' && (await matches(value))) return ok(index)
  }
  return err({ reason: 'wrong-credential', detail })
}

/** Whether this is the message's HMAC: `verify` compares in constant time and refuses other lengths. */
export const isHmac: IsHmac = async (hash, key, signature, message) =>
  crypto.subtle.verify('HMAC', await hmacKeyOf(hash, key), signature, message)

/** Importing a key costs as much as using it, and a receiver has one or two. */
const HMAC_KEYS_MAX = 64
const hmacKeys = new Map<string, ReturnType<typeof importHmacKey>>()

function hmacKeyOf(hash: HmacScheme['hash'], key: Bytes): ReturnType<typeof importHmacKey> {
  const id = `${hash} ${key.join()}`
  const known = hmacKeys.get(id)
  if (known !== undefined) return known
  const imported = importHmacKey(hash, key)
  if (hmacKeys.size >= HMAC_KEYS_MAX) hmacKeys.clear()
  hmacKeys.set(id, imported)
  return imported
}

function importHmacKey(hash: HmacScheme['hash'], key: Bytes) {
  return crypto.subtle.importKey('raw', key, { name: 'HMAC', hash }, false, ['verify'])
}

/** Whether the holder of this public key signed the message. */
export async function isEd25519(publicKey: Bytes, signature: Bytes, message: Uint8Array): Promise<boolean> {
  const imported = await crypto.subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify'])
  return crypto.subtle.verify('Ed25519', imported, signature, message)
}
