import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHttp } from '../../../src/clients/http.ts'
import { createSlack } from '../../../src/clients/slack.ts'
import { ROWS_MAX } from '../../../src/domain/bulletin.ts'
import type { Card, CardRow } from '../../../src/domain/card.ts'
import { createSlackConversation, type SlackConversation } from '../../../src/conversations/slack.ts'
import { ACTION_APPROVE, ACTION_REJECT } from '../../../src/conversations/slack-blocks.ts'
import { ACTION_APPROVE_ALL } from '../../../src/conversations/slack-list.ts'
import { RetryLater } from '../../../src/domain/retry.ts'
import { startSlackPeer, type SlackPeer } from '../../helpers/slack-peer.ts'

const card: Card = {
  promotion: 'payments/prod/sha256:1#1',
  title: 'payments → prod',
  tone: 'waits',
  status: 'waits for 2 approvals',
  changes: [{ repository: 'docker.io/acme/payments', from: '1.4.1', to: '1.4.2', digest: `sha256:${'1'.repeat(64)}` }],
  facts: [{ label: 'signed by', text: 'release.yml' }],
  waitsFor: ['approval: 2 of S0RELMGRS'],
  votes: [{ person: 'U1', decision: 'approve', at: 1_700_000_000_000, reason: null }],
  links: [{ label: 'pull request', url: 'https://github.com/acme/gitops/pull/7?a=1&b=2' }],
  ask: 'ask-1',
}

let peer: SlackPeer
let conversation: SlackConversation
let clock = 0

beforeEach(async () => {
  peer = await startSlackPeer()
  const http = createHttp({ fetch: (url, init) => fetch(url, init), now: Date.now, random: () => 0 })
  clock = 1_000
  conversation = createSlackConversation(
    createSlack({ http, token: async () => [peer.token], api: peer.api }),
    () => clock,
  )
})
afterEach(() => peer.close())

const shown = () => JSON.stringify(peer.messages.at(-1)?.blocks)

describe("a promotion's message", () => {
  it('is posted once and changes in place', async () => {
    const first = await conversation.show(card, 'C0RELEASES', null)
    if (!first.ok) throw new Error(first.error.detail)
    const second = await conversation.show(
      { ...card, tone: 'good', status: 'healthy', ask: null },
      'C0RELEASES',
      first.value,
    )
    expect(second).toEqual(first)
    expect(peer.messages).toMatchObject([{ channel: 'C0RELEASES', updates: 1, text: 'payments → prod: healthy' }])
    expect(peer.buttonOf(ACTION_APPROVE)).toBe('')
  })

  it('says what changes, who voted, and what it waits for', async () => {
    await conversation.show(card, 'C0RELEASES', null)
    for (const text of [
      '1.4.1 → *1.4.2*',
      'sha256:111111111111',
      'release.yml',
      'approved by U1',
      'approval: 2 of S0RELMGRS',
    ]) {
      expect(shown()).toContain(text)
    }
    expect(shown()).toContain('<https://github.com/acme/gitops/pull/7?a=1&amp;b=2|pull request>')
  })

  it('has buttons that hold nothing but the opaque id', async () => {
    await conversation.show(card, 'C0RELEASES', null)
    expect([peer.buttonOf(ACTION_APPROVE), peer.buttonOf(ACTION_REJECT)]).toEqual(['ask-1', 'ask-1'])
  })

  it('is posted anew where somebody deleted it', async () => {
    await conversation.show(card, 'C0RELEASES', { channel: 'C0RELEASES', message: '1.1' })
    expect(peer.messages).toHaveLength(1)
  })

  it.each(['<!channel>', '<@U0BOSS>', '@here', '<https://evil.example|pull request>'])(
    'shows %j as text',
    async (text) => {
      const changes = [{ repository: text, from: text, to: text, digest: text }]
      const votes = [{ person: text, decision: 'reject' as const, at: 0, reason: text }]
      const said = { title: text, status: text, changes, votes, waitsFor: [text], facts: [{ label: text, text }] }
      await conversation.show(
        { ...card, ...said, links: [{ label: text, url: 'https://a.example' }] },
        'C0RELEASES',
        null,
      )
      const blocks = (peer.messages.at(-1)?.blocks ?? []).filter((block) => block['type'] !== 'header')
      expect(JSON.stringify(blocks)).not.toContain(text)
    },
  )

  it('CVE-2026-45738, CVE-2022-31035: shows no link that is no web address', async () => {
    await conversation.show({ ...card, links: [{ label: 'x', url: 'javascript:alert(1)' }] }, 'C0RELEASES', null)
    expect(shown()).not.toContain('javascript')
  })

  it("stays within Slack's bounds whatever it is given", async () => {
    const long = 'x'.repeat(5_000)
    const many = Array.from({ length: 200 }, () => long)
    const posted = await conversation.show(
      {
        ...card,
        title: long,
        status: long,
        changes: many.map((text) => ({ repository: text, from: text, to: text, digest: text })),
        facts: many.map((text) => ({ label: text, text })),
        waitsFor: many,
        votes: many.map((text) => ({ person: text, decision: 'approve', at: 0, reason: text })),
        links: many.map((text) => ({ label: text, url: 'https://a.example' })),
      },
      'C0RELEASES',
      null,
    )
    expect(posted).toMatchObject({ ok: true })
  })

  it('says what to do where the channel is not there', async () => {
    const posted = await conversation.show(card, 'C0NOWHERE', null)
    expect(posted).toMatchObject({
      ok: false,
      error: { reason: 'channel-not-found', detail: expect.stringContaining('invite the app') },
    })
  })
})

describe('a list', () => {
  const row: CardRow = {
    title: 'payments',
    tone: 'waits',
    status: 'waits for one',
    from: '1.4.1',
    to: '1.4.2',
    digest: `sha256:${'1'.repeat(64)}`,
    more: 2,
    compare: `https://github.com/acme/payments/compare/${'a'.repeat(40)}...${'b'.repeat(40)}`,
    ask: 'bulletin/C0/prod#1',
  }
  const listed = (rows: readonly CardRow[], askAll: string | null = 'bulletin/C0/prod#all.1.3') =>
    conversation.list({ title: `${rows.length} images → prod`, rows, askAll }, 'C0RELEASES', null)
  const blocks = () => peer.messages.at(-1)?.blocks ?? []

  it('says of each what changes, and gives it a menu that holds its opaque id', async () => {
    await listed([row, { ...row, title: 'search', ask: null, tone: 'bad', status: 'rejected: broken login' }])
    expect(shown()).toContain('1.4.1 → *1.4.2* and 2 more')
    expect(shown()).toContain(`compare/${'a'.repeat(12)}...${'b'.repeat(12)}|compare>`)
    expect(shown()).toContain('rejected: broken login')
    const menus = blocks().flatMap((block) => (block['accessory'] === undefined ? [] : [block['accessory']]))
    expect(menus).toMatchObject([
      { type: 'overflow', options: [{ value: 'approve bulletin/C0/prod#1' }, { value: 'reject bulletin/C0/prod#1' }] },
    ])
  })

  it('has one button for all that are asked about, which asks back', async () => {
    await listed([row, row])
    expect(peer.buttonOf(ACTION_APPROVE_ALL)).toBe('bulletin/C0/prod#all.1.3')
    expect(JSON.stringify(blocks().at(-1))).toContain('"confirm"')
    await listed([row], null)
    expect(peer.buttonOf(ACTION_APPROVE_ALL)).toBe('')
  })

  it('is posted once and changes in place', async () => {
    const first = await listed([row])
    if (!first.ok) throw new Error(first.error.detail)
    const second = await conversation.list({ title: 'x', rows: [row], askAll: null }, 'C0RELEASES', first.value)
    expect([second, peer.messages.length]).toEqual([first, 1])
  })

  it.each(['x', '<', '&', '💥'])("stays within Slack's bounds when it is full of %j", async (character) => {
    const long = character.repeat(2_000)
    const rows = Array.from({ length: ROWS_MAX }, () => {
      return { ...row, title: long, status: long, from: long, to: long, digest: long }
    })
    expect(await listed(rows)).toMatchObject({ ok: true })
  })

  it('shows text from outside as text', async () => {
    await listed([{ ...row, title: '<!channel>', status: '<@U0BOSS>', to: '@here', compare: 'javascript:alert(1)' }])
    for (const text of ['<!channel>', '<@U0BOSS>', '"@here', 'javascript']) {
      expect(JSON.stringify(blocks().map(({ text: one }) => one))).not.toContain(text)
    }
  })
})

describe('a thread', () => {
  const posted = async () => {
    const message = await conversation.show(card, 'C0RELEASES', null)
    if (!message.ok) throw new Error(message.error.detail)
    return message.value
  }

  it('has a line for each thing that happened, below its message', async () => {
    const lines = [
      { at: 1_700_000_000_000, text: 'approved by anna' },
      { at: 1_700_000_001_000, text: 'delivered <!channel>' },
    ]
    const message = await posted()
    expect(await conversation.reply(message, lines)).toEqual({ ok: true, value: null })
    expect(peer.replies.map(({ thread }) => thread)).toEqual([message.message])
    expect(JSON.stringify(peer.replies)).toContain('approved by anna')
    expect(JSON.stringify(peer.replies)).not.toContain('<!channel>')
  })

  it("stays within Slack's bounds", async () => {
    const lines = Array.from({ length: 20 }, () => ({ at: 0, text: '<'.repeat(500) }))
    expect(await conversation.reply(await posted(), lines)).toMatchObject({ ok: true })
  })

  it('of a message that somebody deleted is said to be gone', async () => {
    const gone = { channel: 'C0RELEASES', message: '1.1' }
    expect(await conversation.reply(gone, [{ at: 0, text: 'x' }])).toMatchObject({ error: { reason: 'message-gone' } })
  })
})

describe('Slack that is not well', () => {
  it.each([
    [
      'asks for patience',
      { status: 429, body: { ok: false, error: 'ratelimited' }, headers: { 'retry-after': '7' } },
      7_000,
    ],
    ['asks for patience in words', { status: 200, body: { ok: false, error: 'ratelimited' } }, 30_000],
    ['is broken', { status: 503, body: {} }, undefined],
    ['answers nonsense', { status: 200, body: { ok: true, ts: 3 } }, undefined],
  ])('%s: later', async (_title, answer, retryAfterMs) => {
    peer.answers.push(answer)
    const shownLater = conversation.show(card, 'C0RELEASES', null)
    await expect(shownLater).rejects.toThrow(RetryLater)
    await expect(shownLater).rejects.toMatchObject({ retryAfterMs })
  })

  it.each(['invalid_auth', 'missing_scope', 'token_revoked'])('%s: says how to mend it', async (error) => {
    peer.answers.push({ status: 200, body: { ok: false, error, needed: 'chat:write' } })
    const posted = await conversation.show(card, 'C0RELEASES', null)
    expect(posted).toMatchObject({ ok: false, error: { reason: 'not-allowed' } })
    expect(JSON.stringify(posted)).not.toContain(peer.token)
  })
})

describe('a group', () => {
  it('is asked for, and kept for a minute', async () => {
    peer.groups['S0RELMGRS'] = ['U1', 'U2']
    expect(await conversation.membersOf('S0RELMGRS')).toEqual({ ok: true, value: new Set(['U1', 'U2']) })
    peer.groups['S0RELMGRS'] = ['U2']
    clock += 59_000
    expect(await conversation.membersOf('S0RELMGRS')).toEqual({ ok: true, value: new Set(['U1', 'U2']) })
    clock += 2_000
    expect(await conversation.membersOf('S0RELMGRS')).toEqual({ ok: true, value: new Set(['U2']) })
  })

  it('is asked for once by many at the same time, and again after a failure', async () => {
    peer.groups['S0RELMGRS'] = ['U1']
    peer.answers.push({ status: 503, body: {} })
    const failing = [1, 2].map(() => conversation.membersOf('S0RELMGRS'))
    expect((await Promise.allSettled(failing)).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(peer.calls).toHaveLength(1)
    const answers = await Promise.all(Array.from({ length: 40 }, () => conversation.membersOf('S0RELMGRS')))
    expect(answers.every((answer) => answer.ok && answer.value.has('U1'))).toBe(true)
    expect(peer.calls).toHaveLength(2)
  })

  it('that is not there has no members', async () => {
    expect(await conversation.membersOf('S0NOBODY')).toMatchObject({ ok: false, error: { reason: 'refused' } })
  })
})

it('says who we are, or why the chat does not take us', async () => {
  expect(await conversation.whoAmI()).toEqual({ ok: true, value: 'drayage in Acme' })
  peer.answers.push({ status: 200, body: { ok: false, error: 'token_revoked' } })
  expect(await conversation.whoAmI()).toMatchObject({ ok: false, error: { reason: 'not-allowed' } })
})

it('asks why somebody rejects', async () => {
  expect(await conversation.askWhy('ask-1', 'payments → prod', '1.2.3')).toEqual({ ok: true, value: null })
  expect(peer.calls.at(-1)?.parameters).toMatchObject({ trigger_id: '1.2.3', view: { private_metadata: 'ask-1' } })
})
