import { describe, expect, it } from 'vitest'
import { parseStrictJson } from '../../../../src/verification/sigstore/strict-json.ts'

const parse = (text: string) => parseStrictJson(new TextEncoder().encode(text))

describe('JSON of which every reader makes the same', () => {
  it.each<[string, unknown]>([
    ['{"a":1,"b":1}', { a: 1, b: 1 }],
    ['{"a":{"a":1},"b":{"a":1}}', { a: { a: 1 }, b: { a: 1 } }],
    ['[{"a":1},{"a":1}]', [{ a: 1 }, { a: 1 }]],
    [String.raw`{"a":"\"a\":","b":"{"}`, { a: '"a":', b: '{' }],
    [String.raw`{"a\\":1,"b":2}`, { 'a\\': 1, b: 2 }],
    ['{"a":["x","a"],"x":"a"}', { a: ['x', 'a'], x: 'a' }],
    ['"a"', 'a'],
  ])('%s is read', (text, value) => {
    expect(parse(text)).toEqual({ ok: true, value })
  })

  it.each([
    '{"a":1,"a":1}',
    String.raw`{"a":1,"\u0061":2}`,
    '{"b":{"a":1,"a":2}}',
    '[1,{"a":1,"b":[],"a":2}]',
    '{"a":{"x":1},"a":2}',
    '{"a" : 1, "a"\n: 2}',
  ])('%s has a key twice', (text) => {
    expect(parse(text)).toEqual({ ok: false, error: 'an object in it has a key twice' })
  })

  it('is not what is no UTF-8', () => {
    const bytes = Uint8Array.of(0x22, 0xff, 0x22)
    expect(parseStrictJson(bytes)).toEqual({ ok: false, error: 'it is not UTF-8' })
  })

  it.each(['', '{', '{"a":1}x', '\u{feff}{}'])('%j is none', (text) => {
    expect(parse(text).ok).toBe(false)
  })
})
