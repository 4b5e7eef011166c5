/** Every channel of one-way news does the same, and says it in its own form. */

import { createHmac } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Entry } from '../../../src/domain/history.ts'
import type { Http } from '../../../src/clients/http.ts'
import type { Secret } from '../../../src/domain/secret.ts'
import { createDiscordNotifier } from '../../../src/notifications/discord.ts'
import { createMattermostNotifier } from '../../../src/notifications/mattermost.ts'
import { noticeOf, NOTICE_KINDS, type Notice } from '../../../src/domain/notice.ts'
import type { Notifier } from '../../../src/notifications/notifier.ts'
import { createOpsgenieNotifier } from '../../../src/notifications/opsgenie.ts'
import { createPagerDutyNotifier } from '../../../src/notifications/pagerduty.ts'
import { createTeamsNotifier } from '../../../src/notifications/teams.ts'
import { createWebhookNotifier } from '../../../src/notifications/webhook.ts'
import { guardedHttp, startPeer, type Asked } from '../../helpers/cloud-peer.ts'

const AT = Date.UTC(2026, 10, 1, 9)
const CANARY = 'canary-in-the-address'
const KEY = Buffer.alloc(32, 7)
const IMAGE = `docker.io/acme/payments:1.4.3@sha256:${'1'.repeat(64)}`
const HOSTILE = '@everyone <!channel> **bold** [link](https://evil.example) `code`'

const entry: Entry = {
  kind: 'rolled-back',
  reason: 'CrashLoopBackOff',
  detail: 'exit code 1',
  stage: 'prod',
  image: IMAGE,
  promotion: 'payments/prod/sha256:1#1',
  document: 'line/payments',
  seq: 7,
  at: AT,
  config: 'c',
  hash: 'h',
}
const noticed = (changed: Partial<Entry> = {}): Notice => {
  const notice = noticeOf({ ...entry, ...changed })
  if (notice === null) throw new Error('expected a notice')
  return notice
}

type Peer = Awaited<ReturnType<typeof startPeer>>
let peer: Peer
let status: number
let http: Http
beforeEach(async () => {
  status = 200
  const answer = () => (status === 200 ? {} : status)
  peer = await startPeer({
    [`POST /${CANARY}`]: answer,
    'POST /v2/enqueue': answer,
    'POST /v2/alerts': answer,
    'POST /v2/alerts/drayage%2Fpayments%2Fprod/close': answer,
  })
  http = guardedHttp()
})
afterEach(() => peer.close())

const is =
  (value: string): Secret =>
  async () => [value]
const address = (): Secret => is(new URL(`/${CANARY}`, peer.url).href)
const channels: Readonly<Record<string, () => Notifier>> = {
  webhook: () =>
    createWebhookNotifier({ http, url: address(), secret: is(`whsec_${KEY.toString('base64')}`), now: () => AT }),
  teams: () => createTeamsNotifier(http, address()),
  discord: () => createDiscordNotifier(http, address()),
  mattermost: () => createMattermostNotifier(http, address()),
  pagerduty: () => createPagerDutyNotifier({ http, key: is(CANARY), api: new URL('/v2/enqueue', peer.url).href }),
  opsgenie: () => createOpsgenieNotifier({ http, key: is(CANARY), api: peer.url.origin }),
}

describe.each(Object.entries(channels))('%s', (_name, create) => {
  it('tells what happened, where and to what', async () => {
    expect(await create().notify(noticed())).toEqual({ ok: true, value: null })
    expect(peer.asked).toHaveLength(1)
    const said = peer.asked[0]?.body ?? ''
    for (const text of ['payments/prod', 'rolled', 'exit code 1', IMAGE]) expect(said).toContain(text)
  })

  it.each([429, 500, 503])('tries again after %i, and never says its address', async (refused) => {
    status = refused
    const told = create().notify(noticed())
    await expect(told).rejects.toMatchObject({ name: 'RetryLater' })
    await expect(told).rejects.not.toThrow(CANARY)
  })

  it.each([400, 401, 403, 404, 410])('gives up after %i, and never says its address', async (refused) => {
    status = refused
    const told = await create().notify(noticed())
    expect(told).toMatchObject({ ok: false, error: { reason: 'refused' } })
    expect(JSON.stringify(told)).not.toContain(CANARY)
  })

  it('tries again where nobody listens, and never says its address', async () => {
    const notifier = create()
    await peer.close()
    const told = notifier.notify(noticed())
    await expect(told).rejects.toMatchObject({ name: 'RetryLater' })
    await expect(told).rejects.not.toThrow(CANARY)
    peer = await startPeer({})
  })
})

describe.each(['teams', 'discord', 'mattermost'])('%s shows text from outside as text', (name) => {
  it('in code spans', async () => {
    await channels[name]?.().notify(noticed({ detail: HOSTILE }))
    const said = JSON.stringify(JSON.parse(peer.asked[0]?.body ?? ''))
    expect(said).toMatch(/``+ ?@everyone/u)
  })
})

it('nobody is mentioned in Discord whatever the text says', async () => {
  await channels['discord']?.().notify(noticed({ detail: HOSTILE }))
  expect(JSON.parse(peer.asked[0]?.body ?? '')).toMatchObject({ allowed_mentions: { parse: [] } })
})

it('a webhook is signed, with the same id each time', async () => {
  await channels['webhook']?.().notify(noticed())
  await channels['webhook']?.().notify(noticed())
  const [first, second] = peer.asked as [Asked, Asked]
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = first.headers
  const expected = createHmac('sha256', KEY).update(`${id}.${timestamp}.${first.body}`).digest('base64')
  expect(signature).toBe(`v1,${expected}`)
  expect(second.headers['webhook-id']).toBe(id)
  expect(JSON.parse(first.body)).toMatchObject({ type: 'promotion.rolled-back', timestamp: new Date(AT).toISOString() })
})

it.each(['pagerduty', 'opsgenie'])('%s is not woken for what is only good to know', async (name) => {
  await channels[name]?.().notify(noticed({ kind: 'delivered' }))
  expect(peer.asked).toEqual([])
})

it('PagerDuty opens one alert for a stage and resolves it when that is healthy', async () => {
  await channels['pagerduty']?.().notify(noticed())
  await channels['pagerduty']?.().notify(noticed({ kind: 'healthy', seq: 8 }))
  const said = peer.asked.map(({ body }) => JSON.parse(body))
  expect(said).toMatchObject([
    { event_action: 'trigger', dedup_key: 'drayage/payments/prod', payload: { severity: 'critical' } },
    { event_action: 'resolve', dedup_key: 'drayage/payments/prod' },
  ])
})

it('Opsgenie opens one alert for a stage and closes it when that is healthy', async () => {
  await channels['opsgenie']?.().notify(noticed())
  await channels['opsgenie']?.().notify(noticed({ kind: 'healthy', seq: 8 }))
  expect(peer.asked.map(({ url }) => url.pathname)).toEqual([
    '/v2/alerts',
    '/v2/alerts/drayage%2Fpayments%2Fprod/close',
  ])
  expect(peer.asked[0]?.headers['authorization']).toBe(`GenieKey ${CANARY}`)
})

it.each(['not an address', 'ftp://example.com/x', ''])('an address such as %j is refused', async (wrong) => {
  expect(await createTeamsNotifier(http, is(wrong)).notify(noticed())).toMatchObject({ ok: false })
})

it('news is made of what people want to know, and of nothing else', () => {
  expect(noticeOf({ ...entry, kind: 'ignored' })).toBeNull()
  expect(NOTICE_KINDS).toContain('rolled-back')
  expect(noticed({ kind: 'healthy' })).toMatchObject({ urgency: 'tell', isWell: true, id: 'line/payments#7' })
})
