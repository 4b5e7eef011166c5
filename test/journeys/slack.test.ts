/** Approval in Slack, end to end: a push waits, people are asked, their clicks deliver it or do not. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startRegistry } from '../../src/cli/demo/registry.ts'
import { ACTION_APPROVE, ACTION_REJECT, CALLBACK_REJECT } from '../../src/conversations/slack-blocks.ts'
import { createRepository, type GitRepository } from '../helpers/git-repository.ts'
import { eventually, freePort, startService, type Service } from '../helpers/service.ts'
import { startSlackPeer, type SignedForm, type SlackPeer } from '../helpers/slack-peer.ts'

const SECRET = 'Bearer CANARY-of-the-hook'
const cleanup: (() => Promise<void> | void)[] = []
let service: Service
let slack: SlackPeer
let repository: GitRepository
let port = 0
let push: (tag: string) => Promise<string>

beforeAll(async () => {
  port = await freePort()
  slack = await startSlackPeer()
  cleanup.push(() => slack.close())
  slack.groups['S0RELMGRS'] = ['U1ANNA', 'U2BEN', 'U3CARA']
  const registry = await startRegistry({
    notify: { url: `http://127.0.0.1:${port}/hooks/local`, headers: { authorization: SECRET } },
  })
  cleanup.push(() => registry.close())
  const image = `${registry.host}/acme/app`
  repository = createRepository({ 'app.yaml': `image: ${image}:1.0.0\n` })
  cleanup.push(() => repository.close())
  const yaml = `registries:
  local: { host: "${registry.host}", insecure: true, events: { type: distribution, secret: env:HOOK } }
git:
  gitops: { url: ${repository.path} }
slack: { token: env:SLACK_TOKEN, signingSecret: env:SLACK_SIGNING_SECRET, api: "${slack.api}" }
people:
  anna: { slack: U1ANNA }
stages:
  prod: { gates: [{ approval: { slack: C0RELEASES, from: [S0RELMGRS], votes: 2, expires: 24h } }] }
subscriptions:
  app: { image: "${image}", tags: { semver: ">=1" }, verify: none, stages: { prod: { git: gitops, file: app.yaml } } }
`
  const env = { HOOK: SECRET, SLACK_TOKEN: slack.token, SLACK_SIGNING_SECRET: slack.signingSecret }
  service = await startService({ yaml, port, env })
  cleanup.push(() => service.remove())
  push = (tag) => registry.pushImage('acme/app', tag)
})
afterAll(async () => {
  for (const step of cleanup.splice(0).toReversed()) await step()
})

const send = ({ headers, body }: SignedForm) =>
  fetch(`http://127.0.0.1:${port}/slack/interactions`, { method: 'POST', headers, body })
const shown = () => JSON.stringify(slack.messages.at(-1)?.blocks ?? [])
const written = () => repository.file('app.yaml')
const asked = (tag: string) =>
  eventually(
    `people are asked about ${tag}`,
    async () => shown().includes(tag) && slack.buttonOf(ACTION_APPROVE) !== '',
  )

describe('a push that people have to approve', () => {
  it('waits, and is delivered once when enough of them click, three at the same time', async () => {
    const digest = await push('1.1.0')
    await asked('1.1.0')
    expect(written()).not.toContain(digest)
    const value = slack.buttonOf(ACTION_APPROVE)
    const forms = ['U1ANNA', 'U2BEN', 'U3CARA'].map((user) => slack.click({ user, action: ACTION_APPROVE, value }))
    const answers = await Promise.all(forms.map(send))
    expect(await Promise.all(answers.map(async (one) => [one.status, await one.text()]))).toEqual([
      [200, ''],
      [200, ''],
      [200, ''],
    ])
    await eventually('it is delivered', async () => written().includes(digest))
    await eventually('the message says so', async () => shown().includes('healthy'))
    expect(slack.messages).toHaveLength(1)
    expect(slack.buttonOf(ACTION_APPROVE)).toBe('')
    const { entries } = await service.client.history({ limit: '100' })
    expect(entries.filter(({ kind }) => kind === 'delivered')).toHaveLength(1)
    const approvals = entries.filter(({ kind }) => kind === 'approved').map(({ by }) => by)
    expect(approvals.length).toBeGreaterThanOrEqual(2)
    expect(approvals.every((by) => ['anna', 'U2BEN', 'U3CARA'].includes(by ?? ''))).toBe(true)
  })

  it('is not delivered by a stranger, by one person twice, or by a forged or a replayed click', async () => {
    const digest = await push('1.2.0')
    await asked('1.2.0')
    const value = slack.buttonOf(ACTION_APPROVE)
    const anna = slack.click({ user: 'U1ANNA', action: ACTION_APPROVE, value })
    const forged = { ...slack.click({ user: 'U2BEN', action: ACTION_APPROVE, value }), headers: anna.headers }
    const old = slack.click({ user: 'U3CARA', action: ACTION_APPROVE, value, at: Date.now() - 600_000 })
    const stranger = slack.click({ user: 'U9MALLORY', action: ACTION_APPROVE, value })
    expect((await send(stranger)).status).toBe(200)
    expect((await send(anna)).status).toBe(200)
    expect((await send(anna)).status).toBe(200)
    expect((await send(forged)).status).toBe(401)
    expect((await send(old)).status).toBe(401)
    await eventually('the stranger is in the history', async () => {
      const { entries } = await service.client.history({ limit: '100' })
      return entries.some(({ reason, by }) => reason === 'vote-not-counted' && by === 'U9MALLORY')
    })
    await eventually("anna's vote is shown", async () => shown().includes('approved by anna'))
    expect(written()).not.toContain(digest)
  })

  it('is rejected with a reason that is asked for, and does not come again', async () => {
    const value = slack.buttonOf(ACTION_REJECT)
    expect((await send(slack.click({ user: 'U2BEN', action: ACTION_REJECT, value, trigger: '1.2.3' }))).status).toBe(
      200,
    )
    expect(slack.calls.at(-1)).toMatchObject({ method: 'views.open', parameters: { trigger_id: '1.2.3' } })
    const form = slack.submit({ user: 'U2BEN', callback: CALLBACK_REJECT, metadata: value, reason: 'broken login' })
    const answer = await send(form)
    expect([answer.status, await answer.text()]).toEqual([200, ''])
    await eventually('the message says so', async () => shown().includes('broken login'))
    const [app] = (await service.client.status({})).subscriptions
    expect(app?.stages[0]?.refused).toMatchObject([{ reason: 'rejected', detail: 'broken login', by: 'U2BEN' }])
  })

  it('keeps its message over a restart', async () => {
    const before = slack.messages.length
    const digest = await push('1.3.0')
    await asked('1.3.0')
    const value = slack.buttonOf(ACTION_APPROVE)
    const approveBy = (user: string) => send(slack.click({ user, action: ACTION_APPROVE, value }))
    await approveBy('U1ANNA')
    // Changed in place: so its message is known for good.
    await eventually("anna's vote is shown", async () => shown().includes('approved by anna'))
    await service.kill()
    await service.start()
    await approveBy('U2BEN')
    await eventually('it is delivered', async () => written().includes(digest))
    await eventually('the message says so', async () => shown().includes('healthy'))
    expect(slack.messages).toHaveLength(before + 1)
  })

  it('shows none of its secrets', () => {
    for (const secret of [slack.token, slack.signingSecret, SECRET]) expect(service.log()).not.toContain(secret)
  })
})
