import { createHmac } from 'node:crypto'
import { expect, it } from 'vitest'
import { createConfigurationPush } from '../../../src/receivers/configuration-push.ts'
import { receive } from '../../../src/receivers/receiver.ts'

const NOW = Date.UTC(2026, 0, 1)

type Sent = { readonly body: object; readonly key?: string; readonly headers?: Readonly<Record<string, string>> }

async function send({ body, key = 'new', headers = {} }: Sent) {
  let woken = 0
  const receiver = createConfigurationPush({
    secret: async () => ['new', 'old'],
    branch: 'main',
    wake: async () => void (woken += 1),
  })
  const text = JSON.stringify(body)
  const signature = `sha256=${createHmac('sha256', key).update(text).digest('hex')}`
  const all = { 'content-type': 'application/json', 'x-hub-signature-256': signature, ...headers }
  const request = {
    method: 'POST',
    headers: new Map(Object.entries(all).map(([name, value]) => [name, [value]])),
    query: new URLSearchParams(),
    pathSecret: null,
    body: new TextEncoder().encode(text),
  }
  const received = await receive(receiver, request, { now: NOW })
  if (received.ok) await receiver.confirm?.(received.value.received)
  return { received, woken }
}

it.each([
  ['a push to the followed branch', { ref: 'refs/heads/main' }, 1],
  ["GitHub's first word", { zen: 'Keep it logically awesome.', hook: {} }, 1],
  ['a push to another branch', { ref: 'refs/heads/main2' }, 0],
  ['a tag of the same name', { ref: 'refs/tags/main' }, 0],
  ['something else', { action: 'opened' }, 0],
])('%s wakes a read or not: %j', async (_, body, expected) => {
  const { received, woken } = await send({ body })
  expect([received.ok, woken]).toEqual([true, expected])
})

it('takes the old secret while the new one is in force, and says so', async () => {
  const { received, woken } = await send({ body: { ref: 'refs/heads/main' }, key: 'old' })
  expect([received.ok && received.value.secret, woken]).toEqual([1, 1])
})

it.each([
  ['another secret', { key: 'other' }, 'wrong-credential'],
  ['no secret', { key: '' }, 'wrong-credential'],
  ['no signature', { headers: { 'x-hub-signature-256': '' } }, 'missing-credential'],
  ['the old, weak signature', { headers: { 'x-hub-signature-256': 'sha1=00' } }, 'wrong-credential'],
])('refuses %s, and wakes nobody', async (_, sent, reason) => {
  const { received, woken } = await send({ body: { ref: 'refs/heads/main' }, ...sent })
  expect([received.ok ? null : received.error.reason, woken]).toEqual([reason, 0])
})
