/** `drayage lint-tags` asks a registry, and the service that saw a version move. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startRegistry } from '../../src/cli/demo/registry.ts'
import { drayage } from '../helpers/drayage.ts'
import { createRepository } from '../helpers/git-repository.ts'
import { eventually, freePort, startService } from '../helpers/service.ts'

const TIMEOUT_MS = 60_000
const SECRET = 'Bearer CANARY-of-the-hook'
let folder: string
const cleanup: (() => Promise<void> | void)[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drayage-lint-'))
  cleanup.push(() => rmSync(folder, { recursive: true, force: true }))
})
afterEach(async () => {
  for (const step of cleanup.splice(0).toReversed()) await step()
})

it(
  'tells of tags without convention and of latest alone, and proposes a filter, of a registry and without a configuration',
  async () => {
    const registry = await startRegistry()
    cleanup.push(() => registry.close())
    for (const tag of ['1.4.1', '1.4.2', 'wip_login', 'latest']) await registry.pushImage('acme/app', tag)
    const found = await drayage(['lint-tags', `${registry.host}/acme/app`, '--json'], '', { cwd: folder })
    expect(found).toMatchObject({ code: 1, stderr: '' })
    expect(JSON.parse(found.stdout)).toMatchObject({
      repository: `${registry.host}/acme/app`,
      tags: 4,
      conventions: { version: 2, floating: 1, none: 1 },
      unconventional: ['wip_login'],
      moved: [],
      onlyLatest: { compared: 3, stages: [] },
      proposal: { filter: { semver: '1.x' }, chosen: '1.4.2', counts: 2 },
    })
    const told = await drayage(['lint-tags', `${registry.host}/acme/app`, '--sample', '0'], '', { cwd: folder })
    expect(told.stdout.split('\n').slice(0, 2)).toEqual([
      `${registry.host}/acme/app: 4 tags: version 2, floating 1, none 1`.replace(
        'none 1, floating 1',
        'floating 1, none 1',
      ),
      'fit no convention: wip_login',
    ])
    await registry.pushImage('acme/tidy', '1.0.0')
    expect(await drayage(['lint-tags', `${registry.host}/acme/tidy`], '', { cwd: folder })).toMatchObject({ code: 0 })
  },
  TIMEOUT_MS,
)

it(
  'knows from the history of the service that a version moved',
  async () => {
    const port = await freePort()
    const notify = { url: `http://127.0.0.1:${port}/hooks/local`, headers: { authorization: SECRET } }
    const registry = await startRegistry({ notify })
    cleanup.push(() => registry.close())
    const image = `${registry.host}/acme/app`
    const repository = createRepository({ 'app.yaml': `kind: Deployment\nspec:\n  image: ${image}:1.0.0\n` })
    cleanup.push(() => repository.close())
    const yaml = `registries: { local: { host: "${registry.host}", events: { type: distribution, secret: env:HOOK } } }
git: { gitops: { url: ${repository.path}, base: main } }
subscriptions:
  app: { image: "${image}", tags: { semver: '*' }, verify: none, stages: { prod: { git: gitops, file: app.yaml } } }
`
    const service = await startService({ yaml, env: { HOOK: SECRET }, port })
    cleanup.push(() => service.remove())
    const digests = []
    for (const content of ['a', 'b']) {
      digests.push(await registry.pushImage('acme/app', '1.1.0', { content }))
      await eventually('the push is settled', async () => {
        const { events } = await service.client.events({ limit: '100' })
        return events.length === digests.length && events.every(({ state }) => state === 'done')
      })
    }
    const found = await drayage(['lint-tags', image, '--config', service.config, '--json'], '', {
      env: { HOOK: SECRET },
    })
    expect(found).toMatchObject({ code: 1 })
    expect(JSON.parse(found.stdout)).toMatchObject({
      moved: [{ tag: '1.1.0', convention: 'version', byIntent: false, digests }],
    })
  },
  TIMEOUT_MS,
)

it.each([
  [],
  ['ghcr.io/acme/app:1.0.0'],
  ['GHCR.io/Acme'],
  ['a/b', 'c/d'],
  ['a/b', '--sample', '-1'],
  ['a/b', '--sample', 'x'],
])(
  'refuses %j',
  async (...args) => {
    expect(await drayage(['lint-tags', ...args], '', { cwd: folder })).toMatchObject({ code: 2, stdout: '' })
  },
  TIMEOUT_MS,
)
