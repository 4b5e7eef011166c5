/** What broke our peers at the front door and is about no one receiver. The others are in the contract, by their ids too. */

import fc from 'fast-check'
import { globSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { Registry } from '../../../src/domain/image.ts'
import { TagFilter } from '../../../src/domain/tag-filter.ts'
import { chooseTag } from '../../../src/filter.ts'
import { acr } from '../../../src/receivers/acr.ts'
import { dockerhub } from '../../../src/receivers/dockerhub.ts'
import type { Receiver } from '../../../src/receivers/receiver.ts'
import { aScene } from '../../helpers/edge.ts'
import { aFilter } from '../../helpers/filter.ts'
import { noHttp } from '../../helpers/no-http.ts'

const ROOT = new URL('../../..', import.meta.url).pathname
const RUNS = 200
const fixture = (name: string): string => readFileSync(`${ROOT}test/fixtures/receivers/${name}/body.json`, 'utf8')

it('CVE-2026-27112: of a batch, each event is held against the configured registry', async () => {
  const [own] = JSON.parse(fixture('acr/grid-push')) as [{ id: string; topic: string; data: { request: object } }]
  const others = [
    { ...own, id: 'other-topic', topic: own.topic.replace(/acme$/u, 'evil') },
    { ...own, id: 'other-host', data: { ...own.data, request: { host: 'evil.azurecr.io' } } },
    { ...own, id: 'no-topic', topic: '' },
  ]
  const settings = { type: 'acr', eventGrid: own.topic, header: 'x-key', secret: 'env:KEY' }
  const receiver = acr.create(acr.Settings.parse(settings), () => async () => ['right'], noHttp, null)
  const bound = acr.create(
    acr.Settings.parse(settings),
    () => async () => ['right'],
    noHttp,
    Registry.parse('acme.azurecr.io'),
  )
  for (const one of [receiver, bound]) {
    for (const batch of [
      [...others, own],
      [own, ...others],
    ]) {
      const { post, stored } = aScene({ receiver: one })
      const response = await post('/hooks/hub', { body: JSON.stringify(batch), headers: { 'x-key': 'right' } })
      expect(response.status).toBe(202)
      expect(stored.map(({ event }) => event.id)).toEqual([own.id])
    }
    const { post, stored } = aScene({ receiver: one })
    await post('/hooks/hub', { body: JSON.stringify(others), headers: { 'x-key': 'right' } })
    expect(stored).toEqual([])
  }
})

it('CVE-2025-55191: a configuration that changes under requests crashes nothing, and then the old secret is nobody’s', async () => {
  const push = fixture('dockerhub/push')
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.constantFrom('old', 'new'), { minLength: 1, maxLength: 6 }),
      async (scheduler, sent) => {
        const withSecret = (secret: string): Receiver => {
          const read = async () => [await scheduler.schedule(Promise.resolve(secret), `read ${secret}`)] as const
          return dockerhub.create({ type: 'dockerhub', secret: 'env:X' } as never, () => read, noHttp, null)
        }
        let receivers = new Map([['hub', withSecret('old')]])
        const { post } = aScene({ receivers: () => receivers })
        void scheduler
          .schedule(Promise.resolve(), 'reload')
          .then(() => (receivers = new Map([['hub', withSecret('new')]])))
        const answers = sent.map(async (secret) => {
          await scheduler.schedule(Promise.resolve(), `request ${secret}`)
          const response = await post(`/hooks/hub/${secret}`, { body: push })
          return { secret, status: response.status }
        })
        const all = Promise.all(answers)
        await scheduler.waitFor(all)
        for (const { secret, status } of await all) {
          expect([200, 202, 401], secret).toContain(status)
        }
        // Once the change has come, the old secret is nobody's.
        const late = post('/hooks/hub/old', { body: push })
        expect((await scheduler.waitFor(late)).status).toBe(401)
      },
    ),
    { numRuns: RUNS },
  )
})

it("CVE-2024-32476: a person's expression cannot run away, whatever tags come", () => {
  const filter = TagFilter.parse({ alphabetical: 'asc', match: '^(a+)+$' })
  const tags = Array.from({ length: 1_000 }, (_, index) => `${'a'.repeat(120)}${index % 10}-`)
  // Going back and forth, one of these would take longer than the world stands.
  expect(chooseTag(aFilter(filter), [...tags, 'aaa'], null).chosen).toBe('aaa')
})

it('CVE-2022-31034: no secret is made by Math.random, which only spreads retries', () => {
  const calls = globSync(`${ROOT}{src,handlers}/**/*.ts`).flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.includes('Math.random'))
      .map((line) => ({ file: file.slice(ROOT.length), line })),
  )
  // Only ever handed on as the `random` of whoever waits; never called where it stands.
  expect(calls.filter(({ line }) => /Math\.random\(/u.test(line))).toEqual([])
  expect(calls.filter(({ line }) => !/\brandom(?::| =) Math\.random\b/u.test(line))).toEqual([])
  expect(calls.length).toBeGreaterThan(0)
})
