/** The newest of 100,000 tags against `semver.rsort` over the versions among them: the same answer, and in which part of its time. */

import semver from 'semver'
import { chooseTag, newestTag } from '../../src/filter.ts'
import { aFilter } from '../helpers/filter.ts'
import type { BenchRow } from './row.ts'

const TAGS = 100_000
const ROUNDS = 7

export function bench(): Promise<readonly BenchRow[]> {
  const tags = mixedTags(TAGS)
  // rsort throws at the first tag that is no version: it gets the others sorted out, free of charge.
  const versions = tags.filter((tag) => semver.valid(tag) !== null)
  const filter = aFilter({ semver: '*', prerelease: true })
  const sorting: number[] = []
  const finding: number[] = []
  const listing: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const sorted = timed(sorting, () => semver.rsort([...versions]))
    const newest = timed(finding, () => newestTag(filter, tags))
    const { eligible } = timed(listing, () => chooseTag(filter, tags, null))
    assertSameAnswers(sorted, newest, eligible)
  }
  const [rsort, find, list] = [median(sorting), median(finding), median(listing)]
  const baseline = `semver.rsort ${rsort.toFixed(0)} ms, ${versions.length} versions of ${TAGS} tags`
  return Promise.resolve([
    {
      name: 'filter: newest tag / semver.rsort',
      ratio: find / rsort,
      aim: '≤ 0.05',
      detail: `${find.toFixed(1)} ms; ${baseline}`,
    },
    {
      name: 'filter: whole list judged / semver.rsort',
      ratio: list / rsort,
      aim: '',
      detail: `${list.toFixed(0)} ms; ${baseline}`,
    },
  ])
}

function timed<T>(times: number[], work: () => T): T {
  const started = performance.now()
  const value = work()
  times.push(performance.now() - started)
  return value
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1] ?? NaN
}

/** Equal as versions: `v1.0.0` and `1.0.0` are one to semver, and two tags. */
function assertSameAnswers(sorted: readonly string[], newest: string | null, eligible: readonly string[]): void {
  const isSame =
    sorted.length === eligible.length && sorted.every((tag, index) => semver.eq(tag, eligible[index] ?? ''))
  if (!isSame || newest !== eligible[0]) throw new Error('the filter and semver.rsort disagree')
}

/** Each once, as in a registry: seven in ten are versions, the rest prereleases, branches, commits, dates and signatures. */
function mixedTags(count: number): readonly string[] {
  const next = randomNumbers(2463534242)
  const tags = new Set<string>()
  while (tags.size < count) tags.add(mixedTag(next))
  return [...tags]
}

function mixedTag(next: (below: number) => number): string {
  const version = `${next(2) === 0 ? 'v' : ''}${next(40)}.${next(100)}.${next(500)}`
  const hex = next(0xffffffff).toString(16).padStart(8, '0')
  switch (next(12)) {
    case 0:
    case 1:
      return `${version}-rc.${next(30)}`
    case 2:
      return `pr-${next(100_000)}`
    case 3:
      return `${hex}-${next(0xffffffff)}`
    case 4:
      return `sha256-${hex.repeat(8)}.sig`
    default:
      return version
  }
}

/** Marsaglia's xorshift: the same list in every run. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}
