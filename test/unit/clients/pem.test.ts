/** Either kind of RSA key becomes the one that WebCrypto takes. */

import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { toPkcs8 } from '../../../src/clients/pem.ts'

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pkcs1 = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()
const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

describe('a key', () => {
  it.each([
    ["in GitHub's format", pkcs1],
    ['in PKCS#8 already', pkcs8],
    ['with line breaks written out', pkcs1.replaceAll('\n', '\\n')],
    ['with Windows line breaks', pkcs1.replaceAll('\n', '\r\n')],
    ['with space around it', `\n  ${pkcs1}\n\n`],
  ])('%s is the same key', (_title, text) => {
    const key = toPkcs8(text)
    expect(key.ok && createPrivateKey(key.value).equals(privateKey)).toBe(true)
  })

  it('is taken by WebCrypto', async () => {
    const key = toPkcs8(pkcs1)
    const base64 = key.ok ? key.value.replaceAll(/-----[A-Z ]+-----|\s/gu, '') : ''
    const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
    const imported = await crypto.subtle.importKey('pkcs8', Buffer.from(base64, 'base64'), algorithm, false, ['sign'])
    expect(imported.usages).toEqual(['sign'])
  })

  it.each([
    ['nothing', ''],
    ['another text', 'ghp_token'],
    [
      'an elliptic key',
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'sec1', format: 'pem' }).toString(),
    ],
    [
      'an encrypted key',
      privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }).toString(),
    ],
    ['one end without the other', pkcs1.replace('-----END RSA PRIVATE KEY-----', '')],
    ['broken base64', '-----BEGIN PRIVATE KEY-----\nA\n-----END PRIVATE KEY-----'],
  ])('is not %s', (_title, text) => {
    const key = toPkcs8(text)
    expect(key).toMatchObject({ ok: false, error: { reason: 'malformed-key' } })
    const secret = text.split('\n').find((line) => line.length === 64)
    if (secret !== undefined) expect(JSON.stringify(key)).not.toContain(secret)
  })
})
