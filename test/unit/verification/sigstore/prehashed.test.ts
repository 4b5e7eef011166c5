/** ECDSA over a digest, held against Node's own: the same signatures count, and no others. */

import { createECDH, createHash, createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { isSignatureOverDigest } from '../../../../src/verification/sigstore/prehashed.ts'
import { spki } from '../../../helpers/sigstore/certificates.ts'
import { integer, sequence } from '../../../helpers/sigstore/der.ts'

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const data = randomBytes(64)
const key = spki(keys.publicKey)
const digest = createHash('sha256').update(data).digest()
const signature = sign('sha256', data, keys.privateKey)
const N = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'

it('takes what Node signed, by twenty keys', () => {
  for (let n = 0; n < 20; n += 1) {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const bytes = randomBytes(n)
    const hash = createHash('sha256').update(bytes).digest()
    expect(isSignatureOverDigest(spki(pair.publicKey), hash, sign('sha256', bytes, pair.privateKey))).toBe(true)
    expect(isSignatureOverDigest(key, hash, sign('sha256', bytes, pair.privateKey))).toBe(false)
  }
})

it('refuses a signature or a digest with one bit changed', () => {
  for (const [bytes, place] of [digest, signature].flatMap((one) => Array.from(one, (_, at) => [one, at] as const))) {
    const changed = Buffer.from(bytes)
    changed[place] = (changed[place] ?? 0) ^ 1
    const isDigest = bytes === digest
    expect(isSignatureOverDigest(key, isDigest ? changed : digest, isDigest ? signature : changed)).toBe(false)
  }
})

describe('refuses', () => {
  const one = integer(1)
  const n = integer(Buffer.from(N, 'hex'))

  it.each([
    ['zero as r', sequence(integer(0), one)],
    ['zero as s', sequence(one, integer(0))],
    ['the order as r', sequence(n, one)],
    ['the order as s', sequence(one, n)],
    ['a negative number', sequence(Buffer.from([2, 1, 0x81]), one)],
    ['a number with a zero too many', sequence(Buffer.from([2, 2, 0, 1]), one)],
    ['an empty number', sequence(Buffer.from([2, 0]), one)],
    ['something after it', Buffer.concat([signature, Buffer.from([0])])],
    ['three numbers', sequence(one, one, one)],
    ['nothing', Buffer.alloc(0)],
    ['the two numbers side by side', Buffer.alloc(64, 1)],
  ])('%s', (_title, der) => {
    expect(isSignatureOverDigest(key, digest, der)).toBe(false)
  })

  it('a point that is not on the curve', () => {
    const off = Buffer.from(key)
    off[off.length - 1] = (off[off.length - 1] ?? 0) ^ 1
    expect(isSignatureOverDigest(off, digest, signature)).toBe(false)
  })

  it('a key on another curve, and a digest of another length', () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-384' })
    expect(isSignatureOverDigest(spki(other.publicKey), digest, signature)).toBe(false)
    expect(isSignatureOverDigest(key, digest.subarray(1), signature)).toBe(false)
  })
})

/** Of the digest 0, the signature (x, x) holds for the key (x, y): nothing of the base point is in it. */
describe('at the edges of the curve', () => {
  const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn
  const nothing = Buffer.alloc(32)
  const small = { x: 5n, y: 0x459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbccn }
  const flat = { x: 0xd7325d7646cd60d80a92738ceb345f844cffaf35841022cab176f692de8de1d7n, y: 5n }
  const beyond = {
    x: BigInt(`0x${N}`) + 3n,
    y: 0x484f0c0fda434ef0a808458914f328715d7a545e198ac7eee31dffe861b5d23fn,
  }
  const bytesOf = (value: bigint, length = 32): Buffer =>
    Buffer.from(value.toString(16).padStart(2 * length, '0'), 'hex')
  const keyAt = ({ x, y }: { readonly x: bigint; readonly y: bigint }, first = 4): Buffer =>
    Buffer.concat([key.subarray(0, 26), Buffer.from([first]), bytesOf(x), bytesOf(y)])
  const twice = (value: bigint): Buffer => {
    const number = integer(bytesOf(value, Math.ceil(value.toString(16).length / 2)))
    return sequence(number, number)
  }
  const holds = (spkiOfKey: Buffer, value: bigint): boolean => isSignatureOverDigest(spkiOfKey, nothing, twice(value))

  it('a small number is taken in one way alone, not with the prime added', () => {
    expect([holds(keyAt(small), small.x), holds(keyAt(flat), flat.x)]).toEqual([true, true])
    expect(holds(keyAt({ ...small, x: small.x + P }), small.x)).toBe(false)
    expect(holds(keyAt({ ...flat, y: flat.y + P }), flat.x)).toBe(false)
  })

  it('a signature is one of small numbers alone: not with the order added, and each number written as it must be', () => {
    const five = integer(5)
    const spelt = (...bytes: readonly number[]): boolean =>
      isSignatureOverDigest(keyAt(small), nothing, Buffer.from(bytes))
    expect(isSignatureOverDigest(keyAt(small), nothing, sequence(five, five))).toBe(true)
    const added = integer(bytesOf(BigInt(`0x${N}`) + 5n, 33))
    expect(isSignatureOverDigest(keyAt(small), nothing, sequence(five, added))).toBe(false)
    expect(isSignatureOverDigest(keyAt(small), nothing, sequence(added, five))).toBe(false)
    expect(spelt(0x30, 6, 2, 1, 5, 2, 1, 5)).toBe(true)
    expect(spelt(0x30, 6, 3, 1, 5, 2, 1, 5)).toBe(false)
    expect(spelt(0x30, 6, 2, 1, 5, 3, 1, 5)).toBe(false)
    expect(spelt(0x30, 6, 2, 1, 5, 2, 2, 5)).toBe(false)
    expect(spelt(0x30, 7, 2, 1, 5, 2, 2, 0, 5)).toBe(false)
    expect(spelt(0x30, 7, 2, 2, 0, 5, 2, 1, 5)).toBe(false)
    expect(spelt(0x30, 7, 2, 1, 5, 2, 1, 5, 5)).toBe(false)
    expect(spelt(0x30, 3, 2, 1, 5)).toBe(false)
  })

  it('a key whose x is 0 is a key, in one way alone', () => {
    const y = 0x66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4n
    // Both the base point and the key count once here.
    const r = 0x486efab89170d45f6160cbc7d034a9309d479ae02982a3a0c135a210379e6fn
    expect(isSignatureOverDigest(keyAt({ x: 0n, y }), bytesOf(r), twice(r))).toBe(true)
    expect(isSignatureOverDigest(keyAt({ x: P, y }), bytesOf(r), twice(r))).toBe(false)
  })

  it.each([
    ['1', 1n, '0', integer(0)],
    ['one below the order', BigInt(`0x${N}`) - 1n, 'the order', integer(Buffer.from(N, 'hex'))],
  ])('an s of %s may be, and is not written as %s', (_title, s, _other, wrong) => {
    const order = BigInt(`0x${N}`)
    const [secret, ephemeral] = [7n, 11n]
    const pointOf = (value: bigint): Buffer => {
      const ecdh = createECDH('prime256v1')
      ecdh.setPrivateKey(bytesOf(value))
      return ecdh.getPublicKey()
    }
    const spkiOfKey = Buffer.concat([key.subarray(0, 26), pointOf(secret)])
    const r = BigInt(`0x${pointOf(ephemeral).subarray(1, 33).toString('hex')}`) % order
    // s·k = e + r·d: the digest is chosen to fit.
    const chosen = bytesOf((((s * ephemeral - r * secret) % order) + order) % order)
    const number = integer(bytesOf(r))
    expect(isSignatureOverDigest(spkiOfKey, chosen, sequence(number, integer(bytesOf(s, s === 1n ? 1 : 32))))).toBe(
      true,
    )
    expect(isSignatureOverDigest(spkiOfKey, chosen, sequence(number, wrong))).toBe(false)
  })

  it('a point whose x is larger than the order signs what is left of it', () => {
    expect(holds(keyAt(beyond), 3n)).toBe(true)
    expect(holds(keyAt(beyond), 4n)).toBe(false)
  })

  it.each<[string, Buffer]>([
    ['of another form', keyAt(flat, 6)],
    ['of another algorithm', Buffer.concat([Buffer.from([0x31]), keyAt(flat).subarray(1)])],
    ['that is a byte short', Buffer.concat([keyAt(flat).subarray(0, 59), bytesOf(flat.y, 31)])],
    ['with a byte after it', Buffer.concat([keyAt(flat), Buffer.alloc(1)])],
  ])('a key %s is none', (_title, other) => {
    expect(holds(keyAt(flat), flat.x)).toBe(true)
    expect(holds(other, flat.x)).toBe(false)
  })

  it.each([
    ['the base point', 1n],
    ['its opposite', BigInt(`0x${N}`) - 1n],
  ])('the key %s is a key', (_title, secret) => {
    const ecdh = createECDH('prime256v1')
    ecdh.setPrivateKey(bytesOf(secret))
    const point = ecdh.getPublicKey()
    const [x, y] = [point.subarray(1, 33).toString('base64url'), point.subarray(33).toString('base64url')]
    const jwk = { kty: 'EC', crv: 'P-256', d: bytesOf(secret).toString('base64url'), x, y }
    const spkiOfKey = Buffer.concat([key.subarray(0, 26), point])
    const signed = sign('sha256', data, createPrivateKey({ key: jwk, format: 'jwk' }))
    expect(isSignatureOverDigest(spkiOfKey, digest, signed)).toBe(true)
    expect(isSignatureOverDigest(spkiOfKey, nothing, signed)).toBe(false)
    // Here the sum of both parts is no point at all.
    const opposite = bytesOf(secret === 1n ? BigInt(`0x${N}`) - 5n : 5n)
    expect(isSignatureOverDigest(spkiOfKey, opposite, sequence(integer(5), integer(1)))).toBe(false)
  })
})
