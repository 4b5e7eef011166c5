/** What the person on call does, with the commands, against a real process: stop everything, break the glass, understand a revert. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startRegistry, type LocalRegistry } from '../../src/cli/demo/registry.ts'
import { drayage, type Run } from '../helpers/drayage.ts'
import { createRepository, type GitRepository } from '../helpers/git-repository.ts'
import { aSigningKey, aToken, keySetOf } from '../helpers/issuer.ts'
import { eventually, freePort, startService, type Service } from '../helpers/service.ts'

const SECRET = 'Bearer CANARY-of-the-hook'
const cleanup: (() => Promise<void> | void)[] = []
let service: Service
let registry: LocalRegistry
let repository: GitRepository
let image: string
let issuer: string
const key = aSigningKey('k1')

beforeAll(async () => {
  const port = await freePort()
  registry = await startRegistry({
    notify: { url: `http://127.0.0.1:${port}/hooks/local`, headers: { authorization: SECRET } },
  })
  cleanup.push(() => registry.close())
  image = `${registry.host}/acme/app`
  const text = `image: ${image}:1.0.0\n`
  repository = createRepository({ 'dev.yaml': text, 'prod.yaml': text })
  cleanup.push(() => repository.close())
  const yaml = `registries:
  local: { host: "${registry.host}", insecure: true, events: { type: distribution, secret: env:HOOK } }
git:
  gitops: { url: ${repository.path} }
stages:
  dev: {}
  prod:
    after: dev
    gates: [{ window: { deny: 2000-01-01..2100-01-01 } }]
    breakGlass: { from: [ann, bob] }
subscriptions:
  app:
    image: "${image}"
    tags: { semver: ">=1" }
    verify: none
    stages: { dev: { git: gitops, file: dev.yaml }, prod: { git: gitops, file: prod.yaml } }
`
  const tokens = ['ann', 'bob', 'eve'].map((person) => ({
    person,
    role: 'operator',
    token: `env:${person.toUpperCase()}`,
  }))
  const keys = createServer((_request, response) => response.end(keySetOf([key])))
  await new Promise<void>((resolve) => keys.listen(0, '127.0.0.1', resolve))
  cleanup.push(() => void keys.close())
  issuer = `http://127.0.0.1:${(keys.address() as AddressInfo).port}`
  const people = [{ person: 'payments-ci', role: 'reporter', claims: { repository: 'acme/payments' } }]
  const oidc = [{ issuer, audience: 'drayage', keys: `${issuer}/keys`, people }]
  const env = { HOOK: SECRET, ANN: 'CANARY-ann', BOB: 'CANARY-bob', EVE: 'CANARY-eve' }
  service = await startService({ yaml, port, tokens, oidc, env })
  cleanup.push(() => service.remove())
})
afterAll(async () => {
  for (const step of cleanup.splice(0).toReversed()) await step()
})

const by = (person: string, ...args: string[]): Promise<Run> =>
  drayage([...args, '--reason', `${person} said so`], '', {
    cwd: '/',
    env: { DRAYAGE_URL: service.api, DRAYAGE_TOKEN: `CANARY-${person}` },
  })
const here = (...args: string[]): Promise<Run> => drayage(args, '', { cwd: service.folder })
const holds = (stage: string, tag: string): Promise<void> =>
  eventually(`${stage} holds ${tag}`, async () => repository.file(`${stage}.yaml`).includes(`:${tag}@`))

describe('break-glass', () => {
  it('needs two of those who may, and then writes around the window', async () => {
    await registry.pushImage('acme/app', '1.1.0')
    await holds('dev', '1.1.0')
    await eventually('prod waits', async () => (await here('status')).stdout.includes('window: closed'))
    expect(await by('eve', 'promote', '--break-glass', 'app/prod', '1.1.0')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('not among those who may'),
    })
    expect(await by('ann', 'promote', '--break-glass', 'app/prod', '1.1.0')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('asked'),
    })
    expect((await here('status')).stdout).toContain('break-glass')
    expect(await by('ann', 'promote', '--break-glass', 'app/prod', '1.1.0')).toMatchObject({ code: 1 })
    expect(repository.file('prod.yaml')).toContain(':1.0.0')
    expect(await by('bob', 'promote', '--break-glass', 'app/prod', '1.1.0')).toMatchObject({ code: 0 })
    await holds('prod', '1.1.0')
    const { stdout } = await here('history', 'app')
    expect(stdout).toMatch(/break-glass[^]*ann said so; bob: bob said so[^]*window/u)
  })
})

describe('a revert by a person in Git', () => {
  it('is not undone: theirs is refused, a newer one goes on, and a lift lets it come again', async () => {
    await registry.pushImage('acme/app', '1.2.0')
    await holds('dev', '1.2.0')
    await eventually('it is known to be there', async () => (await here('status', 'app')).stdout.includes('1.2.0'))
    await eventually('it ended', async () => {
      const { subscriptions } = await service.client.status({ subscription: 'app' })
      return subscriptions[0]?.stages.some(({ stage, promotion }) => stage === 'dev' && promotion === null) === true
    })
    repository.commit({ 'dev.yaml': `image: ${image}:1.1.0\n` }, 'main', 'Revert "1.2.0"')
    await registry.pushImage('acme/app', '1.3.0')
    await holds('dev', '1.3.0')
    const { stdout } = await here('history', 'app')
    expect(stdout).toContain('reverted-by-person')
    expect(await by('ann', 'promote', 'app/dev', '1.2.0')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('drayage lift'),
    })
    expect(await by('ann', 'lift', 'app', '1.2.0')).toMatchObject({ code: 0 })
  })
})

describe('a job with a token of its CI', () => {
  const run = (claims: object, ...args: string[]): Promise<Run> => {
    const at = Math.floor(Date.now() / 1000)
    const token = aToken(key, { iss: issuer, aud: 'drayage', iat: at, exp: at + 300, ...claims })
    return drayage(args, '', { cwd: '/', env: { DRAYAGE_URL: service.api, DRAYAGE_TOKEN: token } })
  }

  it('asks and reports as whom its claims prove, and nothing more', async () => {
    const ours = { repository: 'acme/payments' }
    expect((await run(ours, 'history', 'app')).code).toBe(0)
    expect(await run(ours, 'pause', '--reason', 'x')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('payments-ci is reporter'),
    })
    expect((await run({ repository: 'acme/other' }, 'history', 'app')).code).toBe(1)
  })
})

describe('the kill switch', () => {
  it('stops what a real process writes within a second, and lets the newest go on afterwards', async () => {
    let version = 0
    const stop = new AbortController()
    const pushing = (async () => {
      while (!stop.signal.aborted) {
        version += 1
        await registry.pushImage('acme/app', `2.${version}.0`)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    })()
    const before = repository.count()
    await eventually('it writes', async () => repository.count() > before + 1)
    expect(await by('ann', 'pause')).toMatchObject({ code: 0 })
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    const stopped = repository.head()
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    expect(repository.head()).toBe(stopped)
    expect((await here('status')).stdout).toContain('everything is paused by ann')
    stop.abort()
    await pushing
    expect(await by('bob', 'resume')).toMatchObject({ code: 0 })
    await eventually(
      'the newest is there',
      async () => repository.file('dev.yaml').includes(`:2.${version}.0@`),
      60_000,
    )
  })
})
