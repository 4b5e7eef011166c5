import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { encodeScalar, isPlainSafe } from '../../../../src/delivery/edit/scalar.ts'

const safe = 'v1.0.0 1.2.3 release-2024 latest a:b a/b:1@sha256:00 a#b 1.2.3-rc.1 _x /a 0755-x 20240101.1.2 nope'.split(
  ' ',
)
const words = '~ null NULL true False yes No on OFF y N = << ... ---'.split(' ')
const numbers =
  '1 1.10 -1 +1 0755 0o17 0x1F 0b101 1_000 1e5 1.5E-3 .5 1. .inf -.Inf .NaN 12:30 1:30:45.5 2024-01-02'.split(' ')
const indicators = '-latest *a &a !a | > %a @a `a "a [a {a ] } ,a a,b a]b ?a :a #a a:'.split(' ')
const spaced = ['', ' a', 'a ', 'a: b', 'a #b', "'a", 'a\nb', 'a\tb', '2024-1-2 03:04:05']
const hidden = ['é', '\u00a0', 'a\u0000', '\u202ea']

describe('isPlainSafe', () => {
  it.each([...safe, 'x y'])('takes %s without quotes', (value) => expect(isPlainSafe(value)).toBe(true))

  it.each([...words, ...numbers, ...indicators, ...spaced, ...hidden])('quotes %j', (value) => {
    expect(isPlainSafe(value)).toBe(false)
  })
})

describe('encodeScalar', () => {
  const values = ['v1', '1.10', 'yes', "it's", 'say "x"', 'a\\b', 'a: b', '- a', '# a', '{{ x }}', '']

  it.each(values.flatMap((value) => ['PLAIN', 'QUOTE_SINGLE', 'QUOTE_DOUBLE'].map((style) => [value, style] as const)))(
    'writes %j in the style %s so that YAML 1.1 and 1.2 read it back',
    (value, style) => {
      const encoded = encodeScalar(value, style, false)
      const text = encoded.ok ? encoded.value : expect.fail()
      expect(parse(`k: ${text}`, { version: '1.2' })).toEqual({ k: value })
      expect(parse(`k: ${text}`, { version: '1.1' })).toEqual({ k: value })
      expect(parse(`[${text}, x]`)).toEqual([value, 'x'])
    },
  )

  it.each([
    ['QUOTE_SINGLE', /^'/u],
    ['QUOTE_DOUBLE', /^"/u],
    ['PLAIN', /^[^'"]/u],
  ])('keeps the style %s', (style, form) => {
    expect(encodeScalar('v1', style, false)).toMatchObject({ ok: true, value: expect.stringMatching(form) })
  })

  it.each([
    ['a line break', 'a\nb', 'QUOTE_DOUBLE'],
    ['a control character', 'a\u001b[2J', 'QUOTE_DOUBLE'],
    ['text beyond ASCII', 'é', 'PLAIN'],
    ['a literal block', 'v1', 'BLOCK_LITERAL'],
    ['a folded block', 'v1', 'BLOCK_FOLDED'],
  ])('refuses %s', (_, value, style) => expect(encodeScalar(value, style, false).ok).toBe(false))

  it('leaves a number unquoted where it once stood so', () => {
    expect(encodeScalar('1.10', 'PLAIN', true)).toEqual({ ok: true, value: '1.10' })
    expect(encodeScalar('a: b', 'PLAIN', true)).toEqual({ ok: true, value: '"a: b"' })
  })
})
