/** What an envelope, a certificate and a name may hold besides what everybody writes. */

import { describe, expect, it } from 'vitest'
import { parseCertificate } from '../../../../src/verification/notation/certificate.ts'
import { parseCose, timeOfInstant } from '../../../../src/verification/notation/cose.ts'
import { bitsOf, childrenOf, oidOf, readDer } from '../../../../src/verification/notation/der.ts'
import {
  identityProblem,
  parseDistinguishedName,
  readIdentities,
} from '../../../../src/verification/notation/identity.ts'
import { parseJws, timeOfText } from '../../../../src/verification/notation/jws.ts'
import { isKeyLongEnough } from '../../../../src/verification/notation/signature.ts'
import { encode, Tagged } from '../../../helpers/cbor-writer.ts'
import { bits, boolean, explicit, integer, octets, oid, sequence, set, tlv } from '../../../helpers/der-writer.ts'
import {
  aChain,
  extension,
  issue,
  nameOf,
  signCose,
  signJws,
  type EnvelopeOptions,
} from '../../../helpers/notation-pki.ts'

const { signer, chain } = aChain()
const copied = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => Uint8Array.from(bytes)

describe('what an envelope says of its own', () => {
  const own = (value: unknown): EnvelopeOptions => ({ signer, chain, attributes: { 'com.acme.own': value } })
  const inJws = (value: unknown): unknown => {
    const read = parseJws(copied(signJws(own(value))))
    return read.ok ? read.value.attributes.get('com.acme.own') : null
  }
  const inCose = (value: unknown): unknown => {
    const read = parseCose(copied(signCose(own(value))))
    return read.ok ? read.value.attributes.get('com.acme.own') : null
  }

  it.each<[string, unknown, unknown]>([
    ['a text', 'text', 'text'],
    ['the longest text', 'x'.repeat(4_096), 'x'.repeat(4_096)],
    ['a longer text', 'x'.repeat(4_097), { other: true }],
    ['a number', 7, 7],
    ['a truth', true, true],
    ['a list', ['x'], { other: true }],
  ])('%s is read in both forms', (_title, value, expected) => {
    expect(inJws(value)).toEqual(expected)
    expect(inCose(value)).toEqual(expected)
  })

  it.each<[unknown, unknown]>([
    [0, { at: 0 }],
    [-1, { other: true }],
    ['1', { other: true }],
  ])('an instant of %j seconds in COSE', (seconds, expected) => {
    expect(inCose(new Tagged(1, seconds))).toEqual(expected)
  })

  it('is a time in COSE where it is an instant, in JWS where it is written as one', () => {
    expect([timeOfInstant({ at: 7 }), timeOfInstant('7'), timeOfInstant(7), timeOfInstant(undefined)]).toEqual([
      7,
      null,
      null,
      null,
    ])
    expect(
      ['2026-11-20T12:00:00Z', '2026-11-20T13:00:00.5+01:00', 'x2026-11-20T12:00:00Z', '2026-11-20T12:00:00Zx'].map(
        (text) => timeOfText(text),
      ),
    ).toEqual([Date.parse('2026-11-20T12:00:00Z'), Date.parse('2026-11-20T12:00:00.5Z'), null, null])
    expect([timeOfText('2026-13-20T12:00:00Z'), timeOfText(7)]).toEqual([null, null])
  })

  it.each([
    ['no text among what is critical', { critical: [] }],
    ['an empty chain', { chain: [] }],
    ['eleven certificates', { chain: Array.from({ length: 11 }, () => signer) }],
  ])('%s is refused in both forms', (_title, over) => {
    expect(parseJws(copied(signJws({ signer, chain, ...over }))).ok).toBe(false)
    expect(parseCose(copied(signCose({ signer, chain, ...over }))).ok).toBe(false)
  })

  it('ten certificates are read', () => {
    const ten = Array.from({ length: 10 }, () => signer)
    expect(parseJws(copied(signJws({ signer, chain: ten }))).ok).toBe(true)
    expect(parseCose(copied(signCose({ signer, chain: ten }))).ok).toBe(true)
  })

  it.each([[0], [8], [-1]])('the label %i may not be critical in COSE', (label) => {
    expect(parseCose(copied(signCose({ signer, chain, critical: [label] }))).ok).toBe(false)
    expect(parseCose(copied(signCose({ signer, chain, critical: [9] }))).ok).toBe(true)
  })
})

describe('an envelope in COSE', () => {
  type Part = Buffer | string
  const header = (over: readonly (readonly [number | string, unknown])[] = []): Buffer =>
    encode(new Map<number | string, unknown>([[1, -7], [2, ['s']], [3, 'x'], ['s', 'y'], ...over]))
  const parse = (
    { head = header(), payload = Buffer.from('{}'), signature = Buffer.alloc(64) }: Record<string, Part> = {},
    held: unknown = [signer.der],
  ) => parseCose(copied(encode(new Tagged(18, [head, new Map([[33, held]]), payload, signature]))))

  it('is read by its parts', () => {
    const read = parse()
    expect(read).toMatchObject({ ok: true, value: { algorithm: 'ES256', critical: ['s'], timestamp: null } })
    expect(read.ok && [...read.value.attributes]).toEqual([['s', 'y']])
    const other = parse({ head: header([[1, 7]]) })
    expect(other.ok && other.value.algorithm).toBe('7')
  })

  it.each<[string, () => ReturnType<typeof parse>]>([
    ['a protected header that is text', () => parse({ head: 'x' })],
    ['a payload that is text', () => parse({ payload: '{}' })],
    ['a signature that is text', () => parse({ signature: 'x' })],
    ['one certificate of two that is text', () => parse({}, [signer.der, 'x'])],
    ['one critical label of two that is none', () => parse({ head: header([[2, ['s', true]]]) })],
    [
      'another tag',
      () => parseCose(copied(Buffer.concat([Buffer.from([0xd1]), signCose({ signer, chain }).subarray(1)]))),
    ],
  ])('with %s is refused', (_title, make) => {
    expect(make().ok).toBe(false)
  })

  it('may have 64 labels, and as many critical ones', () => {
    const many = (count: number) => Array.from({ length: count }, (_, at): [string, unknown] => [`a${at}`, at])
    expect(parse({ head: header(many(60)) }).ok).toBe(true)
    expect(parse({ head: header(many(61)) }).ok).toBe(false)
    const critical = (count: number): Buffer => header([[2, many(count).map(([name]) => name)]])
    expect(parse({ head: critical(64) }).ok).toBe(true)
    expect(parse({ head: critical(65) }).ok).toBe(false)
  })
})

describe('a certificate', () => {
  const URL_OF = (text: string): Buffer => tlv(0x86, Buffer.from(text))
  const whole = (text: string): Buffer => explicit(0, explicit(0, URL_OF(text)))
  it.each<[string, Buffer, object]>([
    ['a status', sequence(sequence(oid('1.3.6.1.5.5.7.48.1'), URL_OF('http://a'))), { ocspUrls: ['http://a'] }],
    ['an issuer', sequence(sequence(oid('1.3.6.1.5.5.7.48.2'), URL_OF('http://a'))), { ocspUrls: [] }],
    ['a status by name', sequence(sequence(oid('1.3.6.1.5.5.7.48.1'), explicit(4, nameOf([])))), { ocspUrls: [] }],
  ])('names the place of %s', (_title, value, expected) => {
    const { der } = issue({ extensions: [extension('1.3.6.1.5.5.7.1.1', false, value)] })
    expect(parseCertificate(copied(der))).toMatchObject(expected)
  })

  it.each<[string, Buffer, readonly string[]]>([
    ['one', sequence(whole('http://a')), ['http://a']],
    ['two names', sequence(explicit(0, explicit(0, URL_OF('http://a'), URL_OF('http://b')))), ['http://a', 'http://b']],
    [
      'a name that is no URL',
      sequence(explicit(0, explicit(0, explicit(4, nameOf([])), URL_OF('http://a')))),
      ['http://a'],
    ],
    ['some reasons alone', sequence(whole('http://a'), tlv(0x81, Buffer.from([0, 0x80]))), ['']],
    ['no name', sequence(explicit(2, nameOf([]))), ['']],
    ['a place relative to its issuer', sequence(explicit(0, explicit(1, URL_OF('http://a')))), ['']],
  ])('names the place of its list: %s', (_title, point, expected) => {
    const { der } = issue({ extensions: [extension('2.5.29.31', false, sequence(point))] })
    expect(parseCertificate(copied(der))?.listUrls).toEqual(expected)
  })

  it('of 16 KiB is read, a longer one is not', () => {
    // ECDSA signatures differ in length by a byte or two.
    const sized = (bytes: number): Uint8Array<ArrayBuffer> => {
      const lengths = Array.from({ length: 400 }, (_, at) => bytes - 412 + Math.floor(at / 20))
      for (const length of lengths) {
        const { der } = issue({ extensions: [extension('1.2.3', false, Buffer.alloc(length))] })
        if (der.length === bytes) return copied(der)
      }
      throw new Error('no certificate of that length came out')
    }
    expect(parseCertificate(sized(16 * 1024))).not.toBeNull()
    expect(parseCertificate(sized(16 * 1024 + 1))).toBeNull()
  })

  it('has three parts', () => {
    const whole = readDer(copied(signer.der), childrenOf) ?? []
    const [tbs, algorithm, signature] = whole.map(({ raw }) => raw)
    const parts = [tbs, algorithm, signature].flatMap((one) => one ?? [])
    expect(parseCertificate(copied(sequence(...parts)))).not.toBeNull()
    expect(parseCertificate(copied(sequence(...parts, integer(1))))).toBeNull()
    expect(parseCertificate(copied(sequence(...parts.slice(0, 2))))).toBeNull()
  })

  it('is named by what its names are called, or by their numbers', () => {
    const parts = parseCertificate(
      copied(
        issue({
          subject: [
            ['CN', 'a'],
            ['1.2.3.4', 'b'],
          ],
        }).der,
      ),
    )?.subject.parts
    expect(parts).toEqual([
      { type: 'CN', value: 'a' },
      { type: '1.2.3.4', value: 'b' },
    ])
  })

  it.each<[string, number, Buffer, string | null]>([
    ['UTF-8', 0x0c, Buffer.from('Ä'), 'Ä'],
    ['UTF-8 that is none', 0x0c, Buffer.from([0xc4]), null],
    ['a printable text', 0x13, Buffer.from('Acme'), 'Acme'],
    ['a text of telegraphs', 0x14, Buffer.from([0xc4]), 'Ä'],
    ['ASCII', 0x16, Buffer.from('acme.example'), 'acme.example'],
    ['two bytes each', 0x1e, Buffer.from([0x00, 0xc4]), 'Ä'],
    ['a number', 0x02, Buffer.from([1]), null],
  ])('may be named in %s', (_title, tag, bytes, expected) => {
    const named = issue({ subject: [['CN', 'x']] })
    const other = sequence(set(sequence(oid('2.5.4.3'), tlv(tag, bytes))))
    const der = replaced(named.der, nameOf([['CN', 'x']]), other)
    expect(parseCertificate(copied(der))?.subject.parts[0]?.value ?? null).toBe(expected)
  })

  it.each<[string, Buffer, object | null]>([
    ['nothing: no authority', sequence(), { ca: false, pathLength: null }],
    ['an authority', sequence(boolean(true)), { ca: true, pathLength: null }],
    ['an authority of two below', sequence(boolean(true), integer(2)), { ca: true, pathLength: 2 }],
    ['a length alone', sequence(integer(2)), null],
  ])('with constraints that say %s', (_title, value, expected) => {
    const { der } = issue({ extensions: [extension('2.5.29.19', true, value)] })
    const found = parseCertificate(copied(der))
    if (expected === null) expect(found).toBeNull()
    else expect(found?.basicConstraints).toEqual({ critical: true, ...expected })
  })

  it.each([
    ['RSA-1024', false],
    ['RSA-2048', true],
    ['P-256', true],
    ['Ed25519', false],
  ] as const)('with a key %s is long enough: %s', (keyKind, expected) => {
    const found = parseCertificate(copied(issue({ keyKind }, signer).der))
    expect(found !== null && isKeyLongEnough(found)).toBe(expected)
  })
})

/** The subject stands there as issuer too; lengths around it grow or shrink with it. */
function replaced(der: Buffer, was: Buffer, is: Buffer): Buffer {
  const root = readDer(copied(der), childrenOf) ?? []
  const [tbs, algorithm, signature] = root.map(({ raw }) => Buffer.from(raw))
  const fields = tbs === undefined ? [] : (readDer(copied(tbs), childrenOf) ?? [])
  const own = fields.map(({ raw }) => (Buffer.from(raw).equals(was) ? is : Buffer.from(raw)))
  return sequence(sequence(...own), algorithm ?? Buffer.alloc(0), signature ?? Buffer.alloc(0))
}

describe('DER', () => {
  it.each([
    '0.0',
    '0.39',
    '1.0',
    '1.39',
    '2.0',
    '2.47',
    '2.48',
    '2.999',
    '1.2.127',
    '1.2.128',
    '1.2.16383',
    '1.2.16384',
  ])('the identifier %s is read as it was written', (text) => {
    expect(readDer(copied(oid(text)), oidOf)).toBe(text)
  })

  it('bits are counted from the first', () => {
    expect(readDer(copied(bits(Buffer.from([0b1010_0110, 0b0100_0000]), 6)), bitsOf)).toEqual(
      [1, 0, 1, 0, 0, 1, 1, 0, 0, 1].map((bit) => bit === 1),
    )
  })

  it('an error that is no mistake in the bytes is thrown', () => {
    expect(() => readDer(copied(integer(1)), () => expect.fail('ours'))).toThrow('ours')
  })

  it('what holds a value holds no elements', () => {
    expect(readDer(copied(octets(integer(1))), childrenOf)).toBeNull()
    expect(readDer(copied(sequence(integer(1), integer(2))), childrenOf)).toHaveLength(2)
  })
})

describe('an identity', () => {
  const subject = (...parts: readonly (readonly [string, string])[]) => ({
    raw: new Uint8Array(),
    parts: parts.map(([type, value]) => ({ type, value })),
  })
  const acme = subject(['C', 'DE'], ['ST', 'BE'], ['O', 'Acme'], ['CN', 'release'])
  const problem = (texts: readonly string[], name = acme): string | null => {
    const identities = readIdentities(texts)
    return identities.ok ? identityProblem(identities.value, name, null) : identities.error
  }

  it('that is one of two is enough', () => {
    expect(problem(['x509.subject: C=US, ST=WA, O=Other', 'x509.subject: C=DE, ST=BE, O=Acme'])).toBeNull()
    expect(problem(['x509.subject: C=US, ST=WA, O=Other'])).not.toBeNull()
  })

  it('must be of a kind that is known', () => {
    expect(problem(['subject: C=DE, ST=BE, O=Acme'])).not.toBeNull()
    expect(problem(['x509-subject: C=DE, ST=BE, O=Acme'])).not.toBeNull()
    expect(problem(['x509.subject: C=DE, ST=BE'])).toContain('O missing')
    expect(problem([])).not.toBeNull()
  })

  it('of everybody takes a subject with a part twice, a named one does not', () => {
    const twice = subject(['C', 'DE'], ['ST', 'BE'], ['O', 'Acme'], ['O', 'Other'])
    expect(problem(['*'], twice)).toBeNull()
    expect(problem(['x509.subject: C=DE, ST=BE, O=Acme'], twice)).not.toBeNull()
  })

  it.each<[string, readonly (readonly [string, string])[] | null]>([
    [
      'C=DE, o = Acme ',
      [
        ['C', 'DE'],
        ['O', 'Acme'],
      ],
    ],
    ['S=BE', [['ST', 'BE']]],
    [String.raw`O=Acme\, Inc`, [['O', 'Acme, Inc']]],
    [String.raw`O=Acme\2C Inc`, [['O', 'Acme, Inc']]],
    [
      String.raw`O=Acme\\,C=DE`,
      [
        ['O', 'Acme\\'],
        ['C', 'DE'],
      ],
    ],
    [String.raw`O=Acme\ `, [['O', 'Acme ']]],
    [String.raw`O=\C3\84`, [['O', 'Ä']]],
    ['O=\uFEFFAcme', [['O', '\uFEFFAcme']]],
    [String.raw`O=\C3`, null],
    ['O!=Acme', null],
    ['O=Acme\\', null],
    ['O', null],
    ['=Acme', null],
    ['O=', null],
    ['O=#1234', null],
    ['O="Acme"', null],
    ['O=Acme+CN=x', null],
    ['1O=Acme', null],
    ['', null],
  ])('%s', (text, expected) => {
    expect(parseDistinguishedName(text)?.map(({ type, value }) => [type, value]) ?? null).toEqual(expected)
  })
})
