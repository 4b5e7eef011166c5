import { describe, expect, it } from 'vitest'
import { TagFilter } from '../../src/domain/tag-filter.ts'
import { chooseTag, compileFilter } from '../../src/filter.ts'
import { aFilter, standing } from '../helpers/filter.ts'

describe('match, allow and ignore', () => {
  it.each<[string, TagFilter, string, string]>([
    ['match is anchored at the front', { newestPush: true, match: 'main' }, 'xmain', 'no-match'],
    ['match is anchored at the end', { newestPush: true, match: 'main' }, 'mainx', 'no-match'],
    ['match takes the whole', { newestPush: true, match: 'main' }, 'main', 'counts'],
    ['anchors of the user change nothing', { newestPush: true, match: '^main$' }, 'main', 'counts'],
    ['an alternative does not end the anchor', { newestPush: true, match: 'a|ab|b' }, 'ab', 'counts'],
    ['an alternative does not slip past the anchor', { newestPush: true, match: 'a|b' }, 'bx', 'no-match'],
    ['one of allow is enough', { newestPush: true, allow: ['a', 'b'] }, 'b', 'counts'],
    ['allow is anchored', { newestPush: true, allow: ['a'] }, 'ab', 'not-allowed'],
    ['an empty allow allows nothing', { newestPush: true, allow: [] }, 'a', 'not-allowed'],
    ['ignore is anchored', { newestPush: true, ignore: ['a'] }, 'ab', 'counts'],
    ['ignore is stronger than allow', { newestPush: true, allow: ['a'], ignore: ['a'] }, 'a', 'ignored'],
    ['match is asked after both', { newestPush: true, match: 'x', ignore: ['a'] }, 'a', 'ignored'],
    ['what matches must still be of its kind', { semver: '*', match: '.*' }, 'main', 'not-a-version'],
  ])('%s', (_, filter, tag, expected) => {
    expect(standing(filter, tag)).toBe(expected)
  })

  it('takes time in proportion to the tag, whatever the expression', () => {
    const filter = aFilter({ newestPush: true, match: '(?:(?:a+)+)+b' })
    const started = performance.now()
    for (let round = 0; round < 100; round += 1) expect(filter.judge('a'.repeat(128)).counts).toBe(false)
    expect(performance.now() - started).toBeLessThan(2000)
  })
})

describe('extract', () => {
  it.each<[string, TagFilter, string[], string[]]>([
    [
      'orders by a named group',
      { numerical: 'asc', match: '.*-(?<ts>[0-9]+)', extract: '$ts' },
      ['main-9', 'dev-10', 'a-8'],
      ['dev-10', 'main-9', 'a-8'],
    ],
    [
      'knows the other way to write a named group',
      { numerical: 'asc', match: '.*-(?P<ts>[0-9]+)', extract: '${ts}' },
      ['a-9', 'b-10'],
      ['b-10', 'a-9'],
    ],
    ['orders by a numbered group', { numerical: 'desc', match: '(.)(.)', extract: '$2' }, ['a1', 'b2'], ['a1', 'b2']],
    [
      'builds a text of several groups and letters',
      { semver: '*', match: '(?<y>[0-9]+)_(?<m>[0-9]+)', extract: '$y.${m}.0' },
      ['2024_9', '2024_10'],
      ['2024_10', '2024_9'],
    ],
    ['takes the whole as $0', { alphabetical: 'asc', match: '[a-z]', extract: '$0' }, ['a', 'b'], ['b', 'a']],
    [
      'breaks ties by tag, whatever the order of the list',
      { numerical: 'asc', match: '(?<n>[0-9])-.*', extract: '$n' },
      ['1-b', '1-a', '1-c'],
      ['1-c', '1-b', '1-a'],
    ],
    [
      'does not change which pushes count',
      { newestPush: true, match: '(?<n>[0-9])-.*', extract: '$n' },
      ['2-a', '1-b'],
      ['1-b', '2-a'],
    ],
  ])('%s', (_, filter, tags, eligible) => {
    expect(chooseTag(aFilter(filter), tags, null).eligible).toEqual(eligible)
    expect(chooseTag(aFilter(filter), tags, null).rejected).toEqual([])
  })

  it('refuses a tag of which it takes nothing', () => {
    expect(standing({ alphabetical: 'asc', match: 'v(?<n>[0-9])?', extract: '$n' }, 'v')).toBe('nothing-extracted')
  })
})

describe('a filter that cannot work is refused before any tag', () => {
  it.each<[TagFilter, string, string]>([
    [{ newestPush: true, match: '(' }, 'bad-pattern', 'match'],
    [{ newestPush: true, match: 'a)|(b' }, 'bad-pattern', 'match'],
    [{ newestPush: true, match: '(?<=a)b' }, 'bad-pattern', 'match'],
    [{ newestPush: true, match: String.raw`(a)\1` }, 'bad-pattern', 'match'],
    [{ newestPush: true, match: '((a{100}){100}){100}' }, 'bad-pattern', 'match'],
    [{ newestPush: true, allow: ['a', '['] }, 'bad-pattern', 'allow[1]'],
    [{ newestPush: true, ignore: ['*'] }, 'bad-pattern', 'ignore[0]'],
    [{ numerical: 'asc', extract: '$1' }, 'bad-extract', 'extract'],
    [{ numerical: 'asc', match: '(a)', extract: '$2' }, 'bad-extract', 'extract'],
    [{ numerical: 'asc', match: '(?<a>a)', extract: '$b' }, 'bad-extract', 'extract'],
    [{ numerical: 'asc', match: '(?<a>a)', extract: '$ab' }, 'bad-extract', 'extract'],
    [{ numerical: 'asc', match: '(a)', extract: '$' }, 'bad-extract', 'extract'],
    [{ numerical: 'asc', match: '(a)', extract: '${}' }, 'bad-extract', 'extract'],
    [{ numerical: 'asc', match: '(a)', extract: '$constructor' }, 'bad-extract', 'extract'],
    [{ digestOf: 'stable', ignore: ['s.*'] }, 'never-counts', 'digestOf'],
    [{ digestOf: 'not a tag' }, 'never-counts', 'digestOf'],
    [{ digestOf: `sha256-${'a'.repeat(64)}.sig` }, 'never-counts', 'digestOf'],
  ])('%j: %s', (filter, reason, at) => {
    expect(compileFilter(filter)).toMatchObject({ ok: false, error: { reason, at } })
  })
})

describe('a filter of no kind says what it could have been', () => {
  it.each<[unknown, RegExp]>([
    [{ semvr: '1.x' }, /did you mean semver/u],
    [{}, /expected one of semver/u],
    [null, /expected one of semver/u],
    [['semver'], /expected one of semver/u],
    [{ semver: '1.x', numerical: 'asc' }, /semver and numerical/u],
    [{ semver: 1 }, /^semver: /u],
    [{ numerical: 'up' }, /^numerical: /u],
    [{ semver: '' }, /^Too small|^semver: /u],
    [{ semver: '1.x', mtch: 'a' }, /mtch/u],
    [{ semver: '1.x', match: 'a'.repeat(513) }, /./u],
  ])('%j', (filter, message) => {
    const parsed = TagFilter.safeParse(filter)
    expect(parsed.success).toBe(false)
    expect(parsed.error?.issues.map((issue) => issue.message).join('; ')).toMatch(message)
  })
})
