/** A push to a real registry becomes a commit in a real repository, through the service as a process. */

import { afterEach, describe, expect, it } from 'vitest'
import { startDockerRegistry } from '../helpers/docker-registry.ts'
import { createRepository } from '../helpers/git-repository.ts'
import { eventually, freePort, startService, type Service } from '../helpers/service.ts'
import { hasProgram, inspectWithSkopeo, pushWithSkopeo } from '../helpers/skopeo.ts'

const SECRET = 'Bearer CANARY-of-the-hook'
const cleanup: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const step of cleanup.splice(0).toReversed()) await step()
})

async function scene(options: { readonly mode?: string; readonly stages?: string } = {}) {
  const port = await freePort()
  const registry = await startDockerRegistry({
    notify: { url: `http://127.0.0.1:${port}/hooks/local`, headers: { Authorization: SECRET } },
  })
  cleanup.push(() => registry.close())
  const image = `${registry.host}/acme/app`
  const repository = createRepository({ 'app.yaml': `kind: Deployment\nspec:\n  image: ${image}:1.0.0 # ours\n` })
  cleanup.push(() => repository.close())
  const yaml = `mode: ${options.mode ?? 'act'}
registries:
  local: { host: "${registry.host}", insecure: true, events: { type: distribution, secret: env:HOOK } }
git:
  gitops: { url: ${repository.path}, base: main }
subscriptions:
  app:
    image: ${image}
    tags: { semver: ">=1" }
    verify: none
    stages: ${options.stages ?? '{ prod: { git: gitops, file: app.yaml } }'}
`
  const service = await startService({ yaml, env: { HOOK: SECRET }, port })
  cleanup.push(() => service.remove())
  return { registry, repository, service, image }
}

const delivered = (service: Service, count: number) => async (): Promise<boolean> => {
  const { entries } = await service.client.history({ subscription: 'app', limit: '500' })
  return entries.filter(({ kind }) => kind === 'delivered').length >= count
}

describe.skipIf(!hasProgram('docker-registry') || !hasProgram('skopeo'))(
  'a push with skopeo to docker-registry',
  () => {
    it('ends in a commit whose digest is what skopeo inspects', async () => {
      const { registry, repository, service, image } = await scene()
      await pushWithSkopeo(registry.host, 'acme/app', '1.1.0', 'one')
      await eventually('it is delivered', delivered(service, 1))
      const digest = await inspectWithSkopeo(registry.host, 'acme/app', '1.1.0')
      expect(repository.file('app.yaml')).toBe(`kind: Deployment\nspec:\n  image: ${image}:1.1.0@${digest} # ours\n`)
      expect(repository.message()).toContain(`Drayage-Promotion: app/prod/${digest}#1`)
    })

    it('is not answered for ever: a tag that is not wanted gets its 2xx and its reason', async () => {
      const { registry, repository, service } = await scene()
      const before = repository.head()
      await pushWithSkopeo(registry.host, 'acme/app', 'nightly', 'n')
      await pushWithSkopeo(registry.host, 'acme/other', '9.0.0', 'n')
      await eventually('both events are settled', async () => {
        const { events } = await service.client.events({})
        return events.length === 2 && events.every(({ state }) => state === 'done')
      })
      const { events } = await service.client.events({})
      expect(new Set(events.map(({ walk }) => walk.at(-1)?.step))).toEqual(new Set(['filter', 'match']))
      expect(repository.head()).toBe(before)
    })

    it('survives SIGTERM and a restart: what was delivered is known, what comes is delivered', async () => {
      const { registry, repository, service } = await scene()
      await pushWithSkopeo(registry.host, 'acme/app', '1.1.0', 'one')
      await eventually('the first is delivered', delivered(service, 1))
      expect(await service.stop()).toBe(0)
      await service.start()
      await pushWithSkopeo(registry.host, 'acme/app', '1.2.0', 'two')
      await eventually('the second is delivered', delivered(service, 2))
      expect(repository.count()).toBe(3)
    })

    it('is only recorded in mode: observe', async () => {
      const { registry, repository, service } = await scene({ mode: 'observe' })
      const before = repository.head()
      await pushWithSkopeo(registry.host, 'acme/app', '1.1.0', 'one')
      await eventually('it is decided', async () => {
        const { entries } = await service.client.history({ subscription: 'app' })
        return entries.some(({ kind, detail }) => kind === 'would-deliver' && detail.includes('+  image:'))
      })
      expect(repository.head()).toBe(before)
    })

    it('never shows the secret of the hook', async () => {
      const { registry, service } = await scene()
      await pushWithSkopeo(registry.host, 'acme/app', '1.1.0', 'one')
      await eventually('it is delivered', delivered(service, 1))
      await fetch(`${service.hooks}/hooks/local`, {
        method: 'POST',
        headers: { authorization: `${SECRET}x` },
        body: '{}',
      })
      await fetch(`${service.hooks}/hooks/local/CANARY-of-the-hook?secret=CANARY-of-the-hook`, {
        method: 'POST',
        body: '{}',
      })
      const shown =
        service.log() +
        JSON.stringify(await service.client.history({})) +
        JSON.stringify(await service.client.events({}))
      expect(shown).not.toContain('CANARY')
    })
  },
)
