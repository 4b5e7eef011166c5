/** What must hold for any list of tags: the order of node-semver, one total order, and no tag without an answer. */

import fc from 'fast-check'
import semver from 'semver'
import { describe, expect, it } from 'vitest'
import type { TagFilter } from '../../src/domain/tag-filter.ts'
import { chooseTag, newestTag } from '../../src/filter.ts'
import { aFilter } from '../helpers/filter.ts'

const FUZZ_RUNS = Number(process.env['FUZZ_RUNS'] ?? 1000)
const any = { numRuns: FUZZ_RUNS }

/** Few numbers, so that versions meet; some at the edge of what semver takes. */
const number = fc.oneof(
  { weight: 9, arbitrary: fc.nat(3).map(String) },
  fc.constantFrom('10', '9007199254740991', '999999999999999', '1000000000000000'),
)
const identifier = fc.oneof(
  fc.nat(12).map(String),
  fc.constantFrom('alpha', 'beta', 'rc', 'rc1', '-', '1a', 'A', 'x-1'),
)
const prerelease = fc.array(identifier, { minLength: 1, maxLength: 3 }).map((words) => `-${words.join('.')}`)
const release = fc.tuple(number, number, number).map((parts) => parts.join('.'))
const version = fc
  .tuple(fc.constantFrom('', 'v'), release, fc.oneof({ weight: 2, arbitrary: fc.constant('') }, prerelease))
  .map((parts) => parts.join(''))
const junk = fc.oneof(
  fc.constantFrom('latest', '1', '1.2', '01.2.3', '1.2.3.4', '1.2.3-01', 'main', 'v', '1.2.x', '=1.2.3', '1.2.3+b'),
  fc.stringMatching(/^[A-Za-z0-9_.-]{0,12}$/u),
  fc.string({ maxLength: 8 }),
)
const tags = fc.array(fc.oneof({ weight: 5, arbitrary: version }, junk), { maxLength: 24 })

const partial = fc.oneof(
  release,
  fc.tuple(number, number).map((parts) => parts.join('.')),
  number,
)
const wild = fc
  .tuple(partial, fc.constantFrom('.x', '.*', ''))
  .map(([text, x]) => (text.split('.').length < 3 ? text + x : text))
const comparator = fc
  .tuple(fc.constantFrom('', '=', '>', '>=', '<', '<=', '^', '~', 'v', '>=v'), fc.oneof(wild, release))
  .map((parts) => parts.join(''))
const alternative = fc.oneof(
  { weight: 4, arbitrary: fc.array(comparator, { minLength: 1, maxLength: 3 }).map((all) => all.join(' ')) },
  fc.tuple(partial, partial).map((ends) => ends.join(' - ')),
  fc.constant('*'),
)
const range = fc.array(alternative, { minLength: 1, maxLength: 3 }).map((all) => all.join(' || '))
/** An incomplete comparator's prerelease is Masterminds', not npm's. */
const rangeWithPrereleases = fc
  .array(fc.tuple(fc.constantFrom('', '>=', '>', '<', '<=', '^', '~'), release, prerelease), {
    minLength: 1,
    maxLength: 2,
  })
  .map((all) => all.map((parts) => parts.join('')).join(' '))

/** The answer by node-semver alone: those that it reads and finds within, newest first, ties by text. */
function bySemver(list: readonly string[], range: string, options: { includePrerelease: boolean }): string[] {
  // Whitespace, `=` and `+` are semver's, and no tag's.
  const readable = list.filter((tag) => /^[A-Za-z0-9_][A-Za-z0-9._-]*$/u.test(tag) && semver.valid(tag) !== null)
  return [...new Set(readable)]
    .filter((tag) => semver.satisfies(tag, range, options))
    .toSorted((a, b) => semver.rcompare(a, b) || (a < b ? 1 : -1))
}

describe('semver', () => {
  it.each([
    ['none', { prerelease: false }, false],
    ['unsaid', {}, false],
    ['all', { prerelease: true }, true],
  ])(`answers as node-semver does, prereleases: %s (${FUZZ_RUNS} runs)`, (_, rest, includePrerelease) => {
    fc.assert(
      fc.property(tags, range, (list, semverRange) => {
        fc.pre(semver.validRange(semverRange, { includePrerelease }) !== null)
        const filter = aFilter({ semver: semverRange, ...rest })
        const expected = bySemver(list, semverRange, { includePrerelease })
        expect(chooseTag(filter, list, null).eligible).toEqual(expected)
        expect(newestTag(filter, list)).toBe(expected[0] ?? null)
      }),
      any,
    )
  })

  it(`counts prereleases where the range names one (${FUZZ_RUNS} runs)`, () => {
    fc.assert(
      fc.property(tags, rangeWithPrereleases, (list, semverRange) => {
        fc.pre(semver.validRange(semverRange, { includePrerelease: true }) !== null)
        const filter = aFilter({ semver: semverRange })
        expect(chooseTag(filter, list, null).eligible).toEqual(bySemver(list, semverRange, { includePrerelease: true }))
      }),
      any,
    )
  })
})

describe('numerical', () => {
  it(`answers as integers of any length do (${FUZZ_RUNS} runs)`, () => {
    const digits = fc.stringMatching(/^[0-9]{1,40}$/u)
    fc.assert(
      fc.property(digits, digits, (a, b) => {
        const difference = BigInt(a) < BigInt(b) ? -1 : BigInt(a) > BigInt(b) ? 1 : a < b ? -1 : a > b ? 1 : 0
        expect(Math.sign(aFilter({ numerical: 'asc' }).compare(a, b) ?? NaN)).toBe(difference)
      }),
      any,
    )
  })
})

const filters: TagFilter[] = [
  { semver: '*', strict: false, prerelease: true },
  { semver: '>=1 <3' },
  { numerical: 'asc' },
  { numerical: 'desc', match: '(.*?)([0-9]+(?:[.][0-9]+)?)', extract: '$2' },
  { alphabetical: 'asc', match: '.*(?<last>.)', extract: '$last' },
  { alphabetical: 'desc', ignore: ['v.*'] },
  { calver: 'YY[.MM][.MICRO][-MODIFIER]' },
]

describe.each(filters)('%j', (filter) => {
  const compiled = aFilter(filter)

  it('orders the same tags in one way, however they are listed', () => {
    const shuffled = tags.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    )
    fc.assert(
      fc.property(shuffled, ([list, other]) => {
        const { eligible } = chooseTag(compiled, list, null)
        expect(chooseTag(compiled, other, null).eligible).toEqual(eligible)
        expect(newestTag(compiled, other)).toBe(eligible[0] ?? null)
        for (const [index, tag] of eligible.slice(1).entries()) {
          expect(compiled.compare(eligible[index]!, tag)).toBeGreaterThan(0)
          expect(compiled.compare(tag, eligible[index]!)).toBeLessThan(0)
        }
      }),
      any,
    )
  })

  it('gives every tag an answer, and never goes back', () => {
    fc.assert(
      fc.property(tags, fc.option(version), (list, current) => {
        const { chosen, eligible, rejected } = chooseTag(compiled, list, current)
        expect([...eligible, ...rejected.map(({ tag }) => tag)].toSorted()).toEqual([...new Set(list)].toSorted())
        expect(rejected.filter(({ reason, detail }) => !reason || !detail)).toEqual([])
        const difference = current === null || chosen === null ? 0 : compiled.compare(chosen, current)
        expect(difference ?? 0).toBeGreaterThanOrEqual(0)
      }),
      any,
    )
  })
})
