import { describe, expect, it } from 'vitest'
import type { TagFilter } from '../../src/domain/tag-filter.ts'
import { chooseTag, compileFilter } from '../../src/filter.ts'
import { aFilter, standing } from '../helpers/filter.ts'

describe('which tags are versions', () => {
  it.each<[string, string, string]>([
    // tag, strict, not strict
    ['1.4.0', 'counts', 'counts'],
    ['v1.4.0', 'counts', 'counts'],
    ['V1.4.0', 'not-a-version', 'not-a-version'],
    ['vv1.4.0', 'not-a-version', 'not-a-version'],
    ['v', 'not-a-version', 'not-a-version'],
    ['1', 'not-a-full-version', 'counts'],
    ['1.4', 'not-a-full-version', 'counts'],
    ['v1.4', 'not-a-full-version', 'counts'],
    ['1.4.0.1', 'not-a-version', 'not-a-version'],
    ['1.4.', 'not-a-version', 'not-a-version'],
    ['1..4', 'not-a-version', 'not-a-version'],
    ['1.4.0p', 'not-a-version', 'not-a-version'],
    ['1.4.x', 'not-a-version', 'not-a-version'],
    ['2024.01.15', 'not-a-full-version', 'counts'],
    ['1234567', 'not-a-full-version', 'counts'],
    ['3050', 'not-a-full-version', 'counts'],
    ['0a1b2c3', 'not-a-version', 'not-a-version'],
    ['1.4.0_1', 'not-a-version', 'not-a-version'],
    ['1.4.0-', 'not-a-version', 'not-a-version'],
    ['1.4.0-rc..1', 'not-a-version', 'not-a-version'],
    ['1.4.0-01', 'not-a-version', 'not-a-version'],
    ['1.4.0-rc_1', 'not-a-version', 'not-a-version'],
    ['1.4.0-rc.1', 'prerelease', 'prerelease'],
    ['1.4-alpine', 'not-a-full-version', 'prerelease'],
    ['release-1.4.0', 'not-a-version', 'not-a-version'],
  ])('%s: strict %s, else %s', (tag, strict, lenient) => {
    expect(standing({ semver: '*' }, tag)).toBe(strict)
    expect(standing({ semver: '*', strict: true }, tag)).toBe(strict)
    expect(standing({ semver: '*', strict: false }, tag)).toBe(lenient)
  })
})

describe('prereleases', () => {
  it.each<[string, boolean | undefined, string, string]>([
    ['>=1.4 <2', undefined, '1.5.0-rc.1', 'prerelease'],
    ['>=1.4 <2', false, '1.5.0-rc.1', 'prerelease'],
    ['>=1.4 <2', true, '1.5.0-rc.1', 'counts'],
    ['>=1.4 <2', true, '2.0.0-rc.1', 'out-of-range'],
    ['^1.4', true, '2.0.0-rc.1', 'out-of-range'],
    ['>=1.4.0-0 <2', undefined, '1.5.0-rc.1', 'counts'],
    ['>=1.4.0-0 <2', undefined, '2.0.0-rc.1', 'out-of-range'],
    ['>=1.4.0-0 <2', false, '1.5.0-rc.1', 'prerelease'],
    ['>=1.4.0-rc.2', undefined, '1.4.0-rc.1', 'out-of-range'],
    ['>=1.4.0-rc.2', undefined, '1.4.0-rc.10', 'counts'],
    ['1.x || >=3.0.0-0', undefined, '1.5.0-rc.1', 'out-of-range'],
    ['1.x || >=3.0.0-0', undefined, '3.1.0-rc.1', 'counts'],
  ])('%s with prerelease %j: %s %s', (semver, prerelease, tag, expected) => {
    expect(standing(prerelease === undefined ? { semver } : { semver, prerelease }, tag)).toBe(expected)
  })

  it('are ordered as semver.org says', () => {
    const oldestFirst = [
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
    ]
    const { eligible } = chooseTag(aFilter({ semver: '*', prerelease: true }), oldestFirst, null)
    expect(eligible.toReversed()).toEqual(oldestFirst)
  })
})

describe('ranges', () => {
  it.each<[string, string[], string[]]>([
    // range, within, outside
    ['*', ['0.0.0', '99.0.0'], []],
    ['x', ['0.0.0', '99.0.0'], []],
    ['1.0.x', ['1.0.0', '1.0.9'], ['1.1.0', '0.9.0']],
    ['~1.0', ['1.0.9'], ['1.1.0']],
    ['^1.0', ['1.9.0'], ['2.0.0']],
    ['^0.2.3', ['0.2.9'], ['0.3.0', '0.2.2']],
    ['=1.0.0', ['1.0.0', 'v1.0.0'], ['1.0.1']],
    ['^v1.0.0', ['1.2.0'], ['2.0.0']],
    ['1.2 - 2.3', ['1.2.0', '2.3.9'], ['2.4.0']],
    ['1.x || 3.x', ['1.1.0', '3.1.0'], ['2.0.0']],
    ['>0,<2.0', ['1.0.0'], ['2.0.0', '0.9.0']],
    ['>= 1.2, < 3.0.0 || >= 4.2.3', ['1.2.0', '4.2.3'], ['3.0.0', '4.2.2']],
    ['>2 <1', [], ['1.0.0', '1.5.0', '2.0.0', '3.0.0']],
  ])('%s', (semver, within, outside) => {
    expect(within.filter((tag) => standing({ semver }, tag) !== 'counts')).toEqual([])
    expect(outside.filter((tag) => standing({ semver }, tag) !== 'out-of-range')).toEqual([])
  })

  it.each<[string, string[], string[]]>([
    ['*-0', ['0.0.0-a', '1.0.0-rc.1', '1.0.0'], []],
    ['>=1.2-0', ['1.2.0-rc.1', '9.0.0-a'], ['1.1.9']],
    ['~1.2-0', ['1.2.0-a', '1.2.9-a'], ['1.3.0', '1.3.0-a']],
    ['1.2-0', ['1.2.9-a'], ['1.3.0-a']],
    ['^1.2-0', ['1.9.0-a'], ['2.0.0-a']],
    ['^0.2-0', ['0.2.9-a'], ['0.3.0-a']],
    ['1-0', ['1.0.0-a', '1.9.0-a'], ['2.0.0-a', '0.9.0']],
    ['^1.x-0', ['1.9.0-a'], ['2.0.0-a']],
    ['>=1-0, <2-0', ['1.0.0-a', '1.9.0'], ['2.0.0-a', '2.0.0']],
  ])('as Masterminds writes them: %s', (semver, within, outside) => {
    expect(within.filter((tag) => standing({ semver }, tag) !== 'counts')).toEqual([])
    expect(outside.filter((tag) => standing({ semver }, tag) !== 'out-of-range')).toEqual([])
  })

  it.each([
    '',
    ' ',
    '1x',
    'x1',
    '-1',
    'a',
    'latest',
    'invalid',
    '!=1.2',
    '1.x ||',
    '|| 1.x',
    '>',
    '1.2.3.4',
    '9007199254740993.x',
  ])('refuses %j as a range', (semver) => {
    expect(compileFilter({ semver })).toMatchObject({ ok: false, error: { reason: 'bad-range', at: 'semver' } })
  })
})

describe('large numbers', () => {
  it.each<[TagFilter, string, string]>([
    [{ semver: '*' }, '1.0.9007199254740992', '1.0.9007199254740993'],
    [{ semver: '*' }, '1.0.999999999999999', '1.0.1000000000000000'],
    [{ semver: '*' }, '20240101000000000000000.0.1', '20240101000000000000001.0.0'],
    [{ semver: '*', prerelease: true }, '1.0.0-9007199254740992', '1.0.0-9007199254740993'],
    [{ semver: '>=1' }, '1.0.0', '99999999999999999999999999.0.0'],
  ])('%j: %s is older than %s', (filter, older, newer) => {
    expect(aFilter(filter).compare(older, newer)).toBeLessThan(0)
    expect(aFilter(filter).compare(newer, older)).toBeGreaterThan(0)
  })
})
