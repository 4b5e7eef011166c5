/** DER to the edge: two spellings of one thing would be two hashes, and what is cut off would be read as whole. */

import { describe, expect, it } from 'vitest'
import {
  bitsOf,
  bitStringBytes,
  booleanOf,
  encodeDer,
  oidOf,
  readDer,
  smallIntegerOf,
  timeOf,
  type Element,
} from '../../../../src/verification/notation/der.ts'
import { octets, oid, tlv } from '../../../helpers/der-writer.ts'

function lengthOf(bytes: readonly number[]): number | null {
  return readDer(Uint8Array.from(bytes), ({ content }) => content.length)
}

const zeros = (count: number): readonly number[] => Array.from({ length: count }, () => 0)

describe('an element', () => {
  it.each<[string, readonly number[], number]>([
    ['empty', [0x04, 0x00], 0],
    ['with the longest short length', [0x04, 0x7f, ...zeros(127)], 127],
    ['with the shortest long length', [0x04, 0x81, 0x80, ...zeros(128)], 128],
    ['with the longest length of one byte', [0x04, 0x81, 0xff, ...zeros(255)], 255],
    ['with the shortest length of two bytes', [0x04, 0x82, 0x01, 0x00, ...zeros(256)], 256],
  ])('%s is read', (_title, bytes, length) => {
    expect(lengthOf(bytes)).toBe(length)
  })

  it.each<[string, readonly number[]]>([
    ['of nothing', []],
    ['of a tag alone', [0x04]],
    ['cut off by one byte', [0x04, 0x03, 0x01, 0x02]],
    ['cut off altogether', [0x04, 0x84, 0x7f, 0xff, 0xff, 0xff]],
    ['whose length is cut off', [0x04, 0x82, 0x01]],
    ['of an indefinite length', [0x24, 0x80, 0x04, 0x00, 0x00, 0x00]],
    ['whose length has five bytes', [0x04, 0x85, 0x01, 0x00, 0x00, 0x00, 0x00, ...zeros(8)]],
    ['that spells a short length long', [0x04, 0x81, 0x01, 0xff]],
    ['that spells 127 long', [0x04, 0x81, 0x7f, ...zeros(127)]],
    ['that spells 128 in two bytes', [0x04, 0x82, 0x00, 0x80, ...zeros(128)]],
    ['that spells 255 in two bytes', [0x04, 0x82, 0x00, 0xff, ...zeros(255)]],
    ['with something behind it', [0x04, 0x01, 0x00, 0x00]],
    ['whose tag is none', [0x00, 0x00]],
    ['whose tag has more bytes', [0x1f, 0x01, 0x00]],
  ])('%s is refused', (_title, bytes) => {
    expect(lengthOf(bytes)).toBeNull()
  })
})

describe('an element that we write', () => {
  it.each([0, 1, 127, 128, 255, 256, 65_535, 65_536])('of %i bytes is spelled in the one right way', (length) => {
    const contents = [Buffer.alloc(Math.ceil(length / 2), 1), Buffer.alloc(Math.floor(length / 2), 2)]
    expect(Buffer.from(encodeDer(0x30, ...contents))).toEqual(tlv(0x30, ...contents))
  })
})

describe('an object identifier', () => {
  const read = (...content: readonly number[]): string | null =>
    readDer(Uint8Array.from(tlv(0x06, Uint8Array.from(content))), oidOf)

  it('that ends in the middle of a number is none', () => {
    expect(read(0x2a, 0x03)).toBe('1.2.3')
    expect(read(0x2a, 0x03, 0x84)).toBeNull()
    expect(read()).toBeNull()
  })

  it('goes on for 65 bytes at most', () => {
    const going = (count: number): readonly number[] => Array.from({ length: count }, () => 0x81)
    expect(read(...going(65), 0x01)).not.toBeNull()
    expect(read(...going(66), 0x01)).toBeNull()
  })

  it.each(['1.2.840.10045.2.1', '2.5.29.15', '2.16.840.1.101.3.4.2.1', '0.9.2342.19200300.100.1.25'])(
    '%s is read as it was written',
    (text) => {
      expect(readDer(Uint8Array.from(oid(text)), oidOf)).toBe(text)
    },
  )

  it('of another type is none', () => {
    expect(readDer(Uint8Array.from(octets(Buffer.from([0x2a]))), oidOf)).toBeNull()
  })
})

describe('a value', () => {
  const read = <T>(bytes: readonly number[], of: (element: Element) => T): T | null =>
    readDer(Uint8Array.from(bytes), of)
  const time = (tag: number, text: string): number | null =>
    read([tag, text.length, ...new TextEncoder().encode(text)], timeOf)

  it('of truth is 0 or 255, and nothing between', () => {
    expect([0x00, 0x01, 0xfe, 0xff].map((byte) => read([0x01, 0x01, byte], booleanOf))).toEqual([
      false,
      null,
      null,
      true,
    ])
    expect(read([0x01, 0x02, 0xff, 0xff], booleanOf)).toBeNull()
    expect(read([0x01, 0x00], booleanOf)).toBeNull()
  })

  it.each<[readonly number[], number | null]>([
    [[0x02, 0x01, 0x00], 0],
    [[0x02, 0x01, 0x7f], 127],
    [[0x02, 0x01, 0x80], null],
    [[0x02, 0x02, 0x01, 0x02], 258],
    [[0x02, 0x04, 0x7f, 0xff, 0xff, 0xff], 0x7f_ff_ff_ff],
    [[0x02, 0x05, 0x01, 0x00, 0x00, 0x00, 0x00], null],
    [[0x02, 0x00], null],
    [[0x0a, 0x01, 0x00], null],
  ])('of a small number: %j', (bytes, expected) => {
    expect(read(bytes, (element) => smallIntegerOf(element))).toBe(expected)
  })

  it.each<[readonly number[], readonly boolean[] | null]>([
    [
      [0x03, 0x02, 0x06, 0xc0],
      [true, true],
    ],
    [[0x03, 0x02, 0x07, 0x80], [true]],
    [[0x03, 0x01, 0x00], []],
    [[0x03, 0x01, 0x01], null],
    [[0x03, 0x02, 0x08, 0x80], null],
    [[0x03, 0x00], null],
  ])('of bits: %j', (bytes, expected) => {
    expect(read(bytes, bitsOf)).toEqual(expected)
  })

  it('of whole bytes has no unused bits', () => {
    expect(read([0x03, 0x02, 0x00, 0xff], (element) => [...bitStringBytes(element)])).toEqual([0xff])
    expect(read([0x03, 0x02, 0x01, 0xfe], bitStringBytes)).toBeNull()
  })

  it.each<[number, string, string | null]>([
    [0x17, '491231235959Z', '2049-12-31T23:59:59.000Z'],
    [0x17, '500101000000Z', '1950-01-01T00:00:00.000Z'],
    [0x18, '20260228120000Z', '2026-02-28T12:00:00.000Z'],
    [0x18, '20260228120000.25Z', '2026-02-28T12:00:00.250Z'],
    [0x18, '20260231120000Z', null],
    [0x18, '20261301120000Z', null],
    [0x18, '20260228120000', null],
    [0x18, '20260228120000+0100', null],
    [0x18, 'x20260228120000Z', null],
    [0x18, '20260228120000Zx', null],
    [0x17, '20260228120000Z', null],
    [0x18, '260228120000Z', null],
    [0x04, '20260228120000Z', null],
  ])('of time, tag %i: %s', (tag, text, expected) => {
    expect(time(tag, text)).toBe(expected === null ? null : Date.parse(expected))
  })
})
