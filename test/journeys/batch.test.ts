/**
 * Sixty images at once, on real parts: a real registry, a Git repository over HTTP and the GitHub peer. One commit, one pull request;
 * rejecting one drops only it.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClient, type Client } from '../../src/cli/client.ts'
import { tinyImage } from '../../src/cli/demo/image.ts'
import { pushTinyImage } from '../../src/cli/demo/push.ts'
import { createHttp } from '../../src/clients/http.ts'
import { startDockerRegistry, type DockerRegistry } from '../helpers/docker-registry.ts'
import type { FakePull, FakeRepository } from '../helpers/fake-github-state.ts'
import { startFakeGitHub, type FakeGitHub } from '../helpers/fake-github.ts'
import { serveGit, type GitHttp } from '../helpers/git-http.ts'
import { createRepository, type GitRepository } from '../helpers/git-repository.ts'
import { eventually, startService, type Service } from '../helpers/service.ts'
import { hasProgram } from '../helpers/skopeo.ts'

const missing = ['docker-registry', 'git'].filter((name) => !hasProgram(name))
const title = `sixty images pushed at once${missing.length === 0 ? '' : ` (skipped: no ${missing.join(', ')})`}`
const SECRET = 'Bearer CANARY-of-the-hook'
const IMAGES = 60
const NAMES = Array.from({ length: IMAGES }, (_, index) => `app-${index}`)
const [UNWANTED = ''] = NAMES
/** Long enough for all of them on a machine that has other work. */
const WINDOW = '15s'
const PROGRESS_MS = 120_000
const BRANCH = 'drayage/batch/gitops_prod'
const http = createHttp({ fetch: (url, init) => fetch(url, init), now: Date.now, random: () => 0 })

describe.skipIf(missing.length > 0)(title, { timeout: 240_000 }, () => {
  let registry: DockerRegistry
  let plain: GitRepository
  let served: GitHttp
  let gitops: GitRepository
  let github: FakeGitHub
  let repository: FakeRepository
  let service: Service
  let anna: Client
  const digests = new Map<string, string>()

  beforeAll(async () => {
    registry = await startDockerRegistry()
    for (const name of NAMES) digests.set(name, await push(name, '1.1.0'))
    plain = createRepository(files('dev'))
    served = await serveGit(plain.path, { username: 'robot', password: 'secret' })
    gitops = createRepository(files('prod'))
    github = await startFakeGitHub()
    repository = github.addRepository('acme/gitops', gitops)
    service = await startService({
      yaml: configuration(),
      env: { HOOK: SECRET, GIT_PASSWORD: 'secret', GITHUB_KEY: github.key, ANNA: 'token-of-anna' },
      tokens: [{ person: 'anna', role: 'approver', token: 'env:ANNA' }],
    })
    anna = createClient({ url: service.api, token: 'token-of-anna' })
    // An older one brings nothing, but the first look: what runs there is known when the window begins.
    for (const name of NAMES) await push(name, '0.9.0')
    await tell('0.9.0')
    for (const stage of ['dev', 'prod'])
      await eventually(`${stage} is known`, async () => (await countAt(stage, ':1.0.0')) === IMAGES, PROGRESS_MS)
  }, 240_000)
  afterAll(async () => {
    await service.remove()
    await github.close()
    await served.close()
    await registry.close()
    for (const each of [plain, gitops]) each.close()
    expect(github.violations).toEqual([])
  })

  it('are one commit, with sixty pinned images', async () => {
    await tell('1.1.0')
    await eventually('dev holds them', async () => countPinned(plain, 'dev') === IMAGES, PROGRESS_MS)
    expect(plain.count()).toBe(2)
    expect(plain.changedFiles('main')).toHaveLength(IMAGES)
    expect(plain.git(['log', '-1', '--format=%s'])).toBe(`Deliver ${IMAGES} images to dev`)
    expect(NAMES.map((name) => plain.file(`dev/${name}.yaml`))).toEqual(NAMES.map(wanted))
  })

  it('are one pull request, with sixty pinned images', async () => {
    await eventually('it is open', async () => openPull() !== undefined && countShown() === IMAGES, PROGRESS_MS)
    expect(repository.pulls).toMatchObject([{ state: 'OPEN', title: `Deliver ${IMAGES} images to prod` }])
    expect(gitops.count(`main..${BRANCH}`)).toBe(1)
    expect(NAMES.map((name) => gitops.file(`prod/${name}.yaml`, BRANCH))).toEqual(NAMES.map(wanted))
    const body = openPull()?.body ?? ''
    for (const name of NAMES) expect(body).toContain(digests.get(name))
  })

  it('of which one is rejected: only that one goes', async () => {
    const { number } = openPull() ?? {}
    await eventually('its line knows it', async () =>
      JSON.stringify(await service.client.status({ subscription: UNWANTED })).includes(`/pull/${number}`),
    )
    await anna.act('reject', { subscription: UNWANTED, stage: 'prod', candidate: '1.1.0', reason: 'broken login' })
    const others = `Deliver ${IMAGES - 1} images to prod`
    await eventually('it is gone', async () => openPull()?.title === others, PROGRESS_MS)
    expect(repository.pulls).toHaveLength(1)
    expect(openPull()?.body).not.toContain(digests.get(UNWANTED))
    expect(countShown()).toBe(IMAGES - 1)
    expect(gitops.count(`main..${BRANCH}`)).toBe(1)
  })

  it('of which all others are approved, and merged together', async () => {
    const [last = '', ...others] = NAMES.filter((name) => name !== UNWANTED)
    for (const name of others) await approve(name)
    expect(openPull()?.state).toBe('OPEN')
    await approve(last)
    await eventually('it is merged', async () => countPinned(gitops, 'prod') === IMAGES - 1, PROGRESS_MS)
    expect(repository.pulls).toMatchObject([{ state: 'MERGED' }])
    expect(gitops.file(`prod/${UNWANTED}.yaml`)).toBe(manifest(UNWANTED))
    await eventually('every line has heard', async () => (await countAt('prod', ':1.1.0@')) === IMAGES - 1, PROGRESS_MS)
  })

  async function push(name: string, tag: string): Promise<string> {
    const target = { host: registry.host, repository: `acme/${name}`, tag, authorization: null }
    return pushTinyImage(http, target, tinyImage(`${name}:${tag}`))
  }
  /** All in one notification. */
  async function tell(tag: string): Promise<void> {
    const mediaType = 'application/vnd.oci.image.manifest.v1+json'
    const events = NAMES.map((name) => {
      const { digest } = tinyImage(`${name}:${tag}`).manifest
      const repository = `acme/${name}`
      const url = `http://${registry.host}/v2/${repository}/manifests/${digest}`
      const target = { mediaType, digest, repository, url, tag }
      return {
        id: `push-${name}-${tag}`,
        timestamp: new Date().toISOString(),
        action: 'push',
        target,
        request: { host: registry.host },
      }
    })
    const headers = { authorization: SECRET, 'content-type': 'application/vnd.docker.distribution.events.v2+json' }
    const answer = await fetch(`${service.hooks}/hooks/local`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ events }),
    })
    expect(answer.status).toBe(202)
  }
  function manifest(name: string): string {
    return `image: ${registry.host}/acme/${name}:1.0.0\n`
  }
  function files(stage: string): Record<string, string> {
    return Object.fromEntries(NAMES.map((name) => [`${stage}/${name}.yaml`, manifest(name)]))
  }
  function wanted(name: string): string {
    return `image: ${registry.host}/acme/${name}:1.1.0@${digests.get(name)}\n`
  }
  function countPinned(git: GitRepository, stage: string, branch = 'main'): number {
    try {
      return git.git(['grep', '-l', ':1.1.0@sha256:', branch, '--', `${stage}/`]).split('\n').length
    } catch {
      // Nothing is found.
      return 0
    }
  }
  function openPull(): FakePull | undefined {
    return repository.pulls.find(({ state }) => state === 'OPEN')
  }
  function countShown(): number {
    return countPinned(gitops, 'prod', BRANCH)
  }
  async function countAt(name: string, image: string): Promise<number> {
    const { subscriptions } = await service.client.status({})
    const found = subscriptions.flatMap(({ stages }) => stages.filter(({ stage }) => stage === name))
    return found.filter(({ promotion, current }) => promotion === null && current?.includes(image) === true).length
  }
  async function approve(name: string): Promise<void> {
    await anna.act('approve', { subscription: name, stage: 'prod', candidate: '1.1.0', reason: 'seen' })
  }
  function configuration(): string {
    const events = { type: 'distribution', secret: 'env:HOOK' }
    const approval = { from: ['anna'], votes: 1, expires: '24h' }
    const parts = {
      registries: { local: { host: registry.host, insecure: true, sweep: 'none', events } },
      git: {
        plain: { url: served.url, username: 'robot', password: 'env:GIT_PASSWORD' },
        gitops: { github: 'acme/gitops', app: github.appId, key: 'env:GITHUB_KEY', api: github.url },
      },
      stages: { dev: { batch: WINDOW }, prod: { after: 'dev', batch: WINDOW, gates: [{ approval }] } },
      subscriptions: Object.fromEntries(
        NAMES.map((name) => [
          name,
          {
            image: `${registry.host}/acme/${name}`,
            tags: { semver: '>=0.9' },
            verify: 'none',
            stages: {
              dev: { git: 'plain', file: `dev/${name}.yaml` },
              prod: { git: 'gitops', file: `prod/${name}.yaml`, merge: 'when-approved' },
            },
          },
        ]),
      ),
    }
    return Object.entries(parts)
      .map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
      .join('')
  }
})
