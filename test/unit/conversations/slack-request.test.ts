import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readSlackRequest, type SlackRequest } from '../../../src/conversations/slack-request.ts'
import { ACTION_APPROVE, ACTION_REJECT, CALLBACK_REJECT } from '../../../src/conversations/slack-blocks.ts'
import { startSlackPeer, type SignedForm, type SlackPeer } from '../../helpers/slack-peer.ts'

const NOW = Date.UTC(2026, 10, 1)
let peer: SlackPeer
beforeAll(async () => {
  peer = await startSlackPeer()
})
afterAll(() => peer.close())

const requestOf = ({ headers, body }: SignedForm): SlackRequest => ({
  headers: new Map(Object.entries(headers).map(([name, value]) => [name, [value]])),
  body: new TextEncoder().encode(body),
})
const secretsOf =
  (...values: [string, ...string[]]) =>
  async () =>
    values
const read = (form: SignedForm, now = NOW) => readSlackRequest(requestOf(form), secretsOf(peer.signingSecret), now)
const person = { id: 'U1', name: 'u1', team: 'T0ACME' }

describe('a click is read', () => {
  it('as an approval', async () => {
    const form = peer.click({ user: 'U1', action: ACTION_APPROVE, value: 'ask-1', at: NOW, trigger: '7.8' })
    expect(await read(form)).toEqual({ ok: true, value: { kind: 'approve', ask: 'ask-1', person, click: '7.8' } })
  })

  it('as a wish to reject', async () => {
    const form = peer.click({ user: 'U1', action: ACTION_REJECT, value: 'ask-1', at: NOW, trigger: '1.2.3' })
    expect(await read(form)).toEqual({
      ok: true,
      value: { kind: 'wants-to-reject', ask: 'ask-1', person, trigger: '1.2.3' },
    })
  })

  it('as a rejection with its reason', async () => {
    const form = peer.submit({
      user: 'U1',
      callback: CALLBACK_REJECT,
      metadata: 'ask-1',
      reason: ' too late ',
      at: NOW,
    })
    const rejection = { kind: 'reject', ask: 'ask-1', person, reason: 'too late' }
    expect(await read(form)).toMatchObject({ ok: true, value: rejection })
  })

  it('from the menu of a row, as an approval or a wish to reject', async () => {
    const approve = peer.choose({ user: 'U1', value: 'approve bulletin/C0/prod#7', at: NOW })
    expect(await read(approve)).toMatchObject({ ok: true, value: { kind: 'approve', ask: 'bulletin/C0/prod#7' } })
    const text = 'Reject payments 1.2.0 …'
    const reject = peer.choose({ user: 'U1', value: 'reject bulletin/C0/prod#7', text, at: NOW })
    expect(await read(reject)).toMatchObject({
      ok: true,
      value: { kind: 'wants-to-reject', ask: 'bulletin/C0/prod#7', called: 'payments 1.2.0' },
    })
    const other = peer.choose({ user: 'U1', value: 'explode bulletin/C0/prod#7', at: NOW })
    expect(await read(other)).toMatchObject({ ok: true, value: { kind: 'ignored' } })
  })

  it('as different events where it is another click, and as the same where it is sent again', async () => {
    const forms = [1, 2].map(() => peer.click({ user: 'U1', action: ACTION_APPROVE, value: 'ask-1', at: NOW }))
    const clicks = await Promise.all([...forms, forms[0] as SignedForm].map((form) => read(form)))
    const ids = clicks.map((one) => (one.ok && 'click' in one.value ? one.value.click : ''))
    expect(new Set(ids).size).toBe(2)
    expect(ids[2]).toBe(ids[0])
  })

  it('whatever names a promotion has', async () => {
    const long = `${'a'.repeat(63)}/${'b'.repeat(63)}/release:${'0'.repeat(64)}#12`
    const form = peer.click({ user: 'U1', action: ACTION_APPROVE, value: long, at: NOW })
    expect(await read(form)).toMatchObject({ ok: true, value: { kind: 'approve', ask: long } })
  })

  it('while the signing secret is being rotated', async () => {
    const form = peer.click({ user: 'U1', action: ACTION_APPROVE, value: 'ask-1', at: NOW })
    const both = secretsOf('the-new-secret', peer.signingSecret)
    expect(await readSlackRequest(requestOf(form), both, NOW)).toMatchObject({ ok: true })
  })

  it.each([
    ['a button of another app', { action: 'other', value: 'x' }],
    ['a button without a value', { action: ACTION_APPROVE, value: undefined as unknown as string }],
  ])('as nothing where it is %s', async (_title, given) => {
    expect(await read(peer.click({ user: 'U1', at: NOW, ...given }))).toMatchObject({
      ok: true,
      value: { kind: 'ignored' },
    })
  })

  it('as nothing where the form is not ours', async () => {
    const form = peer.submit({ user: 'U1', callback: 'other', metadata: 'ask-1', reason: 'x', at: NOW })
    expect(await read(form)).toMatchObject({ ok: true, value: { kind: 'ignored' } })
  })
})

describe('a request is refused', () => {
  const good = () => peer.click({ user: 'U1', action: ACTION_APPROVE, value: 'ask-1', at: NOW })
  const changed = (headers: Record<string, string>, body?: string): SignedForm => {
    const form = good()
    return { headers: { ...form.headers, ...headers }, body: body ?? form.body }
  }

  it.each<[string, () => SignedForm, string]>([
    ['its body was changed', () => changed({}, good().body.replace('ask-1', 'ask-2')), 'wrong-credential'],
    ['its signature is another', () => changed({ 'x-slack-signature': `v0=${'0'.repeat(64)}` }), 'wrong-credential'],
    [
      'its version is another',
      () => changed({ 'x-slack-signature': (good().headers['x-slack-signature'] ?? '').replace('v0', 'v1') }),
      'wrong-credential',
    ],
    [
      'its time was changed',
      () => changed({ 'x-slack-request-timestamp': String(NOW / 1_000 + 1) }),
      'wrong-credential',
    ],
    ['its time is no number', () => changed({ 'x-slack-request-timestamp': '1e9' }), 'stale-timestamp'],
    [
      'it is replayed six minutes later',
      () => peer.click({ user: 'U1', action: ACTION_APPROVE, value: 'a', at: NOW - 360_000 }),
      'stale-timestamp',
    ],
    [
      'it is from the future',
      () => peer.click({ user: 'U1', action: ACTION_APPROVE, value: 'a', at: NOW + 360_000 }),
      'stale-timestamp',
    ],
    ['it has no payload', () => peer.sign('a=b', NOW), 'malformed'],
    ['it has two payloads', () => peer.sign('payload=%7B%7D&payload=%7B%7D', NOW), 'malformed'],
    ['its payload is no JSON', () => peer.sign('payload=nope', NOW), 'malformed'],
  ])('where %s', async (_title, form, reason) => {
    expect(await read(form())).toMatchObject({ ok: false, error: { reason } })
  })

  it.each(['x-slack-signature', 'x-slack-request-timestamp'])('where %s is missing, or there twice', async (name) => {
    const request = requestOf(good())
    const value = request.headers.get(name) ?? []
    for (const values of [[], [...value, ...value]]) {
      const headers = new Map([...request.headers, [name, values]])
      const answer = await readSlackRequest({ ...request, headers }, secretsOf(peer.signingSecret), NOW)
      expect(answer).toMatchObject({ ok: false, error: { reason: 'missing-credential' } })
    }
  })
})
