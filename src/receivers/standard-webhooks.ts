/**
 * The proof of Standard Webhooks 1.0.0: id, time and body signed together, by HMAC-SHA256 (`v1`) or Ed25519 (`v1a`).
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */

import { err, ok, type Result } from '../domain/result.ts'
import type { Secret } from '../domain/secret.ts'
import { firstMatch, isEd25519, isHmac, onlyHeader, type Proven } from './credential.ts'
import { decodeBase64, utf8, type Bytes } from './encoding.ts'
import type { AuthenticationRefusalReason, ReceiverContext, ReceiverRequest, Refusal } from './receiver.ts'

const TOLERANCE_MS = 5 * 60_000
const SIGNATURES_MAX = 10
const SECRET_BYTES_MIN = 24
const SECRET_BYTES_MAX = 64
const PUBLIC_KEY_BYTES = 32
/** Visible ASCII without the dot, which divides what is signed. */
const MESSAGE_ID = /^[!-\-/-~]{1,256}$/u
const SECONDS = /^[0-9]{1,11}$/u

/** Version, key and algorithm belong together and come from the configuration: no message can choose. */
export type Scheme = {
  readonly version: 'v1' | 'v1a'
  keyOf(value: string): Bytes
  isSigned(key: Bytes, signature: Bytes, message: Uint8Array, context: ReceiverContext): Promise<boolean>
}

export const symmetric: Scheme = {
  version: 'v1',
  keyOf: (value) => keyAfter('whsec_', value, SECRET_BYTES_MIN, SECRET_BYTES_MAX),
  isSigned: (key, signature, message, context) => (context.isHmac ?? isHmac)('SHA-256', key, signature, message),
}

export const asymmetric: Scheme = {
  version: 'v1a',
  keyOf: (value) => keyAfter('whpk_', value, PUBLIC_KEY_BYTES, PUBLIC_KEY_BYTES),
  isSigned: isEd25519,
}

/** Any one signature of the scheme's version is enough: senders list several while they rotate their keys. */
export async function verifyStandardWebhook(
  request: ReceiverRequest,
  scheme: Scheme,
  secret: Secret,
  context: ReceiverContext,
): Promise<Proven> {
  const envelope = readEnvelope(request, context.now)
  if (!envelope.ok) return envelope
  const { message, listed } = envelope.value
  const signatures = signaturesOf(scheme.version, listed)
  return firstMatch(secret, `no signature of version ${scheme.version} is this message's`, async (value) => {
    const key = scheme.keyOf(value)
    for (const signature of signatures) {
      if (await scheme.isSigned(key, signature, message, context)) return true
    }
    return false
  })
}

/** The sender's id for the message: the same on every retry, unlike the timestamp. */
export function messageId(request: ReceiverRequest): string | null {
  const id = onlyHeader(request, 'webhook-id')
  return id.ok && MESSAGE_ID.test(id.value) ? id.value : null
}

type Envelope = { readonly message: Bytes; readonly listed: readonly string[] }

/** The three headers, each once and well-formed, and the bytes that were signed if they are right. */
function readEnvelope(request: ReceiverRequest, now: number): Result<Envelope, Refusal<AuthenticationRefusalReason>> {
  const id = onlyHeader(request, 'webhook-id')
  const timestamp = onlyHeader(request, 'webhook-timestamp')
  const signature = onlyHeader(request, 'webhook-signature')
  if (!id.ok) return id
  if (!timestamp.ok) return timestamp
  if (!signature.ok) return signature
  if (!MESSAGE_ID.test(id.value)) return wrong('webhook-id: expected 1 to 256 visible characters without a dot')
  if (!SECONDS.test(timestamp.value)) return wrong('webhook-timestamp: expected seconds since 1970')
  if (Math.abs(Number(timestamp.value) * 1000 - now) > TOLERANCE_MS) {
    const detail = `webhook-timestamp: expected it within ${TOLERANCE_MS / 60_000} minutes of our clock`
    return err({ reason: 'stale-timestamp', detail })
  }
  const listed = signature.value.split(' ', SIGNATURES_MAX + 1)
  if (listed.length > SIGNATURES_MAX) return wrong(`webhook-signature: expected at most ${SIGNATURES_MAX} signatures`)
  return ok({ message: concatenate(utf8(`${id.value}.${timestamp.value}.`), request.body), listed })
}

function wrong(detail: string): Result<never, Refusal<AuthenticationRefusalReason>> {
  return err({ reason: 'wrong-credential', detail })
}

/** Unknown versions and malformed entries are passed over, as the specification asks. */
function signaturesOf(version: Scheme['version'], listed: readonly string[]): readonly Bytes[] {
  return listed.flatMap((entry) => {
    const signature = entry.startsWith(`${version},`) ? decodeBase64(entry.slice(version.length + 1)) : null
    return signature === null ? [] : [signature]
  })
}

/** Throws where the configured key is of another kind: a public key, say, would be a secret that everybody knows. */
function keyAfter(prefix: string, value: string, bytesMin: number, bytesMax: number): Bytes {
  const key = value.startsWith(prefix) ? decodeBase64(value.slice(prefix.length)) : null
  if (key === null || key.length < bytesMin || key.length > bytesMax) {
    const length = bytesMin === bytesMax ? `${bytesMin}` : `${bytesMin} to ${bytesMax}`
    throw new Error(`the webhook receiver's key is malformed: expected ${prefix} and base64 of ${length} bytes`)
  }
  return key
}

function concatenate(head: Uint8Array, tail: Uint8Array): Bytes {
  const whole = new Uint8Array(head.length + tail.length)
  whole.set(head)
  whole.set(tail, head.length)
  return whole
}
