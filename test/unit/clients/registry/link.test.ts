/** `Link` headers, as RFC 8288 allows them and as registries write them. */

import { expect, it } from 'vitest'
import { nextTarget } from '../../../../src/clients/registry/link.ts'

it.each([
  ['</v2/a/tags/list?n=1&last=b>; rel="next"', '/v2/a/tags/list?n=1&last=b'],
  ['</x>;rel=next', '/x'],
  ['</x> ; REL = "NEXT"', '/x'],
  ['</x>; title="a, b; c"; rel="next"', '/x'],
  ['</p>; rel="prev", </x>; rel="next"', '/x'],
  ['</x>; rel="last next"', '/x'],
  ['</x>; rel="next", </y>; rel="next"', '/x'],
  ['</a,b;c>; rel="next"', '/a,b;c'],
  ['<>; rel="next"', ''],
])('finds the next page in %s', (header, target) => {
  expect(nextTarget(header)).toEqual({ target })
})

it.each([
  ['no header', null],
  ['an empty one', ''],
  ['another relation', '</x>; rel="prev"'],
  ['a relation that only begins like it', '</x>; rel="nextish"'],
  ['no relation', '</x>'],
])('finds no next page in %s', (_what, header) => {
  expect(nextTarget(header)).toBe('none')
})

it.each([
  ['no brackets', '/x; rel="next"'],
  ['an open bracket', '</x; rel="next"'],
  ['a header longer than 8 KiB', `<${'x'.repeat(9000)}>; rel="next"`],
])('refuses %s', (_what, header) => {
  expect(nextTarget(header)).toBe('malformed')
})

it('takes linear time for a hostile header of full length', () => {
  const started = performance.now()
  for (const part of ['<', '<a>', '<a>;', '<a>; a', '<a>;a="', '; ', ' '])
    nextTarget(part.repeat(Math.floor((8 * 1024) / part.length)))
  nextTarget(`<a>${';a'.repeat(4000)}`)
  nextTarget(`<a>${'; a="b"'.repeat(1000)} x`)
  expect(performance.now() - started).toBeLessThan(1000)
})
