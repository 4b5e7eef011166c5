import { describe, expect, it } from 'vitest'
import type { TagFilter } from '../../src/domain/tag-filter.ts'
import { chooseTag, newestTag } from '../../src/filter.ts'
import { aFilter, standing } from '../helpers/filter.ts'

const HEX = '0123456789abcdef'.repeat(4)
const semver: TagFilter = { semver: '>=1.4 <2' }

describe('choosing a tag', () => {
  it('takes the newest that counts, and says why each other does not', () => {
    const choice = chooseTag(aFilter(semver), ['1.4.0', 'nightly', '1.10.0', '1.9.3', '2.0.0'], '1.4.0')
    expect(choice).toMatchObject({ chosen: '1.10.0', changed: true, eligible: ['1.10.0', '1.9.3', '1.4.0'] })
    expect(choice.rejected.map(({ tag, reason }) => [tag, reason])).toEqual([
      ['nightly', 'not-a-version'],
      ['2.0.0', 'out-of-range'],
    ])
  })

  it.each<[string, TagFilter, string[], string | null, string | null, boolean]>([
    ['never goes back behind what runs', semver, ['1.4.0', '1.5.0'], '1.6.0', '1.6.0', false],
    ['keeps what runs though the registry has it no more', semver, [], '1.6.0', '1.6.0', false],
    ['is not bound by a current tag that does not count', semver, ['1.4.0'], 'latest', '1.4.0', true],
    ['is not bound by a current tag outside the range', semver, ['1.4.0'], '2.0.0', '1.4.0', true],
    ['is not bound by a current text that is no tag', semver, ['1.4.0'], '', '1.4.0', true],
    ['chooses nothing where nothing counts', semver, ['a', 'b'], 'latest', null, false],
    ['chooses nothing from nothing', semver, [], null, null, false],
    ['takes the first version where nothing runs', semver, ['1.4.0'], null, '1.4.0', true],
    ['does not go back in a descending order either', { numerical: 'desc' }, ['7', '9'], '5', '5', false],
    ['takes the last push, whatever its name', { newestPush: true }, ['b', 'c', 'a'], 'c', 'a', true],
    ['goes back where an older tag was pushed last', { newestPush: true }, ['1.1.0', '1.0.0'], '1.1.0', '1.0.0', true],
    [
      'takes the last push that counts',
      { newestPush: true, ignore: ['pr-.*'] },
      ['main-1', 'pr-7'],
      null,
      'main-1',
      true,
    ],
    [
      'keeps what runs where no push counts',
      { newestPush: true, match: 'main-.*' },
      ['pr-7'],
      'main-1',
      'main-1',
      false,
    ],
    ['follows one tag', { digestOf: 'stable' }, ['1.0.0', 'stable'], '1.0.0', 'stable', true],
    ['follows latest where it is asked to', { digestOf: 'latest' }, ['latest'], 'latest', 'latest', false],
    ['has nothing to follow where that tag is gone', { digestOf: 'stable' }, ['1.0.0'], '1.0.0', null, false],
  ])('%s', (_, filter, tags, current, chosen, changed) => {
    expect(chooseTag(aFilter(filter), tags, current)).toMatchObject({ chosen, changed })
  })

  it('lists a tag once, at its last push', () => {
    expect(chooseTag(aFilter({ newestPush: true }), ['a', 'b', 'a', 'c', 'b'], null).eligible).toEqual(['b', 'c', 'a'])
  })

  it('names a rejected tag once', () => {
    expect(chooseTag(aFilter(semver), ['x', 'x'], null).rejected).toHaveLength(1)
  })
})

describe('comparing two tags', () => {
  it.each<[TagFilter, string, string, number | null]>([
    [semver, '1.4.0', '1.5.0', -1],
    [semver, '1.5.0', '1.4.0', 1],
    [semver, '1.5.0', '1.5.0', 0],
    [semver, '1.5.0', 'v1.5.0', -1],
    [semver, '1.5.0', '2.0.0', null],
    [semver, 'latest', '1.5.0', null],
    [semver, 'latest', 'latest', null],
    [{ newestPush: true }, 'a', 'b', null],
    [{ newestPush: true }, 'a', 'a', 0],
    [{ digestOf: 'stable' }, 'stable', 'stable', 0],
    [{ digestOf: 'stable' }, 'stable', '1.0.0', null],
  ])('%j: %s with %s is %j', (filter, a, b, expected) => {
    const difference = aFilter(filter).compare(a, b)
    expect(difference === null ? null : Math.sign(difference)).toBe(expected)
  })

  it('knows which filters never go back', () => {
    const ordered = [semver, { numerical: 'asc' }, { alphabetical: 'asc' }, { calver: 'YYYY.MM' }] as const
    expect(ordered.map((filter) => aFilter(filter).ordered)).toEqual([true, true, true, true])
    expect([aFilter({ newestPush: true }).ordered, aFilter({ digestOf: 'a' }).ordered]).toEqual([false, false])
  })
})

describe('the newest tag', () => {
  it.each<[TagFilter, string[], string | null]>([
    [semver, ['1.4.0', '1.10.0', 'x', '1.9.0'], '1.10.0'],
    [semver, ['x'], null],
    [{ newestPush: true }, ['b', 'a', 'latest'], 'a'],
  ])('%j of %j is %j', (filter, tags, expected) => {
    expect(newestTag(aFilter(filter), tags)).toBe(expected)
  })
})

const everyKind: TagFilter[] = [
  { semver: '*', strict: false, prerelease: true },
  { numerical: 'asc' },
  { alphabetical: 'asc' },
  { calver: 'YYYY[.MM]' },
  { newestPush: true },
  { digestOf: 'stable' },
]

describe.each(everyKind)('what is no image is refused by %j', (filter) => {
  it.each([
    [`sha256-${HEX}`, 'signal-tag'],
    [`sha256-${HEX}.sig`, 'signal-tag'],
    [`sha256-${HEX}.att`, 'signal-tag'],
    [`sha256-${HEX}.sbom`, 'signal-tag'],
    ['', 'malformed-tag'],
    ['-1', 'malformed-tag'],
    ['.5', 'malformed-tag'],
    ['1.0.0+build', 'malformed-tag'],
    ['1.0.0\n', 'malformed-tag'],
    ['1'.repeat(129), 'malformed-tag'],
    ['ünï', 'malformed-tag'],
  ])('%j: %s', (tag, reason) => {
    expect(standing(filter, tag)).toBe(reason)
  })
})

describe('nothing follows latest unless digestOf says so', () => {
  it.each<[TagFilter, string]>([
    [{ semver: '*', strict: false }, 'moving-tag'],
    [{ alphabetical: 'asc' }, 'moving-tag'],
    [{ alphabetical: 'asc', match: 'latest' }, 'moving-tag'],
    [{ newestPush: true }, 'moving-tag'],
    [{ newestPush: true, allow: ['latest'] }, 'moving-tag'],
    [{ digestOf: 'latest' }, 'counts'],
    [{ digestOf: 'stable' }, 'another-tag'],
  ])('%j: %s', (filter, expected) => {
    expect(standing(filter, 'latest')).toBe(expected)
  })

  it('leaves names that only begin like it alone', () => {
    expect(standing({ alphabetical: 'asc' }, 'latest-2024')).toBe('counts')
  })
})
