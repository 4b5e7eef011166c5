/** What is particular to one receiver and does not fit a fixture. */

import { describe, expect, it } from 'vitest'
import { distribution } from '../../../src/receivers/distribution.ts'
import { dockerhub } from '../../../src/receivers/dockerhub.ts'
import { outcomeOf } from '../../../src/receivers/outcome.ts'
import type { ReceiverType } from '../../../src/receivers/receiver.ts'
import { webhook } from '../../../src/receivers/webhook.ts'
import { aRequest } from '../../helpers/receiver-request.ts'
import { noHttp } from '../../helpers/no-http.ts'

const parse = (type: ReceiverType, body: unknown): ReturnType<ReceiverType['parse']> =>
  type.parse(aRequest({ body: JSON.stringify(body) }), { now: 0 })

describe('distribution', () => {
  it('holds no sender back: it blocks its queue until it gets 2xx', () => {
    const none = distribution.Settings.parse({ type: 'distribution', auth: 'none' })
    expect(distribution.create(none, () => async () => ['x'], noHttp, null).sender).toBe('blocking-queue')
  })

  it('asks for `authorization` unless another header is named', () => {
    const settings = { type: 'distribution', secret: 'env:S' }
    expect(distribution.Settings.parse(settings)).toMatchObject({ header: 'authorization' })
    expect(distribution.Settings.parse({ ...settings, header: 'X-Key' })).toMatchObject({ header: 'x-key' })
  })

  it.each([
    { secret: 'env:S', auth: 'none' },
    { secret: 'env:S', header: 'not a header' },
    { secret: 'env:S', headers: 'x' },
  ])('refuses the settings %j', (settings) => {
    expect(distribution.Settings.safeParse({ type: 'distribution', ...settings }).success).toBe(false)
  })

  it('CVE-2022-39272: one malformed event does not cost the others, and is said', () => {
    const good = { id: 'e-2', action: 'push', target: { repository: 'acme/payments', tag: '1.4.2' } }
    expect(parse(distribution, { events: [{ action: 'push' }, good, 7] })).toMatchObject({
      ok: true,
      value: {
        outcome: 'events',
        events: [{ id: 'e-2' }],
        skipped: [
          { index: 0, reason: 'malformed-event' },
          { index: 2, reason: 'malformed-event' },
        ],
      },
    })
  })

  it('derives an id where the sender gives an empty or endless one', () => {
    for (const id of ['', 'x'.repeat(257), 7, null]) {
      const event = { id, action: 'push', target: { repository: 'acme/payments', tag: '1.4.2' } }
      expect(parse(distribution, { events: [event] })).toMatchObject({
        value: { events: [{ id: 'push/acme/payments:1.4.2@/minute-0' }] },
      })
    }
  })

  it.each([
    ['request.host', { host: 'registry.example.com' }, 'https://other.example.com/v2/', 'registry.example.com'],
    ['target.url, without request.host', {}, 'https://other.example.com:5000/v2/', 'other.example.com:5000'],
    ['nothing, where both are malformed', { host: 'a b' }, 'not a url', null],
    ['nothing, where the url has no host', {}, 'data:,x', null],
  ])("takes the registry's name from %s", (_name, request, url, registry) => {
    const event = { action: 'push', target: { repository: 'acme/payments', tag: '1', url }, request }
    expect(parse(distribution, { events: [event] })).toMatchObject({ value: { events: [{ registry }] } })
  })
})

describe('dockerhub', () => {
  const push = (repository: object): unknown => ({ push_data: { tag: '1' }, repository })

  it('speaks for Docker Hub alone', () => {
    expect(dockerhub.host).toBe('docker.io')
    expect(dockerhub.manyHosts).toBeUndefined()
  })

  it.each([
    [{ repo_name: 'acme/payments' }, 'acme/payments'],
    [{ repo_name: 'acme/payments', namespace: 'acme', name: 'other' }, 'acme/payments'],
    [{ repo_name: '', namespace: 'acme', name: 'payments' }, 'acme/payments'],
    [{ repo_name: 'nginx' }, 'library/nginx'],
  ])('reads %j as %s', (repository, expected) => {
    expect(parse(dockerhub, push(repository))).toMatchObject({ value: { events: [{ repository: expected }] } })
  })

  it.each([
    {},
    { repo_name: 'acme/payments', namespace: 'mallory' },
    { repo_name: 'evil.example.com/payments' },
    { repo_name: 'localhost/payments' },
    { repo_name: 'evil.example.com/acme/payments' },
    { repo_name: 'acme/' },
    { repo_name: '/payments' },
    { repo_name: 'Acme/payments' },
    { repo_name: 'acme/payments:1' },
    { repo_name: 'acme/../payments' },
    { repo_name: 7 },
  ])('refuses the repository %j', (repository) => {
    expect(parse(dockerhub, push(repository))).toMatchObject({ ok: false, error: { reason: 'unknown-schema' } })
  })

  it('CVE-2026-32828: never reads callback_url, wherever it leads', () => {
    const body = { ...(push({ repo_name: 'acme/payments' }) as object), callback_url: 'http://169.254.169.254/CANARY' }
    expect(JSON.stringify(parse(dockerhub, body))).not.toContain('CANARY')
  })

  it('gives the six deliveries of one multi-arch push one id', () => {
    const body = { push_data: { tag: 'develop', pushed_at: 1_631_871_970 }, repository: { repo_name: 'acme/payments' } }
    const ids = Array.from({ length: 6 }, () => outcomeOf(parse(dockerhub, body)).events[0]?.id)
    expect(new Set(ids)).toEqual(new Set(['push/acme/payments:develop@/1631871970000']))
  })
})

describe('webhook', () => {
  it('serves many hosts', () => {
    expect(webhook.manyHosts).toBe(true)
  })

  it("takes the message's id for the event's, and derives one where there is none", () => {
    const body = JSON.stringify({ type: 'image.pushed', data: { image: 'ghcr.io/acme/payments:1' } })
    const idOf = (headers: Record<string, string>): unknown =>
      outcomeOf(webhook.parse(aRequest({ body, headers }), { now: 0 })).events[0]?.id
    expect(idOf({ 'webhook-id': 'msg_1' })).toBe('msg_1')
    expect(idOf({ 'webhook-id': 'a.b' })).toBe('push/acme/payments:1@/minute-0')
    expect(idOf({})).toBe('push/acme/payments:1@/minute-0')
  })
})

it('says outcomes flat, refusals included', () => {
  expect(outcomeOf({ ok: true, value: { outcome: 'validation', reply: 'abc' } })).toEqual({
    outcome: 'validation',
    reply: 'abc',
    events: [],
  })
  expect(outcomeOf({ ok: false, error: { reason: 'not-json', detail: 'x' } })).toEqual({
    outcome: 'refused',
    reason: 'not-json',
    events: [],
  })
})
