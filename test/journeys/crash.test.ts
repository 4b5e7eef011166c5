/** Kill -9 at random moments during 200 pushes: afterwards every push was delivered once, or superseded. */

import { afterEach, expect, it } from 'vitest'
import { findBreak } from '../../src/domain/chain.ts'
import { startRegistry } from '../../src/cli/demo/registry.ts'
import { createRepository } from '../helpers/git-repository.ts'
import { eventually, freePort, startService } from '../helpers/service.ts'

const PUSHES = 200
const KILLS = 12
const SECRET = 'Bearer sesame'
const cleanup: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const step of cleanup.splice(0).toReversed()) await step()
})

it('loses nothing and changes nothing twice', { timeout: 300_000 }, async () => {
  const port = await freePort()
  const registry = await startRegistry({
    notify: { url: `http://127.0.0.1:${port}/hooks/local`, headers: { authorization: SECRET } },
  })
  cleanup.push(() => registry.close())
  const image = `${registry.host}/acme/app`
  const repository = createRepository({ 'app.yaml': `image: ${image}:0.0.1\n` })
  cleanup.push(() => repository.close())
  const yaml = `registries:
  local: { host: "${registry.host}", insecure: true, sweep: none, events: { type: distribution, secret: env:HOOK } }
git:
  gitops: { url: ${repository.path}, base: main }
subscriptions:
  app: { image: "${image}", tags: { semver: ">=1" }, verify: none, stages: { prod: { git: gitops, file: app.yaml } } }
`
  const service = await startService({ yaml, env: { HOOK: SECRET }, port })
  cleanup.push(() => service.remove())

  const digests = new Map<string, string>()
  const pushes = { areUnderWay: true }
  const pushing = (async () => {
    for (let number = 1; number <= PUSHES; number += 1) {
      digests.set(`1.${number}.0`, await registry.pushImage('acme/app', `1.${number}.0`))
      await new Promise((resolve) => setTimeout(resolve, 40))
    }
    pushes.areUnderWay = false
  })()
  let kills = 0
  while (pushes.areUnderWay || kills < KILLS) {
    await new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 900))
    await service.kill()
    kills += 1
    await service.start()
  }
  await pushing

  const newest = `${image}:1.${PUSHES}.0@${digests.get(`1.${PUSHES}.0`)}`
  await eventually(
    'everything is settled and the newest is there',
    async () => {
      const { events } = await service.client.events({ limit: '500' })
      const { waiting, subscriptions } = await service.client.status({})
      const [stage] = subscriptions[0]?.stages ?? []
      return events.length === PUSHES && waiting === 0 && stage?.promotion === null && stage.current === newest
    },
    120_000,
  )

  expect(repository.file('app.yaml')).toBe(`image: ${newest}\n`)
  const commits = repository
    .git(['log', '--format=%(trailers:key=Drayage-Promotion,valueonly,separator=)', 'main'])
    .split('\n')
    .filter((line) => line !== '')
  expect(new Set(commits).size).toBe(commits.length)
  const versions = repository
    .git(['log', '--reverse', '--format=%s', 'main'])
    .split('\n')
    .flatMap((subject) => /:1\.(\d+)\.0 /u.exec(subject)?.[1] ?? [])
  expect(versions.map(Number)).toEqual(versions.map(Number).toSorted((a, b) => a - b))
  const { entries } = await service.client.history({ subscription: 'app', limit: '500' })
  if (entries.at(-1)?.seq === 1) expect(await findBreak(entries.toReversed())).toBeNull()
  console.log(`${PUSHES} pushes, ${kills} kills: ${commits.length} commits, the others superseded; 0 lost, 0 doubled`)
})
