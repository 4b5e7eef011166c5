/** Every receiver of the catalogue under the contract, each with its sender's side written independently of ours. */

import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { distribution } from '../../src/receivers/distribution.ts'
import { receiverTypes } from '../../src/receivers/index.ts'
import { receive } from '../../src/receivers/receiver.ts'
import type { Sent } from '../helpers/receiver-request.ts'
import { aRequest } from '../helpers/receiver-request.ts'
import { describeParser, describeReceiver, fixturesOf, NOW } from './receiver.contract.ts'
import { receiverSubjects as subjects } from './receiver-subjects.ts'
import { noHttp } from '../helpers/no-http.ts'

const FIXTURES = join(import.meta.dirname, '../fixtures/receivers')

for (const type of receiverTypes.values()) describeParser(type)
for (const subject of subjects) describeReceiver(subject)

it('has every receiver of the catalogue under contract', () => {
  expect(new Set(subjects.map(({ type }) => type.type))).toEqual(new Set(receiverTypes.keys()))
  expect([...receiverTypes]).toEqual([...receiverTypes.values()].map((type) => [type.type, type]))
})

it.each(globSync(`${FIXTURES}/*/*/`).map((folder) => ({ folder: folder.slice(FIXTURES.length + 1) })))(
  'knows where the case $folder comes from',
  ({ folder }) => {
    const request: unknown = JSON.parse(readFileSync(join(FIXTURES, folder, 'request.json'), 'utf8'))
    expect(request).toMatchObject({ source: expect.stringMatching(/^https:\/\/\S+$/u) })
    expect(receiverTypes.has(folder.split('/')[0] ?? '')).toBe(true)
  },
)

it('takes a batch of 500 in order, and at most 1000', async () => {
  const event = (index: number): unknown => ({
    id: `e-${index}`,
    action: 'push',
    target: { repository: 'acme/payments', tag: `b${index}` },
  })
  const batch = (count: number): Sent => ({
    body: JSON.stringify({ events: Array.from({ length: count }, (_, index) => event(index)) }),
  })
  const open = distribution.create({ type: 'distribution', auth: 'none' }, askForNoSecret, noHttp, null)
  const tags = async (count: number): Promise<unknown> => {
    const result = await receive(open, aRequest(batch(count)), { now: NOW })
    return result.ok && result.value.received.outcome === 'events'
      ? result.value.received.events.map(({ tag }) => tag)
      : result
  }
  expect(await tags(500)).toEqual(Array.from({ length: 500 }, (_, index) => `b${index}`))
  expect(await tags(1000)).toHaveLength(1000)
  expect(await tags(1001)).toMatchObject({ ok: false, error: { reason: 'unknown-schema' } })
})

it('lets anybody in where `auth: none` is written out, without assurance', async () => {
  const settings = distribution.Settings.parse({ type: 'distribution', auth: 'none' })
  const open = distribution.create(settings, askForNoSecret, noHttp, null)
  const push = fixturesOf('distribution').find(({ name }) => name === 'push')
  const result = await receive(open, aRequest({ ...push?.sent, body: push?.body ?? '' }), { now: NOW })
  expect(result).toMatchObject({
    ok: true,
    value: { assurance: 'none', secret: null, received: { outcome: 'events' } },
  })
})

/** A receiver without a credential has nothing to ask for. */
function askForNoSecret(): never {
  throw new Error('no secret was configured')
}
