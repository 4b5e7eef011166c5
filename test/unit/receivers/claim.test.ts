import { expect, it } from 'vitest'
import { EVENT_ID_LENGTH_MAX, RegistryEvent } from '../../../src/domain/event.ts'
import {
  ClaimedDigest,
  ClaimedHost,
  ClaimedSeconds,
  ClaimedText,
  ClaimedTime,
  derivedId,
} from '../../../src/receivers/claim.ts'

it.each([
  ['2026-03-09T13:44:26Z', 1_773_063_866_000],
  ['2026-03-09T14:44:26.402973972+01:00', 1_773_063_866_402],
  ['1970-01-01T00:00:00Z', 0],
  ['1969-12-31T23:59:59Z', null],
  ['+275760-09-13T00:00:00Z', null],
  ['2026-03-09', null],
  ['yesterday', null],
  ['2026-13-45T99:99:99Z', null],
  [`2026-03-09T13:44:26.${'0'.repeat(100)}Z`, null],
  [1_773_063_866, null],
  [undefined, null],
])('reads the time %j as %j', (claimed, expected) => {
  expect(ClaimedTime.parse(claimed)).toBe(expected)
})

it.each([
  [1_773_063_866, 1_773_063_866_000],
  [1.417566161e9, 1_417_566_161_000],
  [0.0015, 1],
  [-0, 0],
  [-1, null],
  [1e20, null],
  [Infinity, null],
  [Number.NaN, null],
  ['1773063866', null],
  [null, null],
])('reads the seconds %j as %j', (claimed, expected) => {
  expect(ClaimedSeconds.parse(claimed)).toBe(expected)
})

it.each([
  [`sha256:${'a'.repeat(64)}`, `sha256:${'a'.repeat(64)}`],
  [`sha512:${'a'.repeat(128)}`, `sha512:${'a'.repeat(128)}`],
  [`sha256:${'a'.repeat(60)}`, null],
  [`sha256:${'A'.repeat(64)}`, null],
  [`sha256:${'a'.repeat(64)}\n`, null],
  ['sha256:...', null],
  [{}, null],
])('reads the digest %j as %j', (claimed, expected) => {
  expect(ClaimedDigest.parse(claimed)).toBe(expected)
})

it.each([
  ['Registry.Example.com:5000', 'registry.example.com:5000'],
  ['registry.example.com:443', 'registry.example.com'],
  ['', null],
  ['https://registry.example.com', null],
  ['a'.repeat(300), null],
])('reads the host %j as %j', (claimed, expected) => {
  expect(ClaimedHost.parse(claimed)).toBe(expected)
})

it('reads a text up to its limit', () => {
  expect(ClaimedText.parse('a'.repeat(256))).toHaveLength(256)
  expect(ClaimedText.parse('a'.repeat(257))).toBeNull()
  expect(ClaimedText.parse('')).toBeNull()
})

const event = (over: object): Omit<RegistryEvent, 'id'> =>
  RegistryEvent.omit({ id: true }).parse({
    kind: 'push',
    registry: null,
    repository: 'acme/payments',
    tag: '1.4.2',
    digest: null,
    mediaType: null,
    subject: null,
    pusher: null,
    occurredAt: null,
    ...over,
  })

it('names the same news the same, and A → B → A as three', () => {
  const [a, b] = [`sha256:${'a'.repeat(64)}`, `sha256:${'b'.repeat(64)}`]
  const pushed = [a, b, a].map((digest, index) => derivedId(event({ digest, occurredAt: 1000 * index }), 0))
  expect(new Set(pushed).size).toBe(3)
  expect(derivedId(event({ occurredAt: 1000 }), 0)).toBe(derivedId(event({ occurredAt: 1000 }), 999_999))
})

it('names news without a time by the minute of arrival', () => {
  expect(derivedId(event({}), 60_000)).toBe(derivedId(event({}), 119_999))
  expect(derivedId(event({}), 60_000)).not.toBe(derivedId(event({}), 120_000))
})

it('fits the longest names into an id', () => {
  const longest = event({
    kind: 'attestation',
    repository: 'a'.repeat(255),
    tag: 'b'.repeat(128),
    digest: `sha512:${'c'.repeat(128)}`,
    occurredAt: 253_402_300_799_000,
  })
  expect(derivedId(longest, 0).length).toBeLessThanOrEqual(EVENT_ID_LENGTH_MAX)
})
