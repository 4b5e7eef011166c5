/** GitHub's word about a pull request of ours: proven by its signature, and no more than a reason to look. */

import { createHmac } from 'node:crypto'
import { expect, it } from 'vitest'
import { createGitHook, createGitHooks } from '../../../src/receivers/git-hook.ts'
import { createReceivers } from '../../../src/receivers/configured.ts'
import { loadReceivers } from '../../../src/receivers/lazy.ts'
import { receive } from '../../../src/receivers/receiver.ts'
import { Config } from '../../../src/domain/config.ts'
import { aLoadedConfig } from '../../helpers/world.ts'
import { aRequest } from '../../helpers/receiver-request.ts'

const SECRET = 'CANARY-hook'
const BRANCH = 'drayage/payments/prod'
const receiver = createGitHook('gitops', 'acme/gitops', async () => [SECRET, 'the old one'])
const repository = { full_name: 'Acme/GitOps' }
const head = { ref: BRANCH, repo: repository, sha: 'f'.repeat(40) }

const sign = (body: string, secret = SECRET) => `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
const send = (payload: unknown, signature?: string | readonly string[], more: Record<string, string> = {}) => {
  const body = typeof payload === 'string' ? payload : JSON.stringify(payload)
  const headers = { 'content-type': 'application/json', 'x-hub-signature-256': signature ?? sign(body), ...more }
  return receive(receiver, aRequest({ body, headers }), { now: 0 })
}

it.each([
  ['a review', { action: 'submitted', review: { state: 'approved' }, pull_request: { head }, repository }],
  ['a merge', { action: 'closed', pull_request: { head, merged: true }, repository }],
  ['a check run', { action: 'completed', check_run: { check_suite: { head_branch: BRANCH } }, repository }],
  ['a check suite', { action: 'completed', check_suite: { head_branch: BRANCH }, repository }],
  ['a commit status', { state: 'success', branches: [{ name: 'main' }, { name: BRANCH }], repository }],
])('takes %s as a reason to look, whatever it claims', async (_title, payload) => {
  const received = await send(payload)
  expect(received).toMatchObject({
    ok: true,
    value: {
      assurance: 'signed-body',
      received: {
        outcome: 'events',
        events: [{ kind: 'pull-request', pull: { git: 'gitops', branch: BRANCH }, digest: null }],
      },
    },
  })
})

it.each([
  ['its first words', { zen: 'Keep it logically awesome.', hook_id: 1 }, { outcome: 'ping' }],
  [
    'a branch of somebody else',
    { pull_request: { head: { ...head, ref: 'feature' } }, repository },
    { outcome: 'ignored' },
  ],
  [
    "a fork's branch of the same name",
    { pull_request: { head: { ...head, repo: { full_name: 'mallory/gitops' } } }, repository },
    { outcome: 'ignored' },
  ],
  ['a fork that is gone', { pull_request: { head: { ...head, repo: null } }, repository }, { outcome: 'ignored' }],
  [
    'another repository of the organisation',
    { pull_request: { head }, repository: { full_name: 'acme/other' } },
    { outcome: 'ignored' },
  ],
  ['no repository', { pull_request: { head } }, { outcome: 'ignored' }],
  ['an event of another kind', { action: 'created', issue: {}, repository }, { outcome: 'ignored' }],
  [
    'branches without end',
    { branches: Array.from({ length: 101 }, () => ({ name: BRANCH })), repository },
    { outcome: 'ignored' },
  ],
])('passes over %s', async (_title, payload, expected) => {
  expect(await send(payload)).toMatchObject({ ok: true, value: { received: expected } })
})

const review = JSON.stringify({ action: 'submitted', pull_request: { head }, repository })
it.each([
  ['another secret', sign(review, 'guess'), 'wrong-credential'],
  ['another body', sign(`${review} `), 'wrong-credential'],
  ['SHA-1', `sha1=${'0'.repeat(40)}`, 'wrong-credential'],
  ['nothing', 'sha256=', 'wrong-credential'],
  ['two signatures', [sign(review), sign(review)], 'duplicate-credential'],
])('refuses what is signed with %s', async (_title, signature, reason) => {
  expect(await send(review, signature)).toMatchObject({ ok: false, error: { reason } })
})

it('takes the previous secret while it is rotated, and says so', async () => {
  expect(await send(review, sign(review, 'the old one'))).toMatchObject({ ok: true, value: { secret: 1 } })
})

it('is the same event when the same body comes again, whatever its headers say', async () => {
  const idOf = async (delivery: string) => {
    const received = await send(review, undefined, { 'x-github-delivery': delivery, 'x-github-event': delivery })
    return received.ok && received.value.received.outcome === 'events'
      ? received.value.received.events.map(({ id }) => id)
      : []
  }
  const first = await idOf('a')
  expect(first).toHaveLength(1)
  expect(await idOf('b')).toEqual(first)
})

it.each([
  '',
  '[]',
  '"x"',
  '{"pull_request":7,"repository":[]}',
  '{"branches":{},"repository":{"full_name":"acme/gitops"}}',
])('answers %j without an event', async (body) => {
  const received = await send(body)
  expect(received.ok && received.value.received.outcome === 'events').toBe(false)
})

it('is there on every platform, for the entries that have a secret', async () => {
  const { config } = aLoadedConfig({ github: true })
  const git = {
    gitops: { github: 'acme/gitops', token: 'env:T', webhook: 'env:HOOK' },
    other: { github: 'acme/other', token: 'env:T' },
    plain: { url: '/srv/x.git' },
  }
  const whole = Config.parse({ ...config, git })
  const secretOf = () => async () => [SECRET] as const
  const http = () => Promise.reject(new Error('nothing is asked'))
  expect([...createGitHooks(whole, secretOf).keys()]).toEqual(['git/gitops'])
  expect([...createReceivers(whole, secretOf, http).keys()]).toEqual(['git/gitops'])
  expect([...(await loadReceivers(whole, secretOf, http)).keys()]).toEqual(['git/gitops'])
})
