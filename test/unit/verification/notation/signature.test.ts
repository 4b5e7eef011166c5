/** Signatures as X.509 and CMS write them: the algorithm beside one must be for its key, and name its hash or have it named. */

import { describe, expect, it } from 'vitest'
import { parseCertificate } from '../../../../src/verification/notation/certificate.ts'
import { readDer, type Element } from '../../../../src/verification/notation/der.ts'
import { algorithmOf, verifySigned, type Hash } from '../../../../src/verification/notation/signature.ts'
import { integer, nil, oid, sequence } from '../../../helpers/der-writer.ts'
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
