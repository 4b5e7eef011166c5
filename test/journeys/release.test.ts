/** Two images that are released together: pushed one after the other to a real registry, delivered to a real repository as one commit. */

import { afterEach, describe, expect, it } from 'vitest'
import { startDockerRegistry } from '../helpers/docker-registry.ts'
import { serveGit } from '../helpers/git-http.ts'
import { createRepository } from '../helpers/git-repository.ts'
import { eventually, freePort, startService } from '../helpers/service.ts'
import { hasProgram, inspectWithSkopeo, pushWithSkopeo } from '../helpers/skopeo.ts'

const SECRET = 'Bearer a-hook'
const PASSWORD = 'a-password'
const cleanup: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const step of cleanup.splice(0).toReversed()) await step()
})

async function scene() {
  const port = await freePort()
  const registry = await startDockerRegistry({
    notify: { url: `http://127.0.0.1:${port}/hooks/local`, headers: { Authorization: SECRET } },
  })
  cleanup.push(() => registry.close())
  const [api, worker] = [`${registry.host}/acme/api`, `${registry.host}/acme/worker`]
  const values = `api:\n  image: ${api}:1.0.0 # ours\nworker:\n  image: ${worker}:1.0.0\n`
  const repository = createRepository({ 'values.yaml': values, 'README.md': 'kept' })
  cleanup.push(() => repository.close())
  const git = await serveGit(repository.path, { username: 'git', password: PASSWORD })
  cleanup.push(() => git.close())
  const yaml = `registries:
  local: { host: "${registry.host}", insecure: true, events: { type: distribution, secret: env:HOOK } }
git:
  gitops: { url: "${git.url}", base: main, username: git, password: env:PUSH }
subscriptions:
  app:
    images: [${api}, ${worker}]
    tags: { semver: ">=1" }
    verify: none
    stages: { prod: { git: gitops, file: values.yaml } }
`
  const service = await startService({ yaml, env: { HOOK: SECRET, PUSH: PASSWORD }, port })
  cleanup.push(() => service.remove())
  return { registry, repository, service, api, worker }
}

describe.skipIf(!hasProgram('docker-registry') || !hasProgram('skopeo'))('a release of two images', () => {
  it('waits for the second with the reason, and comes as one commit with both', async () => {
    const { registry, repository, service, api, worker } = await scene()
    const before = repository.head()
    await pushWithSkopeo(registry.host, 'acme/api', '1.1.0', 'api')
    await eventually('it says what it waits for', async () => {
      const { events } = await service.client.explain(`${api}:1.1.0`)
      const last = events[0]?.walk.at(-1)
      return last?.reason === 'release-incomplete' && last.detail.includes(`${worker}:1.1.0`)
    })
    expect(repository.head()).toBe(before)
    await pushWithSkopeo(registry.host, 'acme/worker', '1.1.0', 'worker')
    await eventually('both are delivered', async () => {
      const { entries } = await service.client.history({ subscription: 'app', limit: '500' })
      return entries.some(({ kind }) => kind === 'healthy')
    })
    const [first, second] = await Promise.all(
      ['acme/api', 'acme/worker'].map((name) => inspectWithSkopeo(registry.host, name, '1.1.0')),
    )
    expect(repository.file('values.yaml')).toBe(
      `api:\n  image: ${api}:1.1.0@${first} # ours\nworker:\n  image: ${worker}:1.1.0@${second}\n`,
    )
    expect(repository.count()).toBe(2)
    expect(repository.message()).toContain(`Image: ${api}:1.1.0@${first}\nImage: ${worker}:1.1.0@${second}\n`)
    const { subscriptions } = await service.client.status({ subscription: 'app' })
    expect(subscriptions[0]?.stages[0]?.current).toBe(`${api}:1.1.0@${first}, ${worker}:1.1.0@${second}`)
    const explained = await service.client.explain(`${worker}:1.1.0`)
    expect(explained.entries.map(({ kind }) => kind)).toContain('healthy')
  })

  it('goes back by one commit where a person says so', async () => {
    const { registry, repository, service } = await scene()
    const healthy = (count: number) => async () => {
      const { entries } = await service.client.history({ subscription: 'app', limit: '500' })
      return entries.filter(({ kind }) => kind === 'healthy').length === count
    }
    for (const [index, tag] of ['1.1.0', '1.2.0'].entries()) {
      await pushWithSkopeo(registry.host, 'acme/worker', tag, `worker ${tag}`)
      await pushWithSkopeo(registry.host, 'acme/api', tag, `api ${tag}`)
      await eventually(`${tag} is there`, healthy(index + 1))
    }
    const before = repository.file('values.yaml')
    const reason = 'it is slow'
    await service.client.act('rollback', { subscription: 'app', stage: 'prod', reason })
    await eventually('1.1.0 is back', healthy(3))
    expect(repository.file('values.yaml')).toBe(repository.file('values.yaml', 'main~2'))
    expect(repository.file('values.yaml')).not.toBe(before)
    expect(repository.count()).toBe(4)
  })
})
