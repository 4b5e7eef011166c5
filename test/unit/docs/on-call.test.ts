/** docs/on-call.md names every reason that a promotion can wait for or end with, as they stand in the code. */

import { globSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const text = readFileSync('docs/on-call.md', 'utf8')
const documented = new Set(
  [...text.matchAll(/`(?<reason>[A-Za-z][A-Za-z-]*)`/gu)].map(({ groups }) => groups?.['reason']),
)

const CODE = "'(?<code>[a-z]+(?:-[a-z]+)*)'"
/** `reason: 'moved'`, `reason: isLate ? 'expired' : 'gate-failed'`, `reason: 'a' | 'b'`. */
const NAMED = /\breason\b[^'\n,;]{0,60}(?<codes>'[a-z-]+'(?:[ \n]*[:|?][^'\n,;]{0,20}'[a-z-]+')*)/gu
/** The functions that end, delay or give up something take the code as it is. */
const CALLS = /\b(?:withdraw|end|wait|startOver|giveUp|ignore|refuse)\((?<inside>[^;]*?)\)\n/gu
/** Kinds, phases and words beside them. */
const NO_REASON = new Set([
  'withdrawn',
  'failed',
  'noted',
  'ignored',
  'stopped',
  'effect-dead',
  'api',
  'slack',
  'git',
  'newer',
  'promoted',
])

function codesIn(source: string): readonly string[] {
  const parts = [
    ...[...source.matchAll(NAMED)].map(({ groups }) => groups?.['codes'] ?? ''),
    ...[...source.matchAll(CALLS)].map(({ groups }) => groups?.['inside'] ?? ''),
  ]
  return parts.flatMap((part) => [...part.matchAll(new RegExp(CODE, 'gu'))].map(({ groups }) => groups?.['code'] ?? ''))
}

const decided = globSync('src/decide/**/*.ts').flatMap((file) => codesIn(readFileSync(file, 'utf8')))
const union = /DeliveryFailureReason =(?<reasons>[^]*?)export type/u.exec(
  readFileSync('src/delivery/delivery.ts', 'utf8'),
)
const delivered = [...(union?.groups?.['reasons'] ?? '').matchAll(new RegExp(CODE, 'gu'))].map(
  ({ groups }) => groups?.['code'] ?? '',
)

it('finds the reasons in the code', () => {
  expect(decided).toEqual(
    expect.arrayContaining(['older', 'gate-failed', 'merged-late', 'gave-up', 'reverted-by-person']),
  )
  expect(delivered).toEqual(expect.arrayContaining(['moved', 'forbidden']))
})

it('names every reason', () => {
  const reasons = [...new Set([...decided, ...delivered])].filter((reason) => !NO_REASON.has(reason))
  expect(reasons.filter((reason) => !documented.has(reason)).toSorted()).toEqual([])
})
