/** Events that came by a queue: for the registry that they are about, where its configuration wants them so. */

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { RegistryEvent } from '../../../src/domain/event.ts'
import { readQueued } from '../../../src/receivers/queued.ts'
import { Registry } from '../../../src/domain/image.ts'
import { NOW } from '../../helpers/build.ts'
import { deleteEachKey, HOSTILE, replaceEachNode, replaceNodes } from '../../helpers/json-mutations.ts'

const HOST = Registry.parse('123456789012.dkr.ecr.eu-west-1.amazonaws.com')
const OTHER = Registry.parse('210987654321.dkr.ecr.eu-west-1.amazonaws.com')
/** `FUZZ_RUNS=100000` now and then. */
const FUZZ_RUNS = Number(process.env['FUZZ_RUNS'] ?? 10_000)
const digest = `sha256:${'ab'.repeat(32)}`

const pushed = (more: object = {}) =>
  JSON.stringify({
    version: '0',
    id: '13cde686-328b-6117-af20-0e5566167482',
    'detail-type': 'ECR Image Action',
    source: 'aws.ecr',
    account: '123456789012',
    time: '2026-01-01T00:00:00Z',
    region: 'eu-west-1',
    resources: [],
    detail: {
      result: 'SUCCESS',
      'repository-name': 'acme/payments',
      'image-digest': digest,
      'action-type': 'PUSH',
      'image-tag': '1.5.0',
    },
    ...more,
  })
const byQueue = (host = HOST) => ({ host, events: { type: 'ecr', iam: true } })

it('is accepted for the registry of its account and region, with the sender as proof', () => {
  expect(readQueued(pushed(), { other: byQueue(OTHER), ecr: byQueue() }, NOW)).toMatchObject({
    ok: true,
    value: [
      {
        id: 'ecr/13cde686-328b-6117-af20-0e5566167482',
        source: 'ecr',
        assurance: 'authenticated-sender',
        receivedAt: NOW,
        event: { kind: 'push', repository: 'acme/payments', tag: '1.5.0', digest },
      },
    ],
  })
})

it.each([
  ['nothing is configured for queues', pushed(), { ecr: { host: HOST, events: { type: 'ecr', apiKey: 'env:KEY' } } }],
  ['the registry has no events', pushed(), { ecr: { host: HOST } }],
  ['it is about another account', pushed({ account: '111111111111' }), { ecr: byQueue() }],
  ['it is about another region', pushed({ region: 'us-east-1' }), { ecr: byQueue() }],
  [
    'it is no push',
    pushed({ detail: { result: 'SUCCESS', 'repository-name': 'a', 'action-type': 'DELETE', 'image-tag': 'x' } }),
    {},
  ],
])('is ignored where %s', (_, body, registries) => {
  expect(readQueued(body, registries, NOW)).toMatchObject({ ok: false, error: { reason: 'ignored' } })
})

it.each([
  ['no JSON', 'not json', 'not-json'],
  ['another envelope', '{}', 'unknown-schema'],
  ['a source that customers can send as', pushed({ source: 'acme.ecr' }), 'unknown-schema'],
  ['an HTTP request', JSON.stringify({ version: '2.0', rawPath: '/hooks/ecr', body: pushed() }), 'unknown-schema'],
])('is refused as %s', (_, body, reason) => {
  expect(readQueued(body, { ecr: byQueue() }, NOW)).toMatchObject({ ok: false, error: { reason } })
})

it('gives a value that can be kept, whatever stands in it', () => {
  const expectTotal = (body: string): void => {
    const read = readQueued(body, { ecr: byQueue() }, NOW)
    if (!read.ok) return
    for (const { event } of read.value) expect(RegistryEvent.parse(JSON.parse(JSON.stringify(event)))).toEqual(event)
  }
  const message: unknown = JSON.parse(pushed())
  for (const { text } of [...replaceEachNode(message), ...deleteEachKey(message)]) expectTotal(text)
  const change = fc.tuple(fc.nat(), fc.oneof(fc.json({ maxDepth: 2 }), fc.constantFrom(...HOSTILE)))
  const damaged = fc.array(change, { maxLength: 3 }).map((changes) => replaceNodes(message, changes))
  fc.assert(fc.property(fc.oneof(damaged, fc.json(), fc.string()), expectTotal), { numRuns: FUZZ_RUNS })
})
