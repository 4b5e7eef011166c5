/** GitHub all the way: a pull request is reviewed, merged and delivered; word of it is taken; the developers of the image are answered. */

import { createHash, createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tinyImage, type TinyImage } from '../../src/cli/demo/image.ts'
import { pushTinyImage } from '../../src/cli/demo/push.ts'
import { startRegistry } from '../../src/cli/demo/registry.ts'
import { createHttp } from '../../src/clients/http.ts'
import { Digest } from '../../src/domain/image.ts'
import { addPull, addReview } from '../helpers/fake-github-rest.ts'
import type { FakePull, FakeRepository } from '../helpers/fake-github-state.ts'
import { startFakeGitHub, type FakeGitHub } from '../helpers/fake-github.ts'
import { createRepository, type GitRepository } from '../helpers/git-repository.ts'
import { eventually, freePort, startService, type Service } from '../helpers/service.ts'

const HOOK = 'Bearer CANARY-of-the-registry'
const GIT_HOOK = 'CANARY-of-the-git-host'
const BRANCH = 'drayage/app/prod'
const cleanup: (() => Promise<void> | void)[] = []
const http = createHttp({ fetch: (url, init) => fetch(url, init), now: Date.now, random: Math.random })
let github: FakeGitHub
let gitops: FakeRepository
let payments: FakeRepository
let repository: GitRepository
let developed: GitRepository
let service: Service
let push: (tag: string, commit: string) => Promise<string>

beforeAll(async () => {
  const port = await freePort()
  github = await startFakeGitHub()
  cleanup.push(() => github.close())
  github.addToken('ghp_delivers', { login: 'drayage-robot' })
  const rights = { contents: 'read', statuses: 'write', deployments: 'write', pull_requests: 'write', checks: 'read' }
  github.addToken('ghp_answers', { login: 'drayage-robot', permissions: rights })
  const registry = await startRegistry({
    notify: { url: `http://127.0.0.1:${port}/hooks/local`, headers: { authorization: HOOK } },
  })
  cleanup.push(() => registry.close())
  const image = `${registry.host}/acme/app`
  repository = createRepository({ 'app.yaml': `image: ${image}:1.0.0\n` })
  developed = createRepository({ 'main.ts': 'hello\n' })
  cleanup.push(
    () => repository.close(),
    () => developed.close(),
  )
  gitops = github.addRepository('acme/gitops', repository)
  payments = github.addRepository('acme/payments', developed)
  const yaml = `registries:
  local: { host: "${registry.host}", insecure: true, events: { type: distribution, secret: env:HOOK } }
git:
  gitops: { github: acme/gitops, token: env:DELIVERS, api: "${github.url}", webhook: env:GIT_HOOK }
people:
  anna: { github: Ann-GH }
stages:
  prod: { gates: [{ approval: { from: [anna, "github:cara"], otherWays: 1 } }] }
subscriptions:
  app:
    image: "${image}"
    tags: { semver: ">=1" }
    verify: none
    source: { github: acme/payments, token: env:ANSWERS, api: "${github.url}", status: true, deployments: true, comments: true }
    stages: { prod: { git: gitops, file: app.yaml, merge: when-approved } }
`
  const env = { HOOK, GIT_HOOK, DELIVERS: 'ghp_delivers', ANSWERS: 'ghp_answers' }
  service = await startService({ yaml, port, env })
  cleanup.push(() => service.remove())
  push = async (tag, commit) => {
    const target = { host: registry.host, repository: 'acme/app', tag, authorization: null }
    return pushTinyImage(http, target, labelled(tag, `${github.url}/acme/payments`, commit))
  }
})
afterAll(async () => {
  for (const step of cleanup.splice(0).toReversed()) await step()
})

/** As `docker build` with labels makes it. */
function labelled(tag: string, source: string, revision: string): TinyImage {
  const { blobs, manifest } = tinyImage(tag)
  const made = (bytes: Buffer, mediaType: string) => {
    return { bytes, mediaType, digest: Digest.parse(`sha256:${createHash('sha256').update(bytes).digest('hex')}`) }
  }
  const was = blobs[0]
  if (was === undefined) throw new Error('an image has a configuration')
  const content = JSON.parse(was.bytes.toString('utf8')) as { config: object }
  const Labels = { 'org.opencontainers.image.source': source, 'org.opencontainers.image.revision': revision }
  const config = made(Buffer.from(JSON.stringify({ ...content, config: { ...content.config, Labels } })), was.mediaType)
  const described = { mediaType: config.mediaType, digest: config.digest, size: config.bytes.length }
  const whole = { ...(JSON.parse(manifest.bytes.toString('utf8')) as object), config: described }
  return { blobs: [config, ...blobs.slice(1)], manifest: made(Buffer.from(JSON.stringify(whole)), manifest.mediaType) }
}

const word = (payload: object, secret = GIT_HOOK) => {
  const body = JSON.stringify({ ...payload, repository: { full_name: 'acme/gitops' } })
  const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
  const headers = { 'content-type': 'application/json', 'x-hub-signature-256': signature }
  return fetch(`${service.hooks}/hooks/git/gitops`, { method: 'POST', headers, body })
}
const submitted = (at: string) => ({
  action: 'submitted',
  review: { submitted_at: at },
  pull_request: { head: { ref: BRANCH, repo: { full_name: 'acme/gitops' } } },
})
const developerPull = (): { pull: FakePull; commit: string } => {
  const commit = developed.commit({ 'main.ts': `${Math.random()}\n` })
  const pull = addPull(payments, {
    head: 'feature',
    base: 'main',
    headOid: commit,
    title: 'a',
    body: '',
    fromFork: true,
  })
  Object.assign(pull, { state: 'MERGED', mergeCommit: commit })
  return { pull, commit }
}
const opened = async (digest: string): Promise<FakePull> => {
  await eventually('a pull request shows it', async () => gitops.pulls.at(-1)?.body.includes(digest) === true)
  const pull = gitops.pulls.at(-1)
  if (pull === undefined) throw new Error('no pull request')
  return pull
}
const statuses = (commit: string) => payments.source.statuses.filter(({ sha }) => sha === commit)

describe('a push to a stage that is approved by reviews', () => {
  it('shows its pull request, and is merged and delivered when somebody who may approves it there', async () => {
    const { pull: developers, commit } = developerPull()
    const digest = await push('1.1.0', commit)
    const pull = await opened(digest)
    await eventually(
      'its developers know that it waits',
      async () => statuses(commit).at(-1)?.url.endsWith('/pull/1') === true,
    )
    expect(statuses(commit).at(-1)).toMatchObject({ state: 'pending', context: 'drayage/app/prod' })
    addReview(pull, { by: 'mallory', state: 'APPROVED' })
    expect((await word(submitted('1'))).status).toBe(202)
    await eventually('it is told that a stranger does not count', async () => {
      const { entries } = await service.client.history({ limit: '100' })
      return entries.some(({ reason, by }) => reason === 'vote-not-counted' && by === 'github:mallory')
    })
    expect(repository.file('app.yaml')).not.toContain(digest)
    addReview(pull, { by: 'Ann-GH', state: 'APPROVED', body: 'looks good' })
    expect((await word(submitted('2'))).status).toBe(202)
    await eventually('it is merged', async () => repository.file('app.yaml').includes(digest))
    await eventually('its developers know', async () => statuses(commit).at(-1)?.state === 'success')
    await eventually(
      'so does their deployment',
      async () => payments.source.deployments[0]?.states.at(-1)?.state === 'success',
    )
    expect(payments.source.deployments.map(({ sha, environment }) => [sha, environment])).toEqual([
      [commit, 'app/prod'],
    ])
    expect(developers.comments).toEqual([])
    const { entries } = await service.client.history({ limit: '100' })
    expect(entries.find(({ kind }) => kind === 'approved')).toMatchObject({
      by: 'anna',
      reason: 'git',
      detail: 'approved: looks good',
    })
  })

  it('is turned down by a request for changes, and its developers read why under their pull request', async () => {
    const { pull: developers, commit } = developerPull()
    const digest = await push('1.2.0', commit)
    const pull = await opened(digest)
    addReview(pull, { by: 'cara', state: 'CHANGES_REQUESTED', body: 'not on a Friday @acme/all' })
    expect((await word(submitted('3'))).status).toBe(202)
    await eventually('the pull request is closed', async () => pull.state === 'CLOSED')
    await eventually('a comment says why', async () => developers.comments.length > 0)
    await eventually('the status says so', async () => statuses(commit).at(-1)?.state === 'failure')
    expect(developers.comments.map(({ body }) => body)).toEqual([
      expect.stringContaining('`1.2.0` at `prod`: `rejected: not on a Friday @acme/all`'),
    ])
    expect(repository.file('app.yaml')).not.toContain(digest)
  })
})

describe('word of the Git host', () => {
  it('is taken once, by its signature alone, and stands in the record', async () => {
    expect((await word(submitted('9'), 'guess')).status).toBe(401)
    expect((await word({ zen: 'Keep it logically awesome.' })).status).toBe(200)
    expect((await word(submitted('9'))).status).toBe(202)
    expect((await word(submitted('9'))).status).toBe(200)
    await eventually('it is worked in', async () => {
      const { events } = await service.client.events({ limit: '100' })
      return events.some(
        ({ accepted, walk }) =>
          accepted.source === 'git/gitops' && walk.some(({ reason }) => reason === 'pull-request'),
      )
    })
  })

  it('of an entry that has no secret is nowhere', async () => {
    const answer = await fetch(`${service.hooks}/hooks/git/other`, { method: 'POST', body: '{}' })
    expect(answer.status).toBe(404)
  })

  it('tells no secret, whatever happens', () => {
    expect(service.log()).not.toMatch(/CANARY|ghp_/u)
    expect(github.violations).toEqual([])
  })
})
