/** Many promotions at once in Slack, end to end: a list whose rows are answered one by one, or all together. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startRegistry } from '../../src/cli/demo/registry.ts'
import { ACTION_APPROVE_ALL, APPROVE, REJECT } from '../../src/conversations/slack-list.ts'
import { CALLBACK_REJECT } from '../../src/conversations/slack-blocks.ts'
import { createRepository, type GitRepository } from '../helpers/git-repository.ts'
import { eventually, freePort, startService, type Service } from '../helpers/service.ts'
import { startSlackPeer, type SignedForm, type SlackPeer } from '../helpers/slack-peer.ts'

const SECRET = 'Bearer CANARY-of-the-hook'
const NAMES = Array.from({ length: 9 }, (_, index) => `app-${index}`)
const cleanup: (() => Promise<void> | void)[] = []
let service: Service
let slack: SlackPeer
let repository: GitRepository
let port = 0
let digest = ''

beforeAll(async () => {
  port = await freePort()
  slack = await startSlackPeer()
  cleanup.push(() => slack.close())
  slack.groups['S0RELMGRS'] = ['U1ANNA', 'U2BEN']
  const notify = { url: `http://127.0.0.1:${port}/hooks/local`, headers: { authorization: SECRET } }
  const registry = await startRegistry({ notify })
  cleanup.push(() => registry.close())
  const image = `${registry.host}/acme/app`
  repository = createRepository(Object.fromEntries(NAMES.map((name) => [`${name}.yaml`, `image: ${image}:1.0.0\n`])))
  cleanup.push(() => repository.close())
  const subscription = (name: string): string =>
    `  ${name}: { image: "${image}", tags: { semver: ">=1" }, verify: none, stages: { prod: { git: gitops, file: ${name}.yaml } } }`
  const yaml = `registries:
  local: { host: "${registry.host}", insecure: true, events: { type: distribution, secret: env:HOOK } }
git:
  gitops: { url: ${repository.path} }
slack: { token: env:SLACK_TOKEN, signingSecret: env:SLACK_SIGNING_SECRET, api: "${slack.api}" }
people:
  anna: { slack: U1ANNA }
stages:
  prod: { gates: [{ approval: { slack: C0RELEASES, from: [S0RELMGRS], expires: 24h } }] }
subscriptions:
${NAMES.map(subscription).join('\n')}
`
  const env = { HOOK: SECRET, SLACK_TOKEN: slack.token, SLACK_SIGNING_SECRET: slack.signingSecret }
  service = await startService({ yaml, port, env })
  cleanup.push(() => service.remove())
  digest = await registry.pushImage('acme/app', '1.1.0')
  await eventually('the last four are listed', async () => rows().length === 4)
})
afterAll(async () => {
  for (const step of cleanup.splice(0).toReversed()) await step()
})

type Menu = { readonly options: readonly { readonly text: { readonly text: string }; readonly value: string }[] }

/** The menus of the one message that is a list. */
const list = () => slack.messages.find(({ text }) => text.includes('images → prod'))
const rows = () =>
  (list()?.blocks ?? []).flatMap(({ accessory }) => (accessory === undefined ? [] : [accessory as Menu]))
const optionOf = (row: number, word: string) => rows()[row]?.options.find(({ value }) => value.startsWith(word))
const nameOf = (row: number) => /app-[0-9]/u.exec(optionOf(row, APPROVE)?.text.text ?? '')?.[0] ?? ''
const isWritten = (name: string) => repository.file(`${name}.yaml`).includes(digest)
const shown = () => JSON.stringify(list()?.blocks)
const send = ({ headers, body }: SignedForm) =>
  fetch(`http://127.0.0.1:${port}/slack/interactions`, { method: 'POST', headers, body })

describe('nine promotions at once', () => {
  it('are five messages and a list', () => {
    expect(slack.messages.filter(({ text }) => text.includes('→ prod: waits'))).toHaveLength(5)
    expect(slack.messages).toHaveLength(6)
  })

  it('of which one is rejected with a reason, and drops only itself', async () => {
    const [name, option] = [nameOf(1), optionOf(1, REJECT)]
    const { value = '', text } = option ?? {}
    expect((await send(slack.choose({ user: 'U2BEN', value, text: text?.text ?? '' }))).status).toBe(200)
    const form = slack.calls.findLast(({ method }) => method === 'views.open')
    expect(JSON.stringify(form?.parameters)).toContain(`Reject ${name} 1.1.0. It does not come again`)
    const { view } = (form?.parameters ?? { view: {} }) as { view: { private_metadata: string } }
    const submit = { user: 'U2BEN', callback: CALLBACK_REJECT, metadata: view.private_metadata, reason: 'broken login' }
    await send(slack.submit(submit))
    await eventually('the row says why', async () => shown().includes('rejected: rejected: broken login'))
    expect(rows()).toHaveLength(3)
    expect(NAMES.filter(isWritten)).toEqual([])
    const { subscriptions } = await service.client.status({})
    const refused = subscriptions.filter(({ stages }) => stages.some((stage) => stage.refused.length > 0))
    expect(refused.map(({ subscription }) => subscription)).toEqual([name])
  })

  it('of which one is approved from its menu, alone', async () => {
    const name = nameOf(0)
    await send(slack.choose({ user: 'U1ANNA', value: optionOf(0, APPROVE)?.value ?? '' }))
    await eventually('it is delivered', async () => isWritten(name))
    await eventually('the row says so', async () => rows().length === 2)
    expect(NAMES.filter(isWritten)).toEqual([name])
  })

  it('of which the rest of the list is approved by one click', async () => {
    const names = [nameOf(0), nameOf(1)]
    const before = slack.messages.length
    const buttons = (list()?.blocks.at(-1)?.['elements'] ?? []) as { value: string }[]
    const value = buttons[0]?.value ?? ''
    await send(slack.click({ user: 'U1ANNA', action: ACTION_APPROVE_ALL, value }))
    await eventually('both are delivered', async () => names.every(isWritten))
    await eventually('the list says so', async () => rows().length === 0)
    expect(NAMES.filter(isWritten)).toHaveLength(3)
    expect(slack.messages).toHaveLength(before)
  })
})
