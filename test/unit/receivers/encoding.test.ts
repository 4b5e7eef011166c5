import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decodeBase64, decodeHex } from '../../../src/receivers/encoding.ts'

it('reads back what Node writes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (bytes) => {
      expect(decodeHex(Buffer.from(bytes).toString('hex'))).toEqual(bytes)
      expect(decodeBase64(Buffer.from(bytes).toString('base64'))).toEqual(bytes)
    }),
  )
})

it('knows one spelling per value', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'AZaz09+/=-_ '.split('')) }), (text) => {
      const bytes = decodeBase64(text)
      if (bytes !== null) expect(Buffer.from(bytes).toString('base64')).toBe(text)
    }),
  )
})

it.each(['', 'a', 'AB', 'abc', '0x', 'zz', ' ab', 'ab '.repeat(2), 'ab'.repeat(513)])('refuses %j as hex', (text) => {
  expect(decodeHex(text)).toBeNull()
})

it.each([
  '',
  'A',
  'AA',
  'AAA',
  'AB==',
  'AAB=',
  'AA=A',
  '====',
  'AAAA====',
  'AA-_',
  ' AAAA',
  'AAAA\n',
  'AAAA'.repeat(257),
])('refuses %j as base64', (text) => {
  expect(decodeBase64(text)).toBeNull()
})
