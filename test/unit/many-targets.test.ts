/** The most targets that one stage may have go through a whole promotion, and their document fits into every store. */

import { expect, it } from 'vitest'
import { bodyOf, ITEM_BYTES_MAX, sizeOf } from '../../src/state/dynamodb/body.ts'
import { documentText } from '../../src/state/stored.ts'
import type { Document } from '../../src/domain/document.ts'
import { aDigest } from '../helpers/build.ts'
import { createWorld } from '../helpers/world.ts'

const TARGETS = 300

const targets = Array.from({ length: TARGETS }, (_, n) => ({
  kind: 'workload',
  cluster: 'dev',
  namespace: `tenant-${n}`,
  // Long and unlike each other: what does not compress.
  workload: `deployment/payments-${crypto.randomUUID()}`,
  container: 'app',
  takeover: false,
}))

it('brings one candidate to 300 targets, each once, in few saves', async () => {
  const world = createWorld({ stages: [{ name: 'dev', after: [], verify: 'none', targets }] })
  const { documents } = world.ports
  let saves = 0
  let largest: Document | null = null
  const save: typeof documents.save = async (document, was, now) => {
    saves += 1
    if (JSON.stringify(document).length > JSON.stringify(largest).length) largest = document
    return documents.save(document, was, now)
  }
  Object.assign(world.ports, { documents: { ...documents, save } })

  await world.push('1.1.0', 1)

  const { current, promotion } = await world.stage('dev')
  expect([current.state, promotion]).toEqual(['candidate', undefined])
  const written = targets.map(({ namespace }) => world.at(namespace).writes)
  const image = `docker.io/acme/payments:1.1.0@${aDigest(1)}`
  expect(written).toEqual(targets.map(() => [image]))
  // Looked at, delivered and healthy are three answers each, and eight of them one round.
  expect(saves).toBeLessThan(TARGETS)
  if (largest === null) throw new Error('nothing was saved')
  expect(sizeOf(await bodyOf('the line', documentText(largest)))).toBeLessThan(ITEM_BYTES_MAX / 2)
})
