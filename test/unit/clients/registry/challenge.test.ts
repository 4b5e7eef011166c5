/** `WWW-Authenticate` as registries, proxies and attackers write it. */

import { expect, it } from 'vitest'
import { parseChallenges } from '../../../../src/clients/registry/challenge.ts'

const readable: readonly (readonly [string, string | null, object[]])[] = [
  ['none', null, []],
  ['an empty header', '', []],
  ['only commas', ' , ,', []],
  ['a bare scheme', 'Negotiate', [{ scheme: 'negotiate' }]],
  ['basic', 'Basic realm="x"', [{ scheme: 'basic', realm: 'x' }]],
  ['an unquoted value', 'Basic realm=x', [{ scheme: 'basic', realm: 'x' }]],
  ['odd case', 'bEaReR REALM="https://r/t",Service="s"', [{ scheme: 'bearer', realm: 'https://r/t', service: 's' }]],
  ['no service', 'Bearer realm="https://r/t"', [{ scheme: 'bearer', realm: 'https://r/t' }]],
  [
    'commas inside quotes',
    'Bearer realm="https://r/t",scope="repository:a:pull,push"',
    [{ scheme: 'bearer', realm: 'https://r/t', scope: 'repository:a:pull,push' }],
  ],
  [
    'an error beside',
    'Bearer realm="https://r/t", error="insufficient_scope"',
    [{ scheme: 'bearer', realm: 'https://r/t', error: 'insufficient_scope' }],
  ],
  ['an escaped quote', String.raw`Basic realm="a\"b"`, [{ scheme: 'basic', realm: 'a"b' }]],
  ['an escaped backslash', String.raw`Basic realm="a\\"`, [{ scheme: 'basic', realm: 'a\\' }]],
  ['spaces round the equals sign', 'Basic realm = "x"', [{ scheme: 'basic', realm: 'x' }]],
  ['an empty value', 'Bearer realm=""', [{ scheme: 'bearer', realm: '' }]],
  [
    'two in one header',
    'Basic realm="x", Bearer realm="https://r/t",service="s"',
    [
      { scheme: 'basic', realm: 'x' },
      { scheme: 'bearer', realm: 'https://r/t', service: 's' },
    ],
  ],
  [
    'a bare scheme before another',
    'Negotiate, Basic realm="x"',
    [{ scheme: 'negotiate' }, { scheme: 'basic', realm: 'x' }],
  ],
  [
    'a token68 before another',
    'Negotiate YII=, Bearer realm="https://r/t"',
    [{ scheme: 'negotiate' }, { scheme: 'bearer', realm: 'https://r/t' }],
  ],
  [
    'a challenge hidden in a quoted value',
    'Basic realm="Bearer realm=\\"https://evil.example/\\""',
    [{ scheme: 'basic', realm: 'Bearer realm="https://evil.example/"' }],
  ],
  [
    'a realm that is a parameter of another scheme',
    'Basic x="1", realm="y"',
    [{ scheme: 'basic', x: '1', realm: 'y' }],
  ],
]
it.each(readable)('reads %s', (_what, header, expected) => {
  const found = parseChallenges(header)?.map(({ scheme, parameters }) => ({
    scheme,
    ...Object.fromEntries(parameters),
  }))
  expect(found).toEqual(expected)
})

it.each([
  ['a quote that never ends', 'Bearer realm="https://r/t'],
  ['a realm given twice', 'Bearer realm="https://r/t",realm="https://evil.example/t"'],
  ['a realm given twice in other case', 'Bearer realm="https://r/t",REALM="https://evil.example/t"'],
  ['a value that goes on after its quote', 'Bearer realm="a"b'],
  ['characters that are no token', 'Bea(rer realm="x"'],
  ['a header longer than 8 KiB', `Basic realm="${'x'.repeat(8 * 1024)}"`],
])('refuses %s', (_what, header) => {
  expect(parseChallenges(header)).toBeNull()
})

it('takes linear time for a hostile header of full length', () => {
  const started = performance.now()
  for (const part of ['a=', '"\\', ' ,', 'Basic ', 'a="b",', '='])
    parseChallenges(part.repeat((8 * 1024) / part.length))
  expect(performance.now() - started).toBeLessThan(1000)
})
