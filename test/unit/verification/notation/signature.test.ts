/** Signatures as X.509 and CMS write them: the algorithm beside one must be for its key, and name its hash or have it named. */

import { describe, expect, it } from 'vitest'
import { parseCertificate } from '../../../../src/verification/notation/certificate.ts'
import { readDer, sequenceOf, type Element } from '../../../../src/verification/notation/der.ts'
import {
  algorithmOf,
  isKeyLongEnough,
  verifySigned,
  type Hash,
} from '../../../../src/verification/notation/signature.ts'
import { bits, explicit, integer, nil, oid, sequence } from '../../../helpers/der-writer.ts'
import { authority, issue, keyPair, signWith } from '../../../helpers/notation-pki.ts'

const DATA = Buffer.from('what was signed')
const issuer = authority()
const copied = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => Uint8Array.from(bytes)
const elementOf = (bytes: Uint8Array): Element => readDer(copied(bytes), (root) => root) ?? expect.fail('no DER')

const OIDS = {
  'EC itself': '1.2.840.10045.2.1',
  'ECDSA with SHA-1': '1.2.840.10045.4.1',
  'ECDSA with SHA-256': '1.2.840.10045.4.3.2',
  'ECDSA with SHA-384': '1.2.840.10045.4.3.3',
  'RSA itself': '1.2.840.113549.1.1.1',
  'RSA with SHA-1': '1.2.840.113549.1.1.5',
  'RSA with SHA-256': '1.2.840.113549.1.1.11',
} as const

function holds(kind: 'P-256' | 'RSA-2048', name: keyof typeof OIDS, fallback: Hash | null, signature?: Buffer) {
  const signer = issue({ key: keyPair(kind, 'cms') }, issuer)
  const certificate = parseCertificate(copied(signer.der))
  if (certificate === null) throw new Error('no certificate')
  const algorithm = elementOf(sequence(oid(OIDS[name]), nil))
  const signed = copied(signature ?? signWith(signer.privateKey, name.includes('SHA-1') ? 'sha1' : 'sha256', DATA))
  return verifySigned({ algorithm, data: copied(DATA), signature: signed }, certificate, fallback)
}

describe('a signature', () => {
  it.each<['P-256' | 'RSA-2048', keyof typeof OIDS, Hash | null, boolean]>([
    ['P-256', 'ECDSA with SHA-256', null, true],
    ['P-256', 'ECDSA with SHA-256', 'SHA-512', true],
    ['P-256', 'ECDSA with SHA-384', 'SHA-256', false],
    ['P-256', 'ECDSA with SHA-1', 'SHA-256', false],
    ['P-256', 'EC itself', 'SHA-256', true],
    ['P-256', 'EC itself', 'SHA-384', false],
    ['P-256', 'EC itself', null, false],
    ['P-256', 'RSA with SHA-256', 'SHA-256', false],
    ['P-256', 'RSA itself', 'SHA-256', false],
    ['RSA-2048', 'RSA with SHA-256', null, true],
    ['RSA-2048', 'RSA with SHA-1', 'SHA-256', false],
    ['RSA-2048', 'RSA itself', 'SHA-256', true],
    ['RSA-2048', 'RSA itself', 'SHA-384', false],
    ['RSA-2048', 'RSA itself', null, false],
    ['RSA-2048', 'EC itself', 'SHA-256', false],
    ['RSA-2048', 'ECDSA with SHA-256', 'SHA-256', false],
  ])('by a key %s, written as %s, with %s beside it: %s', async (kind, name, fallback, expected) => {
    expect(await holds(kind, name, fallback)).toBe(expected)
  })

  it.each<[string, Buffer]>([
    ['one number', sequence(integer(1))],
    ['three numbers', sequence(integer(1), integer(1), integer(1))],
    ['a negative number', sequence(Buffer.from([0x02, 0x01, 0x80]), integer(1))],
    ['an empty number', sequence(Buffer.from([0x02, 0x00]), integer(1))],
    ['a number that is too long', sequence(integer(Buffer.alloc(34, 1)), integer(1))],
    ['numbers side by side', Buffer.alloc(64, 1)],
  ])('on a curve is none with %s', async (_title, signature) => {
    expect(await holds('P-256', 'ECDSA with SHA-256', null, signature)).toBe(false)
  })
})

describe('a signature on a curve', () => {
  const { der, privateKey } = issue({ key: keyPair('P-256', 'cms') }, issuer)
  const certificate = parseCertificate(copied(der)) ?? expect.fail('no certificate')
  const verify = (signature: Buffer, algorithm = sequence(oid(OIDS['ECDSA with SHA-256']))) =>
    verifySigned({ algorithm: elementOf(algorithm), data: copied(DATA), signature: copied(signature) }, certificate)
  const numbersOf = (signature: Buffer): readonly Buffer[] =>
    [...(readDer(copied(signature), sequenceOf) ?? [])].map(({ content }) => Buffer.from(content))

  it('that holds does not hold with a third number', async () => {
    const good = signWith(privateKey, 'sha256', DATA)
    const [r = Buffer.alloc(0), s = Buffer.alloc(0)] = numbersOf(good)
    expect(await verify(sequence(integer(r), integer(s)))).toBe(true)
    expect(await verify(sequence(integer(r), integer(s), integer(1)))).toBe(false)
  })

  it('that holds does not hold where a number is written as a negative one', async () => {
    // About one in 512 begins so.
    const isWanted = (r: Buffer): boolean => r[0] === 0 && r[1] === 0x80 && (r[2] ?? 0xff) < 0x80
    let numbers = numbersOf(signWith(privateKey, 'sha256', DATA))
    for (let left = 20_000; left > 0 && !isWanted(numbers[0] ?? DATA); left -= 1) {
      numbers = numbersOf(signWith(privateKey, 'sha256', DATA))
    }
    const [r = DATA, s = DATA] = numbers
    expect(isWanted(r)).toBe(true)
    expect(await verify(sequence(integer(r), integer(s)))).toBe(true)
    expect(await verify(sequence(integer(r.subarray(1)), integer(s)))).toBe(false)
  })
})

describe('a signature by RSA-PSS', () => {
  const { der, privateKey } = issue({ key: keyPair('RSA-2048', 'cms') }, issuer)
  const certificate = parseCertificate(copied(der)) ?? expect.fail('no certificate')
  const sha256 = sequence(oid('2.16.840.1.101.3.4.2.1'), nil)
  const sha384 = sequence(oid('2.16.840.1.101.3.4.2.2'), nil)
  const sha1 = sequence(oid('1.3.14.3.2.26'), nil)
  const mask = (hash: Buffer, id = '1.2.840.113549.1.1.8'): Buffer => explicit(1, sequence(oid(id), hash))
  const salt = explicit(2, integer(32))

  it.each<[string, readonly Buffer[], boolean]>([
    ['all that it says', [explicit(0, sha256), mask(sha256), salt], true],
    ['no hash', [mask(sha256), salt], false],
    ['no mask', [explicit(0, sha256), salt], false],
    ['no salt', [explicit(0, sha256), mask(sha256)], false],
    ['another mask', [explicit(0, sha256), mask(sha256, '1.2.3'), salt], false],
    ['another hash in its mask', [explicit(0, sha256), mask(sha384), salt], false],
    ['another hash', [explicit(0, sha384), mask(sha384), salt], false],
    ['SHA-1', [explicit(0, sha1), mask(sha1), salt], false],
  ])('with %s', async (_title, fields, expected) => {
    const algorithm = elementOf(sequence(oid('1.2.840.113549.1.1.10'), sequence(...fields)))
    const signature = copied(signWith(privateKey, 'sha256', DATA, true))
    expect(await verifySigned({ algorithm, data: copied(DATA), signature }, certificate)).toBe(expected)
    const other = copied(Buffer.from('something else'))
    expect(await verifySigned({ algorithm, data: other, signature }, certificate)).toBe(false)
  })
})

describe('a key', () => {
  const { der } = issue({ key: keyPair('P-256', 'cms') }, issuer)
  const certificate = parseCertificate(copied(der)) ?? expect.fail('no certificate')
  const P256 = oid('1.2.840.10045.3.1.7')
  const isLong = (algorithm: Buffer, key: Buffer): boolean =>
    isKeyLongEnough({ ...certificate, key: elementOf(sequence(algorithm, bits(key))) })
  const rsa = (modulus: readonly number[]): boolean =>
    isLong(sequence(oid(OIDS['RSA itself']), nil), sequence(integer(Uint8Array.from(modulus)), integer(65_537)))
  const zeros = (count: number): readonly number[] => Array.from({ length: count }, () => 0)

  it('of RSA is as long as its number, without the zeros before it', () => {
    expect(rsa([0, 0x80, ...zeros(255)])).toBe(true)
    expect(rsa([0, 0x7f, ...zeros(255)])).toBe(false)
    expect(rsa([0x01, ...zeros(256)])).toBe(true)
    expect(rsa([0, 0, 0x80, ...zeros(255)])).toBe(false)
    expect(rsa([0])).toBe(false)
  })

  it('that cannot be read is not long enough', () => {
    const algorithm = sequence(oid(OIDS['RSA itself']), nil)
    expect(isLong(algorithm, Buffer.from('x'))).toBe(false)
    expect(isLong(algorithm, sequence())).toBe(false)
  })

  it('on a curve is one of that kind alone', () => {
    expect(isLong(sequence(oid(OIDS['EC itself']), P256), DATA)).toBe(true)
    expect(isLong(sequence(oid('1.2.3'), P256), DATA)).toBe(false)
    expect(isLong(sequence(oid(OIDS['EC itself']), nil), DATA)).toBe(false)
    expect(isLong(sequence(oid(OIDS['EC itself']), oid('1.2.3')), DATA)).toBe(false)
  })

  it('of a kind that nobody knows signs nothing', async () => {
    const signer = issue({ keyKind: 'Ed25519' }, issuer)
    const found = parseCertificate(copied(signer.der)) ?? expect.fail('no certificate')
    const algorithm = elementOf(sequence(oid(OIDS['ECDSA with SHA-256'])))
    const signature = copied(signWith(signer.privateKey, 'sha256', DATA))
    expect(await verifySigned({ algorithm, data: copied(DATA), signature }, found)).toBe(false)
  })
})

it.each([
  ['RSA-2048', 'PS256'],
  ['RSA-3072', 'PS384'],
  ['P-256', 'ES256'],
  ['P-384', 'ES384'],
  ['P-521', 'ES512'],
  ['RSA-1024', null],
  ['Ed25519', null],
] as const)('a key %s signs envelopes by %s', (keyKind, expected) => {
  const certificate = parseCertificate(copied(issue({ keyKind }, issuer).der))
  expect(certificate === null ? 'none' : algorithmOf(certificate)).toBe(expected)
})
