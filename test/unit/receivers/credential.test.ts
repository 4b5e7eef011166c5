import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Secret } from '../../../src/domain/secret.ts'
import {
  isEd25519,
  onlyHeader,
  verifyBasic,
  verifyHeaderSecret,
  verifyHmac,
  verifyUrlSecret,
  type HmacScheme,
} from '../../../src/receivers/credential.ts'
import { aRequest } from '../../helpers/receiver-request.ts'

const secret =
  (...values: readonly [string, ...string[]]): Secret =>
  async () =>
    values

const gitHub: HmacScheme = { header: 'x-hub-signature-256', hash: 'SHA-256', encoding: 'hex', prefix: 'sha256=' }
// https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
const GITHUB_SECRET = "It's a Secret to Everybody"
const GITHUB_BODY = 'Hello, World!'
const GITHUB_SIGNATURE = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17'
const signedBy = (signature: string, body = GITHUB_BODY): Parameters<typeof aRequest>[0] => ({
  body,
  headers: { 'x-hub-signature-256': signature },
})

describe('an HMAC over the body', () => {
  it("accepts the sender's published example", async () => {
    expect(await verifyHmac(aRequest(signedBy(GITHUB_SIGNATURE)), gitHub, secret(GITHUB_SECRET))).toEqual({
      ok: true,
      value: 0,
    })
  })

  it('says that the second secret matched', async () => {
    const rotated = secret('new', GITHUB_SECRET)
    expect(await verifyHmac(aRequest(signedBy(GITHUB_SIGNATURE)), gitHub, rotated)).toEqual({ ok: true, value: 1 })
  })

  it.each([
    ['another body', signedBy(GITHUB_SIGNATURE, 'Hello, World')],
    ['the body with a newline', signedBy(GITHUB_SIGNATURE, 'Hello, World!\n')],
    ['upper-case hex', signedBy(GITHUB_SIGNATURE.replaceAll(/[a-f]/gu, (digit) => digit.toUpperCase()))],
    ['no prefix', signedBy(GITHUB_SIGNATURE.slice(7))],
    ['an empty signature', signedBy('sha256=')],
    ['half a signature', signedBy(GITHUB_SIGNATURE.slice(0, -32))],
    ['a signature and more', signedBy(`${GITHUB_SIGNATURE}00`)],
    ['odd hex', signedBy(GITHUB_SIGNATURE.slice(0, -1))],
    ['two signatures in one header', signedBy(`${GITHUB_SIGNATURE}, ${GITHUB_SIGNATURE}`)],
    ['the secret itself', signedBy(GITHUB_SECRET)],
    ['another hash', signedBy(`sha1=${createHmac('sha1', GITHUB_SECRET).update(GITHUB_BODY).digest('hex')}`)],
  ])('refuses %s', async (_name, sent) => {
    expect(await verifyHmac(aRequest(sent), gitHub, secret(GITHUB_SECRET))).toMatchObject({
      ok: false,
      error: { reason: 'wrong-credential' },
    })
  })

  it('refuses a signature made with the empty secret', async () => {
    const empty = `sha256=${createHmac('sha256', '').update(GITHUB_BODY).digest('hex')}`
    expect(await verifyHmac(aRequest(signedBy(empty)), gitHub, secret(''))).toMatchObject({ ok: false })
  })

  it.each([
    { hash: 'SHA-1', name: 'sha1', encoding: 'hex' },
    { hash: 'SHA-256', name: 'sha256', encoding: 'base64' },
    { hash: 'SHA-1', name: 'sha1', encoding: 'base64' },
  ] as const)('knows $name in $encoding', async ({ hash, name, encoding }) => {
    const signature = createHmac(name, 'k').update('body').digest(encoding)
    const request = aRequest({ body: 'body', headers: { 'x-signature': signature } })
    expect(await verifyHmac(request, { header: 'x-signature', hash, encoding }, secret('k'))).toMatchObject({
      ok: true,
    })
    expect(await verifyHmac(request, { header: 'x-signature', hash, encoding }, secret('l'))).toMatchObject({
      ok: false,
    })
  })
})

describe('a secret in a header', () => {
  it.each([
    ['the whole value', 'Bearer abc', 'Bearer abc', true],
    ['a part of it', 'Bearer ab', 'Bearer abc', false],
    ['more than it', 'Bearer abcd', 'Bearer abc', false],
    ['another case', 'bearer abc', 'Bearer abc', false],
    ['non-ASCII text', 'schlüssel', 'schlüssel', true],
  ])('compares %s', async (_name, given, configured, ok) => {
    const request = aRequest({ headers: { authorization: given } })
    expect((await verifyHeaderSecret(request, 'authorization', secret(configured))).ok).toBe(ok)
  })

  it('never takes one of two', () => {
    expect(onlyHeader(aRequest({ headers: { 'x-key': ['a', 'a'] } }), 'x-key')).toMatchObject({
      ok: false,
      error: { reason: 'duplicate-credential' },
    })
  })
})

describe('basic authentication', () => {
  const basic = (credentials: string, scheme = 'Basic'): ReturnType<typeof aRequest> =>
    aRequest({ headers: { authorization: `${scheme} ${Buffer.from(credentials).toString('base64')}` } })

  it.each([
    ['its user and password', basic('drayage:pa:ss'), true],
    ['the scheme in lower case', basic('drayage:pa:ss', 'basic'), true],
    ['another user', basic('other:pa:ss'), false],
    ['another password', basic('drayage:pa'), false],
    ['an empty password', basic('drayage:'), false],
    ['another scheme', basic('drayage:pa:ss', 'Bearer'), false],
    ['base64 with stray bits', aRequest({ headers: { authorization: 'Basic ZHJheWFnZTpwYTpzcx==' } }), false],
    ['no base64', aRequest({ headers: { authorization: 'Basic drayage:pa:ss' } }), false],
  ])('answers for %s', async (_name, request, ok) => {
    expect((await verifyBasic(request, 'drayage', secret('pa:ss'))).ok).toBe(ok)
  })
})

describe('a secret in the URL', () => {
  it.each([
    ['in the path', { pathSecret: 'abc' }, { ok: true, value: 0 }],
    ['in the query', { query: 'secret=abc' }, { ok: true, value: 0 }],
    ['in both', { pathSecret: 'abc', query: 'secret=abc' }, { ok: false, error: { reason: 'duplicate-credential' } }],
    ['twice in the query', { query: 'secret=abc&secret=x' }, { ok: false, error: { reason: 'duplicate-credential' } }],
    ['nowhere', {}, { ok: false, error: { reason: 'missing-credential' } }],
    ['empty', { pathSecret: '' }, { ok: false, error: { reason: 'missing-credential' } }],
    ['wrong', { pathSecret: 'abd' }, { ok: false, error: { reason: 'wrong-credential' } }],
  ])('answers for one %s', async (_name, sent, expected) => {
    expect(await verifyUrlSecret(aRequest(sent), secret('abc'))).toMatchObject(expected)
  })
})

it('knows the Ed25519 example of RFC 8032, and no other message', async () => {
  // https://www.rfc-editor.org/rfc/rfc8032#section-7.1, TEST 2
  const hex = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, 'hex'))
  const key = hex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c')
  const signature = hex(
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  )
  expect(await isEd25519(key, signature, hex('72'))).toBe(true)
  expect(await isEd25519(key, signature, hex('73'))).toBe(false)
  expect(await isEd25519(key, signature.slice(1), hex('72'))).toBe(false)
})
