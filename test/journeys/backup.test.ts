/** Backup and restore as an operator does it: the service runs, the disk fails, an older state comes back under a newer world. */

import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { startRegistry } from '../../src/cli/demo/registry.ts'
import { drayage } from '../helpers/drayage.ts'
import { createRepository } from '../helpers/git-repository.ts'
import { postgresBinaries, startPostgres, withoutPostgres } from '../helpers/postgres.ts'
import { eventually, freePort, type Service, startService } from '../helpers/service.ts'

const SECRET = 'Bearer sesame'
const REASON = ['--reason', 'the disk failed']
const cleanup: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const step of cleanup.splice(0).toReversed()) await step()
})

async function scene(database?: string) {
  const port = await freePort()
  const notify = { url: `http://127.0.0.1:${port}/hooks/local`, headers: { authorization: SECRET } }
  const registry = await startRegistry({ notify })
  cleanup.push(() => registry.close())
  const image = `${registry.host}/acme/app`
  const repository = createRepository({ 'app.yaml': `image: ${image}:1.0.0\n` })
  cleanup.push(() => repository.close())
  const yaml = `registries:
  local: { host: "${registry.host}", insecure: true, events: { type: distribution, secret: env:HOOK } }
git:
  gitops: { url: ${repository.path}, base: main }
subscriptions:
  app: { image: "${image}", tags: { semver: ">=1" }, verify: none, stages: { prod: { git: gitops, file: app.yaml } } }
`
  const options = { yaml, env: { HOOK: SECRET }, port }
  const service = await startService(database === undefined ? options : { ...options, database })
  cleanup.push(() => service.remove())
  const push = async (tag: string): Promise<void> => {
    const wanted = `image: ${image}:${tag}@${await registry.pushImage('acme/app', tag)}\n`
    await eventually(
      `${tag} is delivered and known`,
      async () => repository.file('app.yaml') === wanted && (await isQuiet(service)),
    )
  }
  return { repository, service, push }
}

async function isQuiet(service: Service): Promise<boolean> {
  const { waiting, subscriptions } = await service.client.status({})
  const [stage] = subscriptions[0]?.stages ?? []
  return waiting === 0 && stage !== undefined && stage.promotion === null && stage.how !== 'unknown'
}

it('brings an older state back, touches nothing newer, and goes on', async () => {
  const { repository, service, push } = await scene()
  const { config, folder, state } = service
  const file = join(folder, 'backup.db')
  await push('1.1.0')
  const backup = await drayage(['backup', file, '--config', config, '--json'])
  expect(backup).toMatchObject({ code: 0 })
  expect(JSON.parse(backup.stdout)).toMatchObject({ file, documents: 1, waiting: 0 })
  await push('1.2.0')
  const head = repository.head()

  const busy = await drayage(['restore', file, '--config', config, '--force', ...REASON])
  expect(busy).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/in use by another Drayage process/u),
  })
  expect(await service.stop()).toBe(0)
  const there = await drayage(['restore', file, '--config', config, ...REASON])
  expect(there).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/already\. With --force/u) })
  const restored = await drayage(['restore', file, '--config', config, '--force', '--json', ...REASON])
  expect(restored).toMatchObject({ code: 0, stderr: '' })
  const { aside } = JSON.parse(restored.stdout) as { aside: string }
  expect(existsSync(aside)).toBe(true)

  await service.start()
  await eventually('what runs was looked at', () => isQuiet(service))
  expect(repository.head()).toBe(head)
  const [stage] = (await service.client.status({})).subscriptions[0]?.stages ?? []
  expect(stage?.current).toContain(':1.2.0@')
  const { entries } = await service.client.history({ subscription: 'app' })
  expect(entries.some(({ reason, detail }) => reason === 'restored' && detail.startsWith('the disk failed.'))).toBe(
    true,
  )
  await push('1.3.0')
  expect(repository.count()).toBe(4)
  expect(readdirSync(folder).filter((name) => /incoming|partial/u.test(name))).toEqual([])
  expect(existsSync(state)).toBe(true)
})

it('brings a state back where none is left', async () => {
  const { repository, service, push } = await scene()
  await push('1.1.0')
  const file = join(service.folder, 'backup.db')
  expect(await drayage(['backup', file, '--config', service.config])).toMatchObject({ code: 0 })
  await service.kill()
  for (const end of ['', '-wal', '-shm']) rmSync(`${service.state}${end}`, { force: true })
  expect(await drayage(['restore', file, '--config', service.config, ...REASON])).toMatchObject({ code: 0 })
  await service.start()
  await eventually('what runs was looked at', () => isQuiet(service))
  await push('1.2.0')
  expect(repository.count()).toBe(3)
})

it.each([
  { args: ['backup'], code: 2, problem: /expected one FILE/u },
  { args: ['restore', 'x.db'], code: 2, problem: /expected FILE and --reason/u },
  { args: ['backup', 'x.db', '--state', '/nowhere/state.db'], code: 1, problem: /There is no state file/u },
  {
    args: ['restore', '/nowhere/x.db', '--state', '/nowhere/state.db', ...REASON],
    code: 1,
    problem: /There is no backup/u,
  },
])('says what is wrong: $args', async ({ args, code, problem }) => {
  expect(await drayage(args)).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(problem) })
})

it.skipIf(postgresBinaries === null)(
  `tells a database that it was restored${withoutPostgres}`,
  { timeout: 120_000 },
  async () => {
    const postgres = await startPostgres()
    cleanup.push(() => postgres.close())
    const url = await postgres.create('fleet')
    const { repository, service, push } = await scene(url)
    const place = { env: { DATABASE_URL: url } }
    await push('1.1.0')
    const backup = await drayage(['backup', 'x.db', '--config', service.config], '', place)
    expect(backup).toMatchObject({ code: 1, stderr: expect.stringMatching(/pg_dump/u) })
    expect(await service.stop()).toBe(0)
    await postgres.query('CREATE DATABASE older TEMPLATE fleet')
    await service.start()
    await push('1.2.0')
    const busy = await drayage(['restore', '--config', service.config, ...REASON], '', place)
    expect(busy).toMatchObject({ code: 1, stderr: expect.stringMatching(/1 other processes work on the database/u) })
    expect(await service.stop()).toBe(0)
    const head = repository.head()
    await postgres.query('DROP DATABASE fleet')
    await postgres.query('ALTER DATABASE older RENAME TO fleet')
    const restored = await drayage(['restore', '--config', service.config, '--json', ...REASON], '', place)
    expect(restored).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(restored.stdout)).toMatchObject({ state: 'env:DATABASE_URL', aside: null, documents: 1 })
    await service.start()
    await eventually('what runs was looked at', () => isQuiet(service))
    expect(repository.head()).toBe(head)
    await push('1.3.0')
    expect(repository.count()).toBe(4)
  },
)
