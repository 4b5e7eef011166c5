import { describe, expect, it } from 'vitest'
import type { Http, HttpRequest } from '../../../src/clients/http.ts'
import { err, ok } from '../../../src/domain/result.ts'
import { RetryLater } from '../../../src/domain/retry.ts'
import { dockerhub } from '../../../src/receivers/dockerhub.ts'
import { createConfirm, type Confirm } from '../../../src/receivers/dockerhub-tags.ts'
import type { Received } from '../../../src/receivers/receiver.ts'
import { aDigest, anAcceptedEvent, NOW } from '../../helpers/build.ts'

type Answer = { readonly status: number; readonly json?: unknown }
const TAG = 'https://hub.docker.com/v2/namespaces/acme/repositories/payments/tags/1.5.0'

/** Docker Hub, and what it was asked. */
function aHub(answers: Readonly<Record<string, Answer>>) {
  const asked: HttpRequest[] = []
  const http: Http = async (request) => {
    asked.push(request)
    const { status, json } = answers[request.url.href] ?? { status: 404 }
    if (status === 429) throw new RetryLater('hub.docker.com: 429')
    const body = new TextEncoder().encode(typeof json === 'string' ? json : JSON.stringify(json ?? {}))
    return ok({ status, headers: new Headers(), body, fromStranger: false })
  }
  return { http, asked }
}

const aPush = (event: object = {}): Received => ({
  outcome: 'events',
  events: [anAcceptedEvent({ event: { occurredAt: NOW, ...event } }).event],
})
const pushedAt = (ms: number, rest: object = {}): Answer => ({
  status: 200,
  json: { digest: aDigest(1), tag_last_pushed: new Date(ms).toISOString(), last_updater_username: 'ada', ...rest },
})
const confirmBy = (http: Http, confirm: Confirm = true) =>
  createConfirm(confirm, { http, secretOf: () => async () => ['dckr_pat'] })
const IGNORED = { outcome: 'ignored', reason: 'not-confirmed' }

describe("Docker Hub's own word on a tag", () => {
  it.each([
    ['as it was pushed', NOW],
    ['pushed by another clock', NOW - 119_000],
    ['pushed again since', NOW + 3_600_000],
  ])('lets through one %s, with its digest and who pushed it', async (_title, at) => {
    const { http, asked } = aHub({ [TAG]: pushedAt(at) })
    const confirmed = await confirmBy(http)(aPush())
    expect(confirmed).toMatchObject({
      outcome: 'events',
      events: [{ tag: '1.5.0', digest: aDigest(1), pusher: 'ada' }],
    })
    expect(asked.map(({ url, headers }) => [url.href, headers])).toEqual([[TAG, { accept: 'application/json' }]])
  })

  it('keeps what the event says of its pusher', async () => {
    const { http } = aHub({ [TAG]: pushedAt(NOW) })
    expect(await confirmBy(http)(aPush({ pusher: 'bob' }))).toMatchObject({ events: [{ pusher: 'bob' }] })
  })

  it.each<[string, Answer]>([
    ['of a tag that is not there', { status: 404 }],
    ['of a tag that was pushed long before', pushedAt(NOW - 121_000)],
  ])('stops one %s', async (_title, answer) => {
    expect(await confirmBy(aHub({ [TAG]: answer }).http)(aPush())).toEqual(IGNORED)
  })

  it('believes an event without a time where the tag is there', async () => {
    const { http } = aHub({ [TAG]: pushedAt(NOW - 3_600_000) })
    expect(await confirmBy(http)(aPush({ occurredAt: null }))).toMatchObject({ outcome: 'events' })
  })

  it.each<[string, Answer]>([
    ['401', { status: 401 }],
    ['500', { status: 500 }],
    ['429', { status: 429 }],
    ['something else', { status: 200, json: '<html>' }],
  ])('asks for a later try where it answers %s', async (_title, answer) => {
    await expect(confirmBy(aHub({ [TAG]: answer }).http)(aPush())).rejects.toThrow(RetryLater)
  })

  it('asks for a later try where it cannot be reached', async () => {
    const http: Http = async () => err({ reason: 'address-refused', detail: 'hub.docker.com: no' })
    await expect(confirmBy(http)(aPush())).rejects.toThrow('hub.docker.com: no')
  })

  it('is asked with a token for private repositories, which is fetched once', async () => {
    const TOKEN = 'https://hub.docker.com/v2/auth/token'
    const { http, asked } = aHub({ [TAG]: pushedAt(NOW), [TOKEN]: { status: 200, json: { access_token: 'jwt' } } })
    const confirm = confirmBy(http, { username: 'acme', token: 'env:HUB_TOKEN' })
    await confirm(aPush())
    await confirm(aPush())
    expect(asked.map(({ url }) => url.href)).toEqual([TOKEN, TAG, TAG])
    expect(asked[0]?.body).toBe('{"identifier":"acme","secret":"dckr_pat"}')
    expect(asked[1]?.headers).toMatchObject({ authorization: 'Bearer jwt' })
    expect(asked.every(({ hosts }) => hosts.join() === 'hub.docker.com')).toBe(true)
  })

  it('is asked with another token once that one has run out', async () => {
    let tokens = 0
    const seen: string[] = []
    const http: Http = async ({ url, headers }) => {
      const isToken = url.pathname === '/v2/auth/token'
      tokens += isToken ? 1 : 0
      const authorization = headers?.['authorization'] ?? ''
      if (!isToken) seen.push(authorization)
      const status = seen.length === 2 && authorization === 'Bearer 1' ? 401 : 200
      const json = isToken ? { access_token: String(tokens) } : pushedAt(NOW).json
      const body = new TextEncoder().encode(JSON.stringify(json))
      return ok({ status, headers: new Headers(), body, fromStranger: false })
    }
    const confirm = confirmBy(http, { username: 'acme', token: 'env:HUB_TOKEN' })
    await confirm(aPush())
    expect(await confirm(aPush())).toMatchObject({ outcome: 'events' })
    expect(seen).toEqual(['Bearer 1', 'Bearer 1', 'Bearer 2'])
  })

  it('is not asked about what is no event, nor where nobody wants it', async () => {
    const { http, asked } = aHub({})
    expect(await confirmBy(http)({ outcome: 'ping' })).toEqual({ outcome: 'ping' })
    const settings = dockerhub.Settings.parse({ type: 'dockerhub', secret: 'env:HUB' })
    expect(dockerhub.create(settings, () => async () => ['s'], http, null).confirm).toBeUndefined()
    expect(asked).toEqual([])
  })

  it.each([
    [{ confirm: false }, false],
    [{ confirm: true }, true],
    [{ confirm: { username: 'a', token: 'env:T' } }, true],
    [{ confirm: { username: 'a' } }, false],
  ])('is configured as %j: %s', (part, isGood) => {
    expect(dockerhub.Settings.safeParse({ type: 'dockerhub', secret: 'env:HUB', ...part }).success).toBe(isGood)
  })
})
