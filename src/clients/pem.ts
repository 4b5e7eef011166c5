/** RSA private keys as text: GitHub hands out PKCS#1, WebCrypto takes PKCS#8 only, and one is the other in an envelope. */

import { err, ok, type Result } from '../domain/result.ts'

const PEM =
  /^-----BEGIN (?<label>RSA PRIVATE KEY|PRIVATE KEY)-----\s+(?<body>[A-Za-z0-9+/=\s]+)-----END \k<label>-----$/u
/** Version 0 and `rsaEncryption` with no parameters (RFC 5958, RFC 8017): what stands before the key itself. */
const RSA_PREFIX = [
  0x02, 0x01, 0x00, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
]
const SEQUENCE = 0x30
const OCTET_STRING = 0x04
const LINE_LENGTH = 64

export type KeyProblem = { readonly reason: 'malformed-key'; readonly detail: string }

/** Either kind of PEM, also with `\n` written out as it comes from environment variables, as PKCS#8. */
export function toPkcs8(text: string): Result<string, KeyProblem> {
  const match = PEM.exec(text.replaceAll('\\n', '\n').trim())?.groups
  const der = match === undefined ? null : decodeBase64(match['body'] ?? '')
  if (der === null) {
    const detail = 'expected an RSA private key in PEM: -----BEGIN RSA PRIVATE KEY----- or -----BEGIN PRIVATE KEY-----'
    return err({ reason: 'malformed-key', detail })
  }
  const isPkcs8 = match?.['label'] === 'PRIVATE KEY'
  return ok(pem(isPkcs8 ? der : tagged(SEQUENCE, [...RSA_PREFIX, ...tagged(OCTET_STRING, der)])))
}

function tagged(tag: number, content: readonly number[]): readonly number[] {
  return [tag, ...lengthOf(content.length), ...content]
}

/** DER: one byte up to 127, else the number of bytes that follow, then they. */
function lengthOf(length: number): readonly number[] {
  if (length < 0x80) return [length]
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return [0x80 + bytes.length, ...bytes]
}

function decodeBase64(text: string): readonly number[] | null {
  try {
    return Array.from(atob(text.replaceAll(/\s/gu, '')), (character) => character.codePointAt(0) ?? 0)
  } catch {
    return null
  }
}

function pem(der: readonly number[]): string {
  const body = btoa(String.fromCodePoint(...der)).match(new RegExp(`.{1,${LINE_LENGTH}}`, 'gu')) ?? []
  return ['-----BEGIN PRIVATE KEY-----', ...body, '-----END PRIVATE KEY-----', ''].join('\n')
}
