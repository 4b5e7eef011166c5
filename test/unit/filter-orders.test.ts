import { describe, expect, it } from 'vitest'
import type { TagFilter } from '../../src/domain/tag-filter.ts'
import { chooseTag, compileFilter } from '../../src/filter.ts'
import { aFilter, standing } from '../helpers/filter.ts'

function newestFirst(filter: TagFilter, tags: readonly string[]): readonly string[] {
  return chooseTag(aFilter(filter), tags, null).eligible
}

describe('numerical', () => {
  it.each<[string, TagFilter, string[]]>([
    ['asc: the largest is newest', { numerical: 'asc' }, ['100', '20', '3']],
    ['desc: the smallest is newest', { numerical: 'desc' }, ['3', '20', '100']],
    ['decimals', { numerical: 'asc' }, ['10', '1.5', '1.25', '1.049', '1']],
    ['leading zeros do not count', { numerical: 'asc' }, ['0010', '9', '007']],
    ['exact beyond 2^53', { numerical: 'asc' }, ['9007199254740993', '9007199254740992', '9007199254740991']],
    ['exact at 40 digits', { numerical: 'asc' }, [`${'1'.repeat(39)}2`, '1'.repeat(40), '9'.repeat(39)]],
    ['exact at 40 decimals', { numerical: 'asc' }, [`0.${'1'.repeat(39)}2`, `0.${'1'.repeat(40)}`, '0.1']],
    ['one number written twice is ordered by tag', { numerical: 'asc' }, ['1.50', '1.5', '01.5']],
    [
      'below zero',
      { numerical: 'asc', match: 'n(.*)', extract: '$1' },
      ['n2', 'n0.5', 'n0', 'n-0', 'n-0.5', 'n-2', 'n-10'],
    ],
    ['below zero, desc', { numerical: 'desc', match: 'n(.*)', extract: '$1' }, ['n-10', 'n-2.5', 'n-2', 'n2']],
  ])('%s', (_, filter, expected) => {
    expect(newestFirst(filter, expected.toSorted())).toEqual(expected)
  })

  it.each(['1a', 'b', '1.', '1.2.3', '1e5', '12e4567', '0x10', 'Infinity', 'NaN', '1_000'])(
    '%s is no number',
    (tag) => {
      expect(standing({ numerical: 'asc' }, tag)).toBe('not-a-number')
    },
  )

  it('one tag that is no number does not fail the rest', () => {
    expect(chooseTag(aFilter({ numerical: 'asc' }), ['0', '1a', 'b'], null)).toMatchObject({ chosen: '0' })
  })
})

describe('alphabetical', () => {
  it.each<[TagFilter, string[]]>([
    [{ alphabetical: 'asc' }, ['zesty', 'bionic', '_a', 'Zesty', '9', '10']],
    [{ alphabetical: 'desc' }, ['10', '9', 'Zesty', '_a', 'bionic', 'zesty']],
  ])('%j orders by code unit, whatever the language of the machine: %j', (filter, expected) => {
    expect(newestFirst(filter, ['bionic', '10', 'zesty', 'Zesty', '_a', '9'])).toEqual(expected)
  })
})

describe('calver', () => {
  it.each<[string, string[]]>([
    // newest first
    ['YYYY.MM.MICRO', ['2025.1.0', '2024.12.10', '2024.12.9', '2024.9.30', '2023.12.99']],
    ['YYYY.0M.0D', ['2024.10.01', '2024.09.30']],
    ['YY.0M', ['24.04', '23.10', '9.10', '6.06']],
    ['YY.0M[.MICRO]', ['24.04.10', '24.04.2', '24.04.0', '24.04', '23.10.9']],
    ['YYYYMMDD', ['20240115', '20231231']],
    ['YYYYMMDD.MICRO', ['20240115.10', '20240115.9']],
    ['YYYY-MM-DDtMICRO', ['2024-01-15t7', '2024-01-14t8']],
    ['vYYYY.WW', ['v2024.10', 'v2024.9']],
    [
      'YYYY.MM.MICRO[-MODIFIER]',
      ['2024.1.0', '2024.1.0-rc10', '2024.1.0-rc2', '2024.1.0-rc', '2024.1.0-beta3', '2023.1.0'],
    ],
    ['YY.MINOR.MICROMODIFIER', ['24.1.0rc1', '24.1.0b2', '24.1.0b1']],
    ['DD.MM.YYYY', ['01.02.2024', '31.01.2024', '31.12.2023']],
    ['MAJOR.YYYY.MM', ['2.2023.1', '1.2024.12', '1.2024.2']],
    ['YYYY.MM.MICRO', ['2024.1.9007199254740993', '2024.1.9007199254740992']],
    ['YYYY.MM', ['2024.4', '2024.04', '2024.3']],
  ])('%s orders %j', (calver, expected) => {
    expect(newestFirst({ calver }, expected.toSorted())).toEqual(expected)
  })

  it.each([
    ['YYYY.MM.MICRO', '2024.13.0'],
    ['YYYY.MM.MICRO', '2024.0.0'],
    ['YYYY.MM.MICRO', '24.1.0'],
    ['YYYY.MM.MICRO', '2024.1'],
    ['YYYY.MM.MICRO', '2024.1.0-rc1'],
    ['YYYY.MM.MICRO', 'v2024.1.0'],
    ['YYYY.MM.DD', '2024.1.32'],
    ['YYYY.0M', '2024.4'],
    ['YYYYMMDD', '2024115'],
    ['YYYY.WW', '2024.54'],
    ['YYYY.MM', '2024x04'],
  ])('%s does not count %s', (calver, tag) => {
    expect(standing({ calver }, tag)).toBe('not-a-calendar-version')
  })

  it.each([
    'MAJOR.MINOR',
    'YYYY.YY',
    'YYYY.MM.0M',
    'YYYY.PATCH',
    'YYYY.MICR',
    'YYYY[.MM',
    'YYYY].[MM',
    'YYYY.MICROMINOR',
    'YYYY MM',
    'YYYY+MM',
    '.*',
    '(',
    'YYYY.$',
  ])('refuses %j as a format', (calver) => {
    expect(compileFilter({ calver })).toMatchObject({ ok: false, error: { reason: 'bad-calver', at: 'calver' } })
  })
})
