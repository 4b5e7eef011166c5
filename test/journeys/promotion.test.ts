/**
 * Promotion with judgement on real parts: a push to a real registry, a Deployment on a real API server, a soak, Slack, a pull request,
 * and a cluster that somebody else keeps in step with Git. The service is killed in between.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ACTION_APPROVE, ACTION_REJECT, CALLBACK_REJECT } from '../../src/conversations/slack-blocks.ts'
import { startDockerRegistry, type DockerRegistry } from '../helpers/docker-registry.ts'
import { merge } from '../helpers/fake-github-rest.ts'
import type { FakePull, FakeRepository } from '../helpers/fake-github-state.ts'
import { startFakeGitHub, type FakeGitHub } from '../helpers/fake-github.ts'
import { createRepository, type GitRepository } from '../helpers/git-repository.ts'
import { openTestCluster, type TestCluster } from '../helpers/kubernetes.ts'
import { eventually, freePort, startService, type Service } from '../helpers/service.ts'
import { hasProgram, pushWithSkopeo } from '../helpers/skopeo.ts'
import { startSlackPeer, type SignedForm, type SlackPeer } from '../helpers/slack-peer.ts'
import { aDeployment } from '../helpers/workload.ts'

const kubeconfig = process.env['KUBECONFIG'] ?? ''
const missing = [
  ...(kubeconfig === '' ? ['KUBECONFIG'] : []),
  ...['docker-registry', 'skopeo'].filter((name) => !hasProgram(name)),
]
const title = `a promotion to production${missing.length === 0 ? '' : ` (skipped: no ${missing.join(', ')})`}`
const SECRET = 'Bearer CANARY-of-the-hook'
const FILE = 'shop/prod.yaml'
const JSON_PATCH = 'application/json-patch+json'
const APPLY_EVERY_MS = 100

describe.skipIf(missing.length > 0)(title, { timeout: 180_000 }, () => {
  let registry: DockerRegistry
  let cluster: TestCluster
  let slack: SlackPeer
  let github: FakeGitHub
  let git: GitRepository
  let repository: FakeRepository
  let service: Service
  let applying: NodeJS.Timeout
  let port = 0

  beforeAll(async () => {
    port = await freePort()
    const notify = { url: `http://127.0.0.1:${port}/hooks/local`, headers: { Authorization: SECRET } }
    registry = await startDockerRegistry({ notify })
    cluster = await openTestCluster(kubeconfig)
    slack = await startSlackPeer()
    slack.groups['S0RELMGRS'] = ['U1ANNA', 'U2BEN', 'U3CARA']
    await push('1.0.0')
    for (const name of ['dev', 'prod']) await cluster.demand('POST', deployments(), aDeployment(name, image('1.0.0')))
    git = createRepository({ [FILE]: `image: ${image('1.0.0')}\n` })
    github = await startFakeGitHub()
    repository = github.addRepository('acme/gitops', git)
    service = await startService({ yaml: configuration(), port, env: secrets() })
    applying = setInterval(() => void applyFromGit().catch(() => undefined), APPLY_EVERY_MS)
  }, 120_000)
  afterAll(async () => {
    clearInterval(applying)
    await service.remove()
    await github.close()
    await slack.close()
    await cluster.close()
    await registry.close()
    git.close()
    expect(github.violations).toEqual([])
  })

  it('runs in dev, soaks, is approved by three clicks at once, is merged, and is healthy: over two kills', async () => {
    const digest = await push('1.1.0')
    const wanted = `${image('1.1.0')}@${digest}`
    await eventually('dev runs it', async () => (await running('dev')) === wanted)
    await service.kill()
    await service.start()
    await asked('1.1.0')
    expect(openPull()).toBeUndefined()
    await clickAll(ACTION_APPROVE, ['U1ANNA', 'U2BEN', 'U3CARA'])
    await eventually('the pull request is open', async () => openPull() !== undefined)
    expect(await running('prod')).toBe(image('1.0.0'))
    await service.kill()
    mergeByPerson()
    await service.start()
    await eventually('prod runs it', async () => (await running('prod')) === wanted)
    await eventually('the message says so', async () => shown().includes('healthy'))
    expect(slack.messages).toHaveLength(1)
    expect(git.file(FILE)).toBe(`image: ${wanted}\n`)
    expect(await told('delivered', 'dev')).toHaveLength(1)
    expect((await told('healthy', 'prod')).map(({ detail }) => detail).join()).not.toContain('not observed')
    expect((await told('approved', 'prod')).length).toBeGreaterThanOrEqual(2)
  })

  it('never asks for an image that does not run in dev', async () => {
    const [before, messages] = [await running('dev'), slack.messages.length]
    await push('1.2.0-bad')
    await eventually('it was tried', async () => (await told('rolled-back', 'dev')).length === 1)
    expect(await running('dev')).toBe(before)
    const history = await service.client.history({ limit: '500' })
    expect(JSON.stringify(history.entries)).toMatch(/ImagePullBackOff.*Back-off pulling image/u)
    expect(slack.messages).toHaveLength(messages)
    expect(history.entries.some(({ stage, image: named }) => stage === 'prod' && named?.includes('1.2.0'))).toBe(false)
  })

  it('takes its question back when a newer one comes, whose answer it is not', async () => {
    await push('1.3.0')
    await asked('1.3.0')
    const [message, value] = [slack.messages.at(-1), slack.buttonOf(ACTION_APPROVE)]
    await send(slack.click({ user: 'U1ANNA', action: ACTION_APPROVE, value }))
    await push('1.4.0')
    await asked('1.4.0')
    await eventually('the old message says so', async () => JSON.stringify(message?.blocks).includes('superseded'))
    for (const user of ['U2BEN', 'U3CARA']) await send(slack.click({ user, action: ACTION_APPROVE, value }))
    await eventually('late clicks are in the history', async () => {
      const { entries } = await service.client.history({ limit: '500' })
      return entries.filter(({ reason }) => reason === 'vote-not-counted').length >= 2
    })
    expect(openPull()).toBeUndefined()
    expect(JSON.stringify(slack.messages.at(-1)?.blocks)).toContain('1.4.0')
  })

  it('is rejected with a reason, and no pull request is opened', async () => {
    const value = slack.buttonOf(ACTION_REJECT)
    await send(slack.submit({ user: 'U2BEN', callback: CALLBACK_REJECT, metadata: value, reason: 'broken login' }))
    await eventually('the message says so', async () => shown().includes('broken login'))
    expect(await told('rejected', 'prod')).toMatchObject([{ by: 'U2BEN' }])
    expect(repository.pulls).toHaveLength(1)
    expect(git.file(FILE)).toContain('1.1.0@sha256:')
  })

  /** Another program keeps the cluster in step with Git, in its own time. */
  async function applyFromGit(): Promise<void> {
    const wish = /image: (?<image>\S+)/u.exec(git.file(FILE))?.groups?.['image'] ?? ''
    if ((await running('prod')) === wish) return
    const value = [{ op: 'replace', path: '/spec/template/spec/containers/1/image', value: wish }]
    await cluster.demand('PATCH', `${deployments()}/prod`, value, JSON_PATCH)
  }
  function deployments(): string {
    return `/apis/apps/v1/namespaces/${cluster.namespace}/deployments`
  }
  function image(tag: string): string {
    return `${registry.host}/acme/shop:${tag}`
  }
  function push(tag: string): Promise<string> {
    return pushWithSkopeo(registry.host, 'acme/shop', tag, `promotion ${tag}`)
  }
  async function running(name: string): Promise<string> {
    const object = JSON.stringify(await cluster.demand('GET', `${deployments()}/${name}`))
    return /"name":"app","image":"(?<image>[^"]+)"/u.exec(object)?.groups?.['image'] ?? object
  }
  function send({ headers, body }: SignedForm): Promise<Response> {
    return fetch(`http://127.0.0.1:${port}/slack/interactions`, { method: 'POST', headers, body })
  }
  function shown(): string {
    return JSON.stringify(slack.messages.at(-1)?.blocks ?? [])
  }
  function asked(tag: string): Promise<void> {
    return eventually(`people are asked about ${tag}`, async () => {
      return shown().includes(tag) && slack.buttonOf(ACTION_APPROVE) !== ''
    })
  }
  async function clickAll(action: string, users: readonly string[]): Promise<void> {
    const value = slack.buttonOf(action)
    const answers = await Promise.all(users.map((user) => send(slack.click({ user, action, value }))))
    expect(answers.map(({ status }) => status)).toEqual(users.map(() => 200))
  }
  function openPull(): FakePull | undefined {
    return repository.pulls.find(({ state }) => state === 'OPEN')
  }
  function mergeByPerson(): void {
    const pull = openPull()
    if (pull === undefined) throw new Error('there is no open pull request')
    const mergeCommit = merge(repository, pull, 'merge')
    Object.assign(pull, { state: 'MERGED', mergeCommit, mergedBy: 'maintainer' })
  }
  async function told(kind: string, stage: string) {
    const { entries } = await service.client.history({ limit: '500' })
    return entries.filter((entry) => entry.kind === kind && entry.stage === stage)
  }
  function secrets(): Record<string, string> {
    return {
      HOOK: SECRET,
      SLACK_TOKEN: slack.token,
      SLACK_SIGNING_SECRET: slack.signingSecret,
      GITHUB_KEY: github.key,
      PATH: process.env['PATH'] ?? '',
    }
  }
  function configuration(): string {
    const { namespace } = cluster
    const approval = { slack: 'C0RELEASES', from: ['S0RELMGRS'], votes: 2, expires: '24h' }
    const workload = { cluster: 'here', namespace, workload: 'deployment/prod', container: 'app' }
    const parts = {
      registries: {
        local: {
          host: registry.host,
          insecure: true,
          sweep: 'none',
          events: { type: 'distribution', secret: 'env:HOOK' },
        },
      },
      git: { gitops: { github: 'acme/gitops', app: github.appId, key: 'env:GITHUB_KEY', api: github.url } },
      clusters: { here: { kubeconfig: `file:${kubeconfig}` } },
      slack: { token: 'env:SLACK_TOKEN', signingSecret: 'env:SLACK_SIGNING_SECRET', api: slack.api },
      stages: {
        dev: {},
        prod: { after: 'dev', gates: [{ soak: '2s' }, { approval }], health: { checks: [{ workload }] } },
      },
      subscriptions: {
        shop: {
          image: `${registry.host}/acme/shop`,
          tags: { semver: '>=1.0', prerelease: true },
          verify: 'none',
          stages: {
            dev: { cluster: 'here', namespace, workload: 'deployment/dev', container: 'app' },
            prod: { git: 'gitops', file: FILE, merge: 'by-person' },
          },
        },
      },
    }
    return Object.entries(parts)
      .map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
      .join('')
  }
})
