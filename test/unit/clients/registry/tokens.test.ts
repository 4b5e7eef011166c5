/** Tokens: kept while they last, for what they were made for, and fetched once. */

import { describe, expect, it } from 'vitest'
import { createRegistries } from '../../../../src/clients/registry/registries.ts'
import { Registry } from '../../../../src/domain/image.ts'
import {
  aClient,
  anImage,
  aRegistry,
  aWorld,
  CANARY,
  tokenService,
  TOKEN,
  withTokens,
  type Script,
  type World,
} from '../../../helpers/hostile-registry.ts'

const HOST = 'reg.example.com'

function bearer(tokens: Script = tokenService()): World {
  return aWorld({ [HOST]: withTokens(aRegistry({ auth: 'bearer' }), tokens) })
}

function tokensAsked(world: World): number {
  return world.seen.filter(({ url }) => url.pathname === '/token').length
}

/** A client that has asked once, then asks again after so long. */
async function askedTwice(answer: object, afterMs: number): Promise<number> {
  const world = bearer(tokenService(answer))
  const client = aClient(world, HOST)
  await client.resolve(anImage(HOST))
  world.now += afterMs
  expect(await client.resolve(anImage(HOST))).toMatchObject({ ok: true })
  return tokensAsked(world)
}

describe('how long a token is kept', () => {
  it.each([
    ['until ten seconds before its end', { expires_in: 300 }, 289_999, 1],
    ['not into its last ten seconds', { expires_in: 300 }, 290_000, 2],
    ['60 seconds where it does not say', { expires_in: undefined }, 49_999, 1],
    ['60 seconds where it does not say, less ten', { expires_in: undefined }, 50_000, 2],
    ['60 seconds where it says null', { expires_in: null }, 50_000, 2],
    ['for half of a short life', { expires_in: 4 }, 1_999, 1],
    ['for half of a short life and no more', { expires_in: 4 }, 2_000, 2],
    ['not at all where it is dead at birth', { expires_in: 0 }, 0, 2],
    ['never longer than twelve hours', { expires_in: 1e15 }, 12 * 3_600_000, 2],
  ])('%s', async (_what, answer, afterMs, asked) => {
    expect(await askedTwice(answer, afterMs)).toBe(asked)
  })
})

it('is fetched once however many ask at the same time', async () => {
  const world = bearer(async (seen) => {
    await new Promise((resolve) => setTimeout(resolve, 50))
    return tokenService()(seen)
  })
  const client = aClient(world, HOST)
  const found = await Promise.all(Array.from({ length: 20 }, async () => client.resolve(anImage(HOST))))
  expect(found.every(({ ok }) => ok)).toBe(true)
  expect(tokensAsked(world)).toBe(1)
})

it('is fetched anew after a failure, by the next who asks', async () => {
  const world = bearer((seen) => (seen.nth === 1 ? new Response('', { status: 503 }) : tokenService()(seen)))
  const client = aClient(world, HOST)
  await expect(client.resolve(anImage(HOST))).rejects.toMatchObject({ name: 'RetryLater' })
  expect(await client.resolve(anImage(HOST))).toMatchObject({ ok: true })
})

it('oras-go#650: a token for one repository is never shown for another', async () => {
  const world = bearer()
  const client = aClient(world, HOST)
  await client.resolve(anImage(HOST, '1.0.0', 'acme/one'))
  await client.resolve(anImage(HOST, '1.0.0', 'acme/two'))
  const shown = world.seen.filter(({ headers }) => headers.get('authorization')?.startsWith('Bearer'))
  expect(shown.map(({ url, headers }) => [url.pathname.split('/')[3], headers.get('authorization')])).toEqual([
    ['one', `Bearer ${TOKEN}-1`],
    ['two', `Bearer ${TOKEN}-2`],
  ])
})

it('is not kept for another password: rotation takes hold at once', async () => {
  const world = bearer()
  let password = `${CANARY}-old`
  const client = createRegistries({
    http: world.http,
    registries: {
      main: { host: Registry.parse(HOST), insecure: false, pull: { username: 'robot', password: 'env:PULL' } },
    },
    secretOf: () => async () => [password],
    now: () => world.now,
  })
  await client.resolve(anImage(HOST))
  password = `${CANARY}-new`
  await client.resolve(anImage(HOST))
  const asked = world.seen
    .filter(({ url }) => url.pathname === '/token')
    .map(({ headers }) => headers.get('authorization'))
  expect(asked).toEqual(
    [`robot:${CANARY}-old`, `robot:${CANARY}-new`].map((pair) => `Basic ${Buffer.from(pair).toString('base64')}`),
  )
})

it('prefers the configured registry that has credentials', async () => {
  const world = bearer()
  const host = Registry.parse(HOST)
  const client = createRegistries({
    http: world.http,
    registries: {
      hooks: { host, insecure: false },
      reads: { host, insecure: false, pull: { username: 'robot', password: 'env:PULL' } },
    },
    secretOf: () => async () => [CANARY],
    now: () => world.now,
  })
  await client.resolve(anImage(HOST))
  expect(world.seen[1]?.headers.has('authorization')).toBe(true)
})

it.each([
  ['access_token', { token: undefined, access_token: `${TOKEN}-x` }],
  ['token before access_token', { token: `${TOKEN}-x`, access_token: `${TOKEN}-y` }],
  ['a null beside', { token: null, access_token: `${TOKEN}-x` }],
])('is found as %s', async (_what, answer) => {
  const world = bearer(tokenService(answer))
  expect(await aClient(world, HOST).resolve(anImage(HOST))).toMatchObject({ ok: true })
  expect(world.seen[2]?.headers.get('authorization')).toBe(`Bearer ${TOKEN}-x`)
})

describe('an answer that is no token', () => {
  const malformed: readonly (readonly [string, () => Response])[] = [
    ['nothing in it', () => Response.json({})],
    ['an empty token', () => Response.json({ token: '' })],
    ['a number', () => Response.json({ token: 1 })],
    ['a line break in the token', () => Response.json({ token: 'a\r\nx-evil: 1' })],
    ['a space in the token', () => Response.json({ token: 'a b' })],
    ['a token of 17 KiB', () => Response.json({ token: 'x'.repeat(17 * 1024) })],
    ['a negative life', () => Response.json({ token: 'x', expires_in: -1 })],
    ['a life that is a string', () => Response.json({ token: 'x', expires_in: '300' })],
    ['a list', () => Response.json([{ token: 'x' }])],
    ['HTML', () => new Response('<html>')],
    ['no UTF-8', () => new Response(Uint8Array.of(0xff))],
    ['JSON too deep', () => new Response(`${'['.repeat(100)}${']'.repeat(100)}`)],
  ]
  it.each(malformed)('%s: malformed-answer', async (_what, answer) => {
    const world = bearer(answer)
    expect(await aClient(world, HOST).resolve(anImage(HOST))).toMatchObject({
      ok: false,
      error: { reason: 'malformed-answer' },
    })
    expect(world.seen).toHaveLength(2)
  })

  it.each([
    [400, 'unauthorized'],
    [401, 'unauthorized'],
    [403, 'unauthorized'],
    [404, 'unauthorized'],
    [204, 'unauthorized'],
    [301, 'redirect-not-allowed'],
    [302, 'redirect-not-allowed'],
    [307, 'redirect-not-allowed'],
    [308, 'redirect-not-allowed'],
  ])('%i: %s, and no other host is asked', async (status, reason) => {
    const location = 'https://evil.example/token'
    const world = bearer(
      () => new Response(null, { status, headers: { location, 'www-authenticate': `Bearer realm="${location}"` } }),
    )
    expect(await aClient(world, HOST).resolve(anImage(HOST))).toMatchObject({ ok: false, error: { reason } })
    expect(world.seen.map(({ url }) => url.host)).toEqual([HOST, HOST])
  })

  it('more than 256 KiB: answer-too-large', async () => {
    const world = bearer(() => new Response('x'.repeat(256 * 1024 + 1)))
    expect(await aClient(world, HOST).resolve(anImage(HOST))).toMatchObject({
      ok: false,
      error: { reason: 'answer-too-large' },
    })
  })

  it.each([429, 503])('%i: later, when it said', async (status) => {
    const world = bearer(() => new Response('', { status, headers: { 'retry-after': '9' } }))
    await expect(aClient(world, HOST).resolve(anImage(HOST))).rejects.toMatchObject({ retryAfterMs: 9000 })
    expect(world.seen).toHaveLength(2)
  })
})
