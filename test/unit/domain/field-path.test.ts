import { describe, expect, it } from 'vitest'
import { parseFieldPath } from '../../../src/domain/field-path.ts'

describe('a field path', () => {
  it.each([
    ['image', ['image']],
    ['a.b[0].c', ['a', 'b', 0, 'c']],
    ['a["b.c"].d', ['a', 'b.c', 'd']],
    ['["a"][10]', ['a', 10]],
    ['spec.images[0][1]', ['spec', 'images', 0, 1]],
    ['$imagepolicy.x-y_z', ['$imagepolicy', 'x-y_z']],
  ])('%s is its steps', (text, steps) => {
    expect(parseFieldPath(text)).toEqual({ ok: true, value: steps })
  })

  it.each([
    '',
    '.',
    'a.',
    '.a',
    'a..b',
    'a[',
    'a[]',
    'a[-1]',
    'a[01]',
    'a[1',
    'a["b]',
    'a[""]',
    'a.[0]',
    'a.["b"]',
    'a[0]b',
  ])('%j is refused whole', (text) => {
    expect(parseFieldPath(text)).toMatchObject({ ok: false, error: { reason: 'malformed-field', found: text } })
  })

  it.each([
    { steps: 64, ok: true },
    { steps: 65, ok: false },
  ])('of $steps steps: $ok', ({ steps, ok }) => {
    expect(parseFieldPath(Array.from({ length: steps }, () => 'a').join('.')).ok).toBe(ok)
  })
})
