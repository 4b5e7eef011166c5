/** What targets may make of a document at worst is refused before anything is deployed, on every platform. */

import { expect, it } from 'vitest'
import { configOptions } from '../../../src/cli/config-options.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { PLATFORMS } from '../../../src/config/platform.ts'

/** Of `count` files whose names have `length` characters, in `stages` stages. */
async function problems(count: number, length: number, stages = 1, platform: (typeof PLATFORMS)[number] = 'node') {
  const stage = (s: number): string => {
    const files = Array.from({ length: count }, (_, n) => `{ git: gitops, file: ${`s${s}-${n}-`.padEnd(length, 'x')} }`)
    return `s${s}: { targets: [${files.join(', ')}] }`
  }
  const text = `version: 1
registries: { hub: { host: docker.io, events: { type: harbor, secret: env:HUB } } }
git: { gitops: { github: acme/gitops, token: env:TOKEN } }
subscriptions:
  app:
    image: docker.io/acme/app
    tags: { semver: ">=1" }
    verify: none
    stages: { ${Array.from({ length: stages }, (_, s) => stage(s)).join(', ')} }
`
  const loaded = await loadConfig(text, { ...configOptions, platform })
  const errors = loaded.ok ? [] : loaded.error.filter(({ severity }) => severity === 'error')
  return errors.map(({ reason, key }) => `${reason} ${key}`)
}

it.each(PLATFORMS)('on %s 300 targets of usual names are taken', async (platform) => {
  expect(await problems(300, 60, 1, platform)).toEqual([])
})

it.each(PLATFORMS)('on %s 301 targets of one stage are refused', async (platform) => {
  expect(await problems(301, 60, 1, platform)).toEqual([expect.stringContaining('subscriptions.app.stages.s0')])
})

// A name has `git/gitops/` and quotes besides: 300 × (2,200 + 8 × (97 + 13)) = 924,000; at most 917,504 are taken.
it.each([
  { count: 297, length: 97, expected: [] },
  { count: 298, length: 97, expected: ['too-large subscriptions.app.stages'] },
  { count: 300, length: 94, expected: [] },
  { count: 300, length: 95, expected: ['too-large subscriptions.app.stages'] },
  { count: 100, length: 800, expected: [] },
  { count: 110, length: 800, expected: ['too-large subscriptions.app.stages'] },
])('$count targets with names of $length characters: $expected', async ({ count, length, expected }) => {
  expect(await problems(count, length)).toEqual(expected)
})

it.each([
  { stages: 1, expected: [] },
  { stages: 2, expected: [] },
  { stages: 3, expected: ['too-large subscriptions.app.stages'] },
])('$stages stages of 150 targets each count together: $expected', async ({ stages, expected }) => {
  expect(await problems(150, 60, stages)).toEqual(expected)
})
