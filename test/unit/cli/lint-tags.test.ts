/** What `drayage lint-tags` makes of tags, before it asks anybody. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sortTags } from '../../../src/cli/lint-tags/convention.ts'
import { findingsOf, isWorthSaying, type Sighting } from '../../../src/cli/lint-tags/findings.ts'
import { propose } from '../../../src/cli/lint-tags/proposal.ts'
import { Digest } from '../../../src/domain/image.ts'
import { compileFilter } from '../../../src/filter.ts'

const digest = (character: string): Digest => Digest.parse(`sha256:${character.repeat(64)}`)

describe('a tag', () => {
  it.each([
    ['1.4.2', 'version', ''],
    ['v1.4.2', 'version', ''],
    ['1.4.2-rc.1', 'version', ''],
    ['1.4.2-beta', 'version', ''],
    ['1.4.2-20240101', 'version', ''],
    ['1.4.2-alpine', 'version-of-variant', 'alpine'],
    ['1.4.2-bookworm-slim', 'version-of-variant', 'bookworm-slim'],
    ['1.4.2-next', 'version', ''],
    ['1.4.2-nextcloud', 'version-of-variant', 'nextcloud'],
    ['1.4', 'short-version', ''],
    ['v2', 'short-version', ''],
    ['2024.01.31', 'calendar', ''],
    ['2024-1-31', 'calendar', ''],
    ['20240131', 'calendar', ''],
    ['2024.1', 'calendar', ''],
    ['20241331', 'number', ''],
    ['417', 'number', ''],
    ['build-417', 'numbered', 'build-'],
    ['pr_12', 'numbered', 'pr_'],
    ['main-1a2b3c4-1700000000', 'commit-and-time', 'main-'],
    ['1a2b3c4-20240131120000', 'commit-and-time', ''],
    ['1a2b3c4', 'commit', ''],
    ['sha-1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d', 'commit', 'sha-'],
    ['latest', 'floating', ''],
    ['Nightly', 'floating', ''],
    ['feature_login', 'none', ''],
    ['1.4.2.3', 'none', ''],
    ['01.2.3', 'none', ''],
  ])('%s is of the convention %s %s', (tag, convention, family) => {
    expect(sortTags([tag])).toEqual([{ tag, convention, family }])
  })

  it('that is about an image is left out: signatures, attestations, the referrers fallback', () => {
    const hex = '4'.repeat(64)
    expect(sortTags([`sha256-${hex}.sig`, `sha256-${hex}.att`, `sha256-${hex}`, '1.0.0'])).toHaveLength(1)
  })

  it('of one number is short for a version where there are versions, and a build where there are none', () => {
    const kinds = (tags: readonly string[]): readonly string[] => sortTags(tags).map(({ convention }) => convention)
    expect(kinds(['1', '2', '2.0.0'])).toEqual(['short-version', 'short-version', 'version'])
    expect(kinds(['1', '2', '101'])).toEqual(['number', 'number', 'number'])
  })
})

describe('the proposed filter', () => {
  it.each([
    [['1.4.2', '2.0.0', 'v2.1.0', '2.2.0-rc.1', 'latest'], { semver: '2.x' }, 'v2.1.0'],
    [['0.1.0', '0.2.0'], { semver: '0.x' }, '0.2.0'],
    [['1.0.0-rc.1', '1.0.0-rc.2'], { semver: '>=0.0.0-0', prerelease: true }, '1.0.0-rc.2'],
    [
      ['1.0.0-alpine', '1.1.0-alpine', '1.1.0'],
      { semver: '1.x', match: '(?P<version>v?[0-9.]+)-alpine', extract: '$version' },
      '1.1.0-alpine',
    ],
    [['2024.01.31', '2024.02.01'], { calver: 'YYYY.0M.0D' }, '2024.02.01'],
    [['20240131', '20240201'], { calver: 'YYYY0M0D' }, '20240201'],
    [
      ['build-9', 'build-10', 'main'],
      { numerical: 'asc', match: 'build-(?P<number>[0-9]+)', extract: '$number' },
      'build-10',
    ],
    [
      ['a.b-9', 'a.b-10'],
      { numerical: 'asc', match: String.raw`a\.b-(?P<number>[0-9]+)`, extract: '$number' },
      'a.b-10',
    ],
    [
      ['main-1a2b3c4-1700000000', 'main-0000000-1700000100'],
      { numerical: 'asc', match: 'main-[0-9a-f]+-(?P<time>[0-9]+)', extract: '$time' },
      'main-0000000-1700000100',
    ],
    [['9', '10'], { numerical: 'asc' }, '10'],
    [['1a2b3c4', '2a2b3c4'], { newestPush: true, match: '[0-9a-f]{7,40}' }, '2a2b3c4'],
    [['latest', 'stable'], { digestOf: 'stable' }, 'stable'],
    [['foo', 'bar'], { newestPush: true }, 'bar'],
  ])('for %j is %j', (tags, filter, chosen) => {
    expect(propose(sortTags(tags))).toMatchObject({ filter, chosen })
  })

  it('is none where there is no tag of an image', () => {
    expect(propose(sortTags([]))).toBeNull()
    expect(propose(sortTags([`sha256-${'4'.repeat(64)}.sig`]))).toBeNull()
  })

  it('counts what it chose, whatever the tags are', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/u), { maxLength: 20 }), (tags) => {
        const proposal = propose(sortTags(tags))
        if (proposal === null) return
        const compiled = compileFilter(proposal.filter)
        expect(compiled.ok && compiled.value.judge(proposal.chosen)).toEqual({ counts: true })
        expect(tags).toContain(proposal.chosen)
      }),
    )
  })
})

describe('the findings', () => {
  const find = (
    tags: readonly string[],
    sightings: readonly Sighting[],
    now: Readonly<Record<string, Digest>> = {},
    stages: readonly string[] = [],
  ) => findingsOf({ tagged: sortTags(tags), sightings, now: new Map(Object.entries(now)), stages })

  it('are a tag that moved, in the order in which it did, and whether that was meant', () => {
    const sightings = [
      { tag: '1.0.0', digest: digest('b'), at: 3 },
      { tag: '1.0.0', digest: digest('a'), at: 1 },
      { tag: '1.0.0', digest: digest('a'), at: 2 },
      { tag: '1.0.0', digest: digest('a'), at: 4 },
      { tag: 'latest', digest: digest('a'), at: 1 },
      { tag: 'latest', digest: digest('b'), at: 2 },
      { tag: '1.1.0', digest: digest('c'), at: 2 },
      { tag: 'gone', digest: digest('c'), at: 2 },
    ]
    const { moved } = find(['1.0.0', '1.1.0', 'latest'], sightings, { '1.0.0': digest('a'), latest: digest('b') })
    expect(moved).toEqual([
      { tag: '1.0.0', convention: 'version', byIntent: false, digests: [digest('a'), digest('b'), digest('a')] },
      { tag: 'latest', convention: 'floating', byIntent: true, digests: [digest('a'), digest('b')] },
    ])
  })

  it.each([
    [{ latest: digest('a'), '1.0.0': digest('b') }, [], { digest: digest('a'), compared: 1, stages: [] }],
    [{ latest: digest('a') }, [], { digest: digest('a'), compared: 0, stages: [] }],
    [{ latest: digest('a'), '1.0.0': digest('a') }, [], null],
    [{ '1.0.0': digest('a') }, [], null],
    [
      { latest: digest('a'), '1.0.0': digest('a') },
      ['shop/prod'],
      { digest: digest('a'), compared: 1, stages: ['shop/prod'] },
    ],
    [{}, ['shop/prod'], { digest: null, compared: 0, stages: ['shop/prod'] }],
  ])('of %j and %j are: known by latest alone, %j', (now, stages, expected) => {
    expect(find(['latest', '1.0.0'], [], now, stages).onlyLatest).toEqual(expected)
  })

  it('are worth saying unless all is as it should be', () => {
    expect(isWorthSaying(find(['1.0.0'], [], { '1.0.0': digest('a') }))).toBe(false)
    expect(isWorthSaying(find(['1.0.0', 'wip_x'], []))).toBe(true)
    expect(isWorthSaying(find(['latest'], [], { latest: digest('a') }))).toBe(true)
    const moved = (tag: string): readonly Sighting[] => ['a', 'b'].map((one, at) => ({ tag, digest: digest(one), at }))
    expect(isWorthSaying(find(['1.0.0'], moved('1.0.0')))).toBe(true)
    expect(isWorthSaying(find(['1.0'], moved('1.0')))).toBe(false)
  })
})
