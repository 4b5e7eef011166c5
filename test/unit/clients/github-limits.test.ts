/** GitHub's ways to say "slow down", read from its answers. */

import { expect, it } from 'vitest'
import { holdOf } from '../../../src/clients/github-limits.ts'

const NOW = Date.UTC(2026, 0, 1)
const seconds = (after: number): string => `${NOW / 1000 + after}`
const refusal = { status: 403, type: null, message: '', headers: {} }

it.each([
  ['a wait in seconds', { headers: { 'retry-after': '30' } }, 30_000],
  [
    'a reset, where nothing remains',
    { headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': seconds(90) } },
    90_000,
  ],
  ['a reset that has passed', { headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': seconds(-5) } }, 1_000],
  [
    'a reset in a far future',
    { headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '99999999999' } },
    65 * 60_000,
  ],
  ['words only', { message: 'You have exceeded a secondary rate limit' }, 60_000],
  ['words of GraphQL', { status: 200, type: 'RATE_LIMITED' }, 60_000],
  ['too many requests', { status: 429 }, 60_000],
  ['a wait that is no number', { status: 429, headers: { 'retry-after': 'soon' } }, 60_000],
])('waits for %s', (_title, answer, expected) => {
  expect(holdOf({ ...refusal, ...answer }, NOW)).toBe(expected)
})

it.each([
  ['a right that is missing', { message: 'Resource not accessible by integration' }],
  ['a limit that is not reached', { headers: { 'x-ratelimit-remaining': '1', 'x-ratelimit-reset': seconds(90) } }],
  ['a file that is not there', { status: 404, message: 'Not Found', headers: { 'retry-after': '30' } }],
])('does not wait for %s', (_title, answer) => {
  expect(holdOf({ ...refusal, ...answer }, NOW)).toBeNull()
})
