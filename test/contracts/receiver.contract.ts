/** What every receiver must do, whatever its registry: run over each line of the catalogue by `receivers.test.ts`. */

import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import * as z from 'zod'
import type { Http } from '../../src/clients/http.ts'
import { RegistryEvent, type Assurance } from '../../src/domain/event.ts'
import type { Secret } from '../../src/domain/secret.ts'
import { outcomeOf } from '../../src/receivers/outcome.ts'
import {
  receive,
  type Authenticated,
  type Parse,
  type Received,
  type Receiver,
  type ReceiverType,
  type SecretOf,
} from '../../src/receivers/receiver.ts'
import {
  deleteEachKey,
  emptyEachArray,
  HOSTILE,
  lengthenEachString,
  replaceEachNode,
  replaceNodes,
  tangleAllStrings,
} from '../helpers/json-mutations.ts'
import { aRequest, type Sent } from '../helpers/receiver-request.ts'
import { noHttp } from '../helpers/no-http.ts'

/** A key as both sides know it: what stands in our configuration, and how the sender proves that it has it. */
export type Key = {
  readonly configured: string
  /** Everything that must never be seen again, in each of its spellings. */
  readonly canaries: readonly string[]
  prove(body: Uint8Array, now: number): Promise<Sent>
}

export type ReceiverSubject = {
  readonly name: string
  readonly type: ReceiverType
  /** With the secret as `env:CURRENT`, or `[env:CURRENT, env:PREVIOUS]`. */
  settings(secret: string | readonly [string, string]): unknown
  readonly assurance: Assurance
  readonly current: Key
  readonly previous: Key
  /** A well-formed key that we do not know. */
  readonly stranger: Key
  /** Values that each must be refused where the proof stands. */
  readonly garbage: readonly Sent[]
  /** Set where a proof ages: how long it lives. */
  readonly replayWindowMs?: number
  /** Where the sender's side holds the keys and we fetch them: what it answers while these are in force. */
  readonly issuer?: (keys: readonly string[] | Error) => Http
  /** Settings beside `settings` that leave out, or empty, what makes the proof one. */
  readonly incomplete?: readonly unknown[]
  /** The fixture that its sender sends, where it is not `push`. */
  readonly good?: string
  /** Which of its type's fixtures come to such a receiver, where not all do. */
  readonly accepts?: (fixture: string) => boolean
}

export const NOW = 1_773_063_866_402
/** Inputs of each parser; `FUZZ_RUNS=100000` now and then. */
const FUZZ_RUNS = Number(process.env['FUZZ_RUNS'] ?? 10_000)
/** What is nearest to a real body finds most. */
const SHARES = { bytes: 0.1, json: 0.3, damaged: 0.6 } as const
const MADE_UP_PROOFS = 1000
/** Linear work on half a megabyte takes some milliseconds; what is quadratic in 20,000 characters takes seconds. */
const TANGLED_MS_MAX = 1_000
/** 100,000 of them on a busy machine. */
const FUZZ_TIMEOUT_MS = 300_000
const FIXTURES = join(import.meta.dirname, '../fixtures/receivers')

const FixtureRequest = z.strictObject({
  source: z.url({ protocol: /^https$/u }),
  note: z.string().optional(),
  headers: z.record(z.string(), z.string()),
})

export type Fixture = { readonly name: string; readonly sent: Sent; readonly body: Buffer; readonly expected: unknown }

/** The recorded and written cases of one receiver. */
export function fixturesOf(type: string): readonly Fixture[] {
  return globSync(join(FIXTURES, type, '*/request.json'))
    .toSorted()
    .map((file) => {
      const folder = dirname(file)
      const { headers } = FixtureRequest.parse(JSON.parse(readFileSync(file, 'utf8')))
      const expected: unknown = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8'))
      return { name: basename(folder), sent: { headers }, body: readFileSync(join(folder, 'body.json')), expected }
    })
}

/** For a type of receiver: its fixtures, and that no body can surprise it. */
export function describeParser(type: ReceiverType): void {
  const fixtures = fixturesOf(type.type)
  const bodies = fixtures.flatMap(({ name, body }) =>
    isJson(body) ? [{ name, json: JSON.parse(body.toString()) as unknown }] : [],
  )

  describe(`the ${type.type} parser`, () => {
    it('has at least one case of events, one of ignored and one of refused', () => {
      const outcomes = fixtures.map(({ expected }) => (expected as { outcome: string }).outcome)
      expect(new Set(outcomes)).toEqual(new Set([...outcomes, 'events', 'ignored', 'refused']))
    })

    it.each(fixtures)('reads $name as expected', ({ sent, body, expected }) => {
      const result = type.parse(aRequest({ ...sent, body }), { now: NOW })
      expect(outcomeOf(result)).toEqual({ ...(expected as object) })
    })

    it.each(bodies)('CVE-2025-59531: survives a hostile value at each node of $name', ({ json }) => {
      for (const { name, text } of replaceEachNode(json)) expectTotal(type.parse, text, name)
    })

    it.each(bodies)('CVE-2025-59537: survives each missing key of $name', ({ json }) => {
      for (const { name, text } of deleteEachKey(json)) expectTotal(type.parse, text, name)
    })

    it.each(bodies)('CVE-2025-59538: survives each emptied array of $name', ({ json }) => {
      for (const { name, text } of emptyEachArray(json)) expectTotal(type.parse, text, name)
    })

    it.each(bodies)('CVE-2026-42183, CVE-2026-33022: survives long strings everywhere in $name', ({ json }) => {
      for (const { name, text } of lengthenEachString(json)) expectTotal(type.parse, text, name)
    })

    it.each(bodies)(
      'CVE-2025-25285, CVE-2025-25288: no string in $name makes an expression go back and forth',
      ({ json }) => {
        for (const { name, text } of tangleAllStrings(json, 20_000)) {
          const begun = performance.now()
          expectTotal(type.parse, text, name)
          expect(performance.now() - begun, name).toBeLessThan(TANGLED_MS_MAX)
        }
      },
    )

    it('takes the last of two equal keys, and no key of the prototype', () => {
      const doubled = `{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"events":[],"events":1,"type":"a","type":2}`
      expectTotal(type.parse, doubled, 'doubled keys')
    })

    it('refuses what is no JSON, no UTF-8, too deep, or no object', () => {
      const texts = ['', '{', '\u0000', 'null', '[]', '"x"', '1e400', '['.repeat(100_000), '{"a":'.repeat(100_000)]
      for (const body of [...texts, Uint8Array.of(0xff, 0xfe, 0x7b, 0x7d)]) {
        expect(type.parse(aRequest({ body }), { now: NOW })).toMatchObject({
          ok: false,
          error: { reason: expect.stringMatching(/^(?:not-json|unknown-schema)$/u) },
        })
      }
    })

    it(`takes any bytes, any JSON and any damage to a real body (${FUZZ_RUNS})`, { timeout: FUZZ_TIMEOUT_MS }, () => {
      const headers = fc.dictionary(fc.constantFrom('content-type', 'webhook-id'), fc.array(fc.string()))
      const runs = (share: number): { numRuns: number } => ({ numRuns: Math.ceil(FUZZ_RUNS * share) })
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 512 }), headers, (body, said) =>
          expectTotal(type.parse, body, 'bytes', said),
        ),
        runs(SHARES.bytes),
      )
      fc.assert(
        fc.property(fc.json({ maxDepth: 6 }), (body) => expectTotal(type.parse, body, 'json')),
        runs(SHARES.json),
      )
      fc.assert(
        fc.property(damaged(bodies.map(({ json }) => json)), (body) => expectTotal(type.parse, body, 'damaged')),
        runs(SHARES.damaged),
      )
    })
  })
}

/** For a receiver with a credential: who gets in, and that nobody else does. */
export function describeReceiver(subject: ReceiverSubject): void {
  const { type, current, previous, stranger, replayWindowMs: window = 0 } = subject
  const good = fixturesOf(type.type).find(({ name }) => name === (subject.good ?? 'push'))
  /** Which of our secrets matched: none is ours where an issuer has the keys. */
  const matched = (secret: number): number | null => (subject.issuer === undefined ? secret : null)
  const sentWith = async (key: Key, body = good?.body ?? Buffer.of(), now = NOW): Promise<Sent> =>
    merge(good?.sent ?? {}, body, await key.prove(body, now))
  const answer = (sent: Sent, receiver = receiverOf(subject), now = NOW): ReturnType<typeof receive> =>
    receive(receiver, aRequest(sent), { now })

  describe(`a ${subject.name} receiver`, () => {
    it('accepts its sender and says how it was proven', async () => {
      expect(await answer(await sentWith(current))).toMatchObject({
        ok: true,
        value: {
          assurance: subject.assurance,
          secret: matched(0),
          received: { outcome: 'events' },
        } satisfies Authenticated & { received: Partial<Received> },
      })
    })

    it('accepts the previous secret while it is being rotated, and says so', async () => {
      const receiver = receiverOf(subject, [current.configured, previous.configured])
      expect(await answer(await sentWith(previous), receiver)).toMatchObject({
        ok: true,
        value: { secret: matched(1) },
      })
      expect(await answer(await sentWith(current), receiver)).toMatchObject({ ok: true, value: { secret: matched(0) } })
      expect(await answer(await sentWith(stranger), receiver)).toMatchObject({ ok: false })
    })

    it('refuses the previous secret once it is taken out', async () => {
      expect(await answer(await sentWith(previous))).toMatchObject({ ok: false, error: { reason: 'wrong-credential' } })
    })

    it('CVE-2022-24912, CVE-2023-20902: refuses a wrong secret, compared by WebCrypto alone', async () => {
      const verify = vi.spyOn(crypto.subtle, 'verify')
      expect(await answer(await sentWith(stranger))).toMatchObject({ ok: false, error: { reason: 'wrong-credential' } })
      expect(verify).toHaveBeenCalled()
    })

    it('refuses a missing secret', async () => {
      const sent = { ...good?.sent, body: good?.body ?? '' }
      expect(await answer(sent)).toMatchObject({ ok: false, error: { reason: 'missing-credential' } })
    })

    it('refuses a credential that came twice, even the same one', async () => {
      const sent = await sentWith(current)
      for (const twice of duplicates(await current.prove(good?.body ?? Buffer.of(), NOW))) {
        expect(await answer(merge(sent, good?.body ?? Buffer.of(), twice))).toMatchObject({
          ok: false,
          error: { reason: 'duplicate-credential' },
        })
      }
    })

    it('CVE-2023-50728, CVE-2026-28229: refuses garbage where the proof stands', async () => {
      const own = await sentWith(current)
      for (const garbage of subject.garbage) {
        expect(await answer(merge(own, good?.body ?? Buffer.of(), garbage)), JSON.stringify(garbage)).toMatchObject({
          ok: false,
        })
      }
    })

    it('CVE-2026-23990: lets nobody in where the configured secret is empty or cannot be read', async () => {
      const empty = receiverOf(subject, [''])
      for (const sent of [await sentWith(current), ...subject.garbage]) {
        expect(await answer({ ...good?.sent, body: good?.body ?? '', ...sent }, empty)).toMatchObject({ ok: false })
      }
      const unreadable = receiverOf(subject, new Error('nothing there'))
      const what = subject.issuer === undefined ? 'nothing there' : /nothing there|cannot be had/u
      await expect(answer(await sentWith(current), unreadable)).rejects.toThrow(what)
    })

    it('CVE-2022-29165: has no configuration without a credential, but for `auth: none` written out', () => {
      const { Settings } = type
      expect(Settings.safeParse(subject.settings('env:CURRENT')).success).toBe(true)
      expect(Settings.safeParse(subject.settings(['env:CURRENT', 'env:PREVIOUS'])).success).toBe(true)
      for (const none of [{}, { auth: 'optional' }, { auth: true }, { auth: '' }]) {
        expect(Settings.safeParse({ type: type.type, ...none }).success).toBe(false)
      }
      const secrets = subject.issuer === undefined ? ['', 'the-secret-itself', 'env:', null] : []
      for (const wrong of [
        ...secrets.map((secret) => subject.settings(secret as string)),
        ...(subject.incomplete ?? []),
      ]) {
        expect(Settings.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false)
      }
    })

    it('CVE-2023-40034, CVE-2026-42294: reads nothing of a body before its sender is proven', async () => {
      const parse = vi.fn<Parse>()
      const receiver = { ...receiverOf(subject), parse }
      const refused = [{ ...good?.sent, body: good?.body ?? '' }, await sentWith(stranger)]
      for (const sent of refused) expect(await answer(sent, receiver)).toMatchObject({ ok: false })
      for (const { body } of fixturesOf(type.type)) await answer(await sentWith(stranger, body), receiver)
      expect(parse).not.toHaveBeenCalled()
    })

    it('answers for a broken body only after its sender is proven', async () => {
      expect(await answer(await sentWith(current, Buffer.from('{')))).toMatchObject({
        ok: false,
        error: { reason: 'not-json' },
      })
      expect(await answer(await sentWith(stranger, Buffer.from('{')))).toMatchObject({
        ok: false,
        error: { reason: 'wrong-credential' },
      })
    })

    it('GHSA-6w87-g839-9wv7, CVE-2025-23216: repeats no secret in any answer or error', async () => {
      const receiver = receiverOf(subject, [current.configured, previous.configured])
      const answers: unknown[] = []
      for (const key of [current, previous, stranger]) {
        for (const body of ['{', '[]', ...HOSTILE, ...fixturesOf(type.type).map((fixture) => fixture.body)]) {
          const sent = await sentWith(key, Buffer.from(body))
          answers.push(
            await answer(sent, receiver),
            ...(await Promise.all(
              duplicates(sent).map((twice) => answer(merge(sent, Buffer.from(body), twice), receiver)),
            )),
          )
        }
      }
      for (const wrong of ['CANARY-malformed', 'whpk_CANARY', 'whsec_CANARY']) {
        answers.push(
          await answer(await sentWith(current), receiverOf(subject, [wrong])).catch((error: unknown) => String(error)),
        )
      }
      const said = JSON.stringify(answers)
      for (const canary of [current, previous, stranger].flatMap(({ canaries }) => canaries))
        expect(said).not.toContain(canary)
      expect(said).not.toContain('CANARY')
    })

    if (window > 0) {
      it('refuses a proof that is older or newer than its window', async () => {
        const sent = await sentWith(current, undefined, Math.floor(NOW / 1000) * 1000)
        const base = Math.floor(NOW / 1000) * 1000
        for (const shift of [0, window, -window]) {
          expect(await answer(sent, undefined, base + shift), String(shift)).toMatchObject({ ok: true })
        }
        for (const shift of [window + 1, -window - 1, 10 * window]) {
          expect(await answer(sent, undefined, base + shift)).toMatchObject({
            ok: false,
            error: { reason: 'stale-timestamp' },
          })
        }
      })
    }

    it(`lets no made-up proof in (${MADE_UP_PROOFS})`, async () => {
      const proof = await current.prove(good?.body ?? Buffer.of(), NOW)
      const receiver = receiverOf(subject)
      const invented = fc.record({
        headers: fc.record(
          Object.fromEntries(
            Object.keys(proof.headers ?? {}).map((name) => [name, fc.array(fc.string(), { maxLength: 2 })]),
          ),
        ),
        pathSecret: fc.option(fc.string()),
        query: fc.string().map((secret) => new URLSearchParams({ secret }).toString()),
      })
      await fc.assert(
        fc.asyncProperty(invented, async (made) => {
          expect(await answer({ ...made, body: good?.body ?? '' }, receiver)).toMatchObject({ ok: false })
        }),
        { numRuns: MADE_UP_PROOFS },
      )
    })
  })
}

/** A receiver of this subject with these values in force. */
export function receiverOf(
  subject: ReceiverSubject,
  secrets: readonly string[] | Error = [subject.current.configured],
  /** Who looks on while it asks. */
  watched: (http: Http) => Http = (http) => http,
): Receiver {
  const secret: Secret = async () => {
    if (secrets instanceof Error) throw secrets
    return secrets as readonly [string, ...string[]]
  }
  const secretOf: SecretOf = () => secret
  const http = watched(subject.issuer?.(secrets) ?? noHttp)
  return subject.type.create(subject.type.Settings.parse(subject.settings('env:CURRENT')), secretOf, http, null)
}

/** Any body gives a value, which can be kept, shown and read again. */
function expectTotal(
  parse: Parse,
  body: string | Uint8Array,
  name: string,
  headers: Readonly<Record<string, readonly string[]>> = {},
): void {
  const result = parse(aRequest({ body, headers }), { now: NOW })
  const kept = JSON.stringify(result)
  expect(kept.length, name).toBeGreaterThan(0)
  expect(Object.hasOwn(Object.prototype, 'polluted'), name).toBe(false)
  if (!result.ok || result.value.outcome !== 'events') return
  expect(result.value.events.length, name).toBeGreaterThan(0)
  for (const event of result.value.events)
    expect(RegistryEvent.parse(JSON.parse(JSON.stringify(event))), name).toEqual(event)
}

function isJson(body: Buffer): boolean {
  try {
    JSON.parse(body.toString())
    return true
  } catch {
    return false
  }
}

/** A real body with up to three places replaced by anything. */
function damaged(bodies: readonly unknown[]): fc.Arbitrary<string> {
  const value = fc.oneof(fc.json({ maxDepth: 2 }), fc.constantFrom(...HOSTILE))
  return fc
    .tuple(fc.constantFrom(...bodies), fc.array(fc.tuple(fc.nat(), value), { minLength: 1, maxLength: 3 }))
    .map(([body, changes]) => replaceNodes(body, changes))
}

/** Each part of a proof, twice. */
export function duplicates(proof: Sent): readonly Sent[] {
  const headers = Object.entries(proof.headers ?? {}).filter(([name]) => name !== 'content-type')
  const query = new URLSearchParams(proof.query ?? '')
  return [
    ...headers.map(([name, value]) => ({ headers: { [name]: [value, value].flat() } })),
    ...(typeof proof.pathSecret !== 'string'
      ? []
      : [{ query: new URLSearchParams({ secret: proof.pathSecret }).toString() }]),
    ...[...query].map(([name, value]) => ({
      query: new URLSearchParams([
        [name, value],
        [name, value],
      ]).toString(),
    })),
  ]
}

/** A proof may enclose the body. */
export function merge(sent: Sent, body: Uint8Array, more: Sent): Sent {
  return { ...sent, ...more, body: more.body ?? body, headers: { ...sent.headers, ...more.headers } }
}
