import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ALIASES_MAX, CONFIG_BYTES_MAX, DEPTH_MAX } from '../../../src/config/limits.ts'
import { load, problems } from '../../helpers/config.ts'

const HALF = CONFIG_BYTES_MAX / 2
const MANY = CONFIG_BYTES_MAX - 16
/** Of the processor's time, best of five: other work on the machine does not count. In the parser alone some of these take seconds. */
const BOMB_MS_MAX = 50

const bombs: Readonly<Record<string, string>> = {
  'lists in lists': '['.repeat(MANY),
  'maps in maps': '{a: '.repeat(MANY / 4),
  'block lists in lists': '- '.repeat(HALF),
  'explicit keys in keys': '? '.repeat(HALF),
  'indentation as deep as it goes': Array.from({ length: 700 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
  'billion laughs': Array.from({ length: 50 }, (_, level) =>
    level === 0 ? 'a0: &a0 [x, x]' : `a${level}: &a${level} [*a${level - 1}, *a${level - 1}]`,
  ).join('\n'),
  'quadratic aliases': `a: &a [${'x,'.repeat(900)}]\n${Array.from({ length: 99 }, (_, index) => `b${index}: *a`).join('\n')}`,
  'aliases without end': `a: &a x\n${Array.from({ length: 20_000 }, (_, index) => `k${index}: *a`).join('\n')}`,
  'anchors without end': '&a '.repeat(80_000),
  'tags without end': '!a '.repeat(80_000),
  'directives without end': '%a\n'.repeat(80_000),
  'commas without end': `[${','.repeat(MANY)}]`,
  'brackets that close nothing': ']'.repeat(MANY),
  'quotes without end': '"a" '.repeat(60_000),
  'escapes that are none': `a: "${'\\x'.repeat(120_000)}"`,
  'keys without end': Array.from({ length: 20_000 }, (_, index) => `k${index}: 1`).join('\n'),
  'comments without end': '#\n'.repeat(HALF),
  'dashes without end': '-\n'.repeat(HALF),
  'documents without end': '--- a\n'.repeat(40_000),
  'line breaks without end': '\n'.repeat(MANY),
  'tabs without end': '\t'.repeat(MANY),
  'stages without end': `version: 1\nstages:\n${Array.from({ length: 10_000 }, (_, index) => `  s${index}: {after: s${index + 1}}`).join('\n')}`,
  'maps without commas': '{a: b}'.repeat(40_000),
  'one byte too many': `a: ${'x'.repeat(CONFIG_BYTES_MAX)}`,
}

it.each(Object.entries(bombs))('refuses %s in no time', async (_, text) => {
  const times: number[] = []
  for (let run = 0; run < 5; run += 1) {
    const start = process.cpuUsage()
    expect((await load(text)).ok).toBe(false)
    times.push(process.cpuUsage(start).user / 1000)
  }
  expect(Math.min(...times)).toBeLessThan(BOMB_MS_MAX)
})

/** Around the limit: one below, at, one above. */
function nested(depth: number): string {
  return `version: 1\nx-a: ${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}`
}
it.each([
  ['levels', nested(DEPTH_MAX - 1), true],
  ['levels', nested(DEPTH_MAX), true],
  ['levels', nested(DEPTH_MAX + 1), false],
  ['levels in blocks', `version: 1\nx-a:\n  ${'- '.repeat(DEPTH_MAX - 2)}a`, true],
  ['levels in blocks', `version: 1\nx-a:\n  ${'- '.repeat(DEPTH_MAX - 1)}a`, false],
  ['aliases', aliases(ALIASES_MAX), true],
  ['aliases', aliases(ALIASES_MAX + 1), false],
  ['bytes', `version: 1 #${'x'.repeat(CONFIG_BYTES_MAX - 12)}`, true],
  ['bytes', `version: 1 #${'x'.repeat(CONFIG_BYTES_MAX - 11)}`, false],
  ['stages', stages(100), true],
  ['stages', stages(101), false],
  ['bytes, not characters', `version: 1 #${'ä'.repeat(CONFIG_BYTES_MAX / 2)}`, false],
])('holds the limit of %s', async (_, text, isFine) => {
  expect((await load(text)).ok).toBe(isFine)
})

function stages(count: number): string {
  const names = Array.from(
    { length: count },
    (_, index) => `s${index}: { after: [${index === 0 ? '' : `s${index - 1}`}] }`,
  )
  return `version: 1\nstages: { ${names.join(', ')} }`
}

function aliases(count: number): string {
  return `version: 1\nx-a: &a 1\nx-b: [${'*a, '.repeat(count)}]`
}

it('counts levels with aliases expanded', async () => {
  const levels = Array.from({ length: 30 }, (_, level) => (level === 0 ? '&a0 [x]' : `&a${level} [[*a${level - 1}]]`))
  const [problem] = await problems(`version: 1\nx-a: [${levels.join(', ')}]`)
  expect(problem?.reason).toBe('too-deep')
})

it('refuses an alias inside of its own anchor', async () => {
  const [problem] = await problems('version: 1\nx-a: &a [*a]')
  expect(problem).toMatchObject({ reason: 'not-yaml', line: 2, column: 10 })
})

it.each([
  `:\n${'{a: b}\n    a: a b'.repeat(2000)}`,
  `{${'a: ...\n'.repeat(6000)}]`,
  `${',"a": \'\''.repeat(9000)}{a: b, |`,
])('survives the parser’s own recursion: %#', async (text) => {
  expect((await load(text)).ok).toBe(false)
})

it('tells where a limit is passed', async () => {
  const [problem] = await problems(`version: 1\nx-a:\n  - ${'['.repeat(60)}`)
  expect(problem).toMatchObject({ reason: 'too-deep', line: 3, column: 5 + DEPTH_MAX })
})

it.each([
  '__proto__: { mode: observe }',
  '"__proto__": { polluted: true }',
  'x-a: { __proto__: { polluted: true } }',
  'stages: { __proto__: { after: dev } }',
  'stages: { constructor: { prototype: { polluted: true } } }',
  'registries: { a: { host: ghcr.io, __proto__: { insecure: true } } }',
  '<<: { __proto__: { polluted: true } }',
])('CVE-2025-64718: pollutes nothing with { %s }', async (line) => {
  expect((await load(`version: 1\n${line}`)).ok).toBe(false)
  expect(Object.keys(Object.prototype)).toEqual([])
  expect('polluted' in {}).toBe(false)
})

it('reads names that objects have by themselves as names', async () => {
  const result = await load(
    'version: 1\nstages: { constructor: {}, valueof: {} }\nclusters: { constructor: { inCluster: true } }',
  )
  expect(result.ok && Object.keys(result.value.loaded.config.clusters)).toEqual(['constructor'])
})

const scalars = fc.oneof(
  fc.constantFrom(
    'a',
    '1',
    '1.10',
    'null',
    '~',
    'true',
    '"x"',
    "'",
    '"',
    '\\',
    '*a',
    '&a',
    '!!str',
    '!x',
    '<<',
    '%',
    '@',
    '`',
  ),
  fc.constantFrom(
    'version',
    'mode',
    'registries',
    'stages',
    'subscriptions',
    'include',
    'x-a',
    '__proto__',
    'after',
    'tags',
  ),
)
const marks = fc.constantFrom(
  ': ',
  '- ',
  '? ',
  '[',
  ']',
  '{',
  '}',
  ', ',
  '\n',
  '\n  ',
  '\n    ',
  ' #',
  '|\n',
  '>-\n',
  '---\n',
  '\t',
  '\r\n',
)

it('answers any text with a configuration or with reasons', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(scalars, marks), { maxLength: 60 }), async (parts) => {
      const text = parts.join('')
      for (const { line, column, message } of await problems(text)) {
        expect(line).toBeGreaterThan(0)
        expect(line).toBeLessThanOrEqual(text.split('\n').length)
        expect(column).toBeGreaterThan(0)
        expect(message).not.toBe('')
      }
    }),
    { numRuns: 1000 },
  )
})
