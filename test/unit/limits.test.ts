/** The largest subscription that a configuration may have fits into every store; a larger one is refused before it is deployed. */

import { expect, it } from 'vitest'
import { configOptions } from '../../src/cli/config-options.ts'
import { loadConfig } from '../../src/config/load.ts'
import { PLATFORMS } from '../../src/config/platform.ts'
import { bodyOf, ITEM_BYTES_MAX, sizeOf } from '../../src/state/dynamodb/body.ts'
import { documentText } from '../../src/state/stored.ts'
import { aWorkloadStage, createWorld } from '../helpers/world.ts'

const STAGES_MAX = 100
/** D1 and a Durable Object: 2 MB in one row. https://developers.cloudflare.com/d1/platform/limits/ */
const ROW_BYTES_MAX = 2_000_000

function withTargets(count: number): string {
  const stages = Array.from(
    { length: count - 1 },
    (_, n) => `s${n}: { after: first, git: gitops, file: region-${n}/app.yaml }`,
  )
  return `version: 1
registries: { hub: { host: docker.io, events: { type: harbor, secret: env:HUB } } }
git: { gitops: { github: acme/gitops, token: env:TOKEN } }
subscriptions:
  app:
    image: docker.io/acme/app
    tags: { semver: ">=1" }
    verify: none
    stages: { first: { git: gitops, file: first.yaml }, ${stages.join(', ')} }
`
}

it.each(
  PLATFORMS.flatMap((platform) => [
    { platform, count: STAGES_MAX, problems: [] },
    { platform, count: STAGES_MAX + 1, problems: [`at most ${STAGES_MAX} stages`] },
    { platform, count: 300, problems: [`at most ${STAGES_MAX} stages`] },
  ]),
)(
  '$platform takes a subscription of $count targets or says why not: $problems',
  async ({ platform, count, problems }) => {
    const loaded = await loadConfig(withTargets(count), { ...configOptions, platform })
    const errors = loaded.ok ? [] : loaded.error.filter(({ severity }) => severity === 'error')
    expect(errors.map(({ expected }) => expected)).toEqual(problems)
  },
)

it('keeps a line of the most stages, each with a promotion under way, in every store', async () => {
  const world = createWorld({ stages: [aWorkloadStage('dev')] })
  world.down.targets = false
  await world.push('1.1.0', 1)
  world.health.clear()
  await world.push('1.2.0', 2)
  const loaded = await world.ports.documents.load('line/payments')
  if (loaded === null || loaded.document.kind !== 'line') throw new Error('no line')
  const { dev } = loaded.document.stages
  if (dev === undefined) throw new Error('no stage')
  // Long and unlike each other, as real names are at worst: what does not compress.
  const unlike = (n: number): string => `${n}-${crypto.randomUUID()}-${crypto.randomUUID().slice(0, 20)}`
  const stages = Object.fromEntries(
    Array.from({ length: STAGES_MAX }, (_, n) => [
      unlike(n).slice(0, 60),
      JSON.parse(JSON.stringify(dev).replaceAll('deployment/app', `deployment/${unlike(n)}`)) as typeof dev,
    ]),
  )
  const text = documentText({ ...loaded.document, stages })
  expect(text.length).toBeGreaterThan(100_000)
  expect(new TextEncoder().encode(text).length).toBeLessThan(ROW_BYTES_MAX)
  expect(sizeOf(await bodyOf('the line', text))).toBeLessThan(ITEM_BYTES_MAX)
})
