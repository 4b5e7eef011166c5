/** The service follows a repository: a change is in force without a restart, a bad one is not, and Git may be away. */

import { createHmac } from 'node:crypto'
import { afterEach, expect, it } from 'vitest'
import { startRegistry } from '../../src/cli/demo/registry.ts'
import { serveGit } from '../helpers/git-http.ts'
import { createRepository } from '../helpers/git-repository.ts'
import { eventually, freePort, startService } from '../helpers/service.ts'

const HOOK = 'Bearer CANARY-hook'
const PUSH = 'CANARY-push'
const OLD_PUSH = 'CANARY-old-push'
const PASSWORD = 'CANARY-password'
const cleanup: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const step of cleanup.splice(0).toReversed()) await step()
})

async function sendPush(url: string, secret: string, ref = 'refs/heads/main'): Promise<number> {
  const body = JSON.stringify({ ref, repository: { full_name: 'acme/platform' } })
  const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
  const headers = { 'content-type': 'application/json', 'x-github-event': 'push', 'x-hub-signature-256': signature }
  return (await fetch(url, { method: 'POST', headers, body })).status
}

it('follows changes by the push, refuses a bad one, and starts again while Git is away', async () => {
  const port = await freePort()
  const registry = await startRegistry({
    notify: { url: `http://127.0.0.1:${port}/hooks/local`, headers: { authorization: HOOK } },
  })
  cleanup.push(() => registry.close())
  const image = `${registry.host}/acme/app`
  const gitops = createRepository({ 'dev.yaml': `image: ${image}:1.0.0\n`, 'prod.yaml': `image: ${image}:1.0.0\n` })
  cleanup.push(() => gitops.close())
  const subscriptions = (more: string): string => `version: 1
git: { gitops: { url: ${gitops.path} } }
subscriptions:
  app:
    image: ${image}
    tags: { semver: ">=1" }
    verify: none
    stages:
      dev: { git: gitops, file: dev.yaml }
${more}`
  const platform = createRepository({ 'drayage/prod.yaml': subscriptions('') })
  cleanup.push(() => platform.close())
  const git = await serveGit(platform.path, { username: 'git', password: PASSWORD })
  cleanup.push(() => git.close())
  const service = await startService({
    port,
    follows: { git: 'platform', file: 'drayage/prod.yaml', secret: ['env:PUSH', 'env:OLD_PUSH'] },
    yaml: `git: { platform: { url: ${git.url}, password: env:PASSWORD } }
registries:
  local: { host: "${registry.host}", insecure: true, events: { type: distribution, secret: env:HOOK } }
`,
    env: { HOOK, PUSH, OLD_PUSH, PASSWORD },
  })
  cleanup.push(() => service.remove())
  const hook = `http://127.0.0.1:${port}/configuration`
  const history = async () => (await service.client.history({ limit: '200' })).entries

  await registry.pushImage('acme/app', '1.1.0')
  await eventually('dev has it', async () => gitops.file('dev.yaml').includes(':1.1.0@sha256:'))

  // Another stage: what is healthy at dev is brought there, and nobody pushed anything.
  const commit = platform.commit({
    'drayage/prod.yaml': subscriptions('      prod: { git: gitops, file: prod.yaml, after: dev }\n'),
  })
  expect(await sendPush(hook, 'CANARY-wrong')).toBe(401)
  expect(await sendPush(hook, OLD_PUSH)).toBe(200)
  await eventually('prod has it', async () => gitops.file('prod.yaml').includes(':1.1.0@sha256:'))
  const applied = (await history()).filter(({ kind }) => kind === 'configured')
  expect(applied.map(({ reference }) => reference)).toEqual([commit, expect.any(String)])
  const delivered = (await history()).filter(({ kind }) => kind === 'delivered')
  expect(delivered.map(({ stage, config }) => [stage, config])).toEqual(
    [0, 1].map((index) => [['prod', 'dev'][index], applied[index]?.config]),
  )

  // A bad one: the last good one stays, and everybody can see why.
  const bad = platform.commit({ 'drayage/prod.yaml': `${subscriptions('')}server: { listen: 0.0.0.0:80 }\n` })
  expect(await sendPush(hook, PUSH)).toBe(200)
  await eventually('it is refused', async () => (await history()).some(({ kind }) => kind === 'configuration-refused'))
  expect((await history()).find(({ kind }) => kind === 'configuration-refused')).toMatchObject({
    reference: bad,
    detail: expect.stringContaining('not for the repository to say'),
  })
  expect(JSON.stringify(await service.client.status({}))).toContain('prod')

  // Git is away, and the service starts anew.
  await git.close()
  await service.stop()
  await service.start()
  await registry.pushImage('acme/app', '1.2.0')
  await eventually('both have it', async () =>
    ['dev.yaml', 'prod.yaml'].every((file) => gitops.file(file).includes(':1.2.0@sha256:')),
  )
  expect(service.log()).toMatch(/configuration not read/u)
  expect(service.log()).toMatch(/configuration refused/u)
  expect(service.log()).not.toContain('CANARY')
}, 120_000)

it('does not start with nothing, and says why', async () => {
  const platform = createRepository({ 'other.yaml': '' })
  cleanup.push(() => platform.close())
  const service = startService({
    follows: { git: 'platform', file: 'drayage/prod.yaml' },
    yaml: `git: { platform: { url: ${platform.path} } }\n`,
  })
  await expect(service).rejects.toThrow(/there is no configuration to start with: .*there is no folder "drayage"/u)
})
