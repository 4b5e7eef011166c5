/** ECDSA over a digest, held against Node's own: the same signatures count, and no others. */

import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
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
