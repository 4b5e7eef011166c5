/** docs/api.md says what the API does: its routes, their roles, bodies that are taken, answers that have these keys. */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createApi, ROUTES } from '../../../src/api.ts'
import { isAllowed } from '../../../src/authorise.ts'
import { ROLES } from '../../../src/domain/config.ts'
import { aDigest } from '../../helpers/build.ts'
import { fencesOf } from '../../helpers/fences.ts'
import { createWorld } from '../../helpers/world.ts'

const text = readFileSync('docs/api.md', 'utf8')
const examples = fencesOf(text)
  .filter(({ language }) => language === 'json')
  .map((fence) => JSON.parse(fence.text) as Record<string, unknown>)

const world = createWorld()
const silent = (): void => {}
const api = createApi({
  ports: () => world.ports,
  tokens: () => [{ person: 'otto', role: 'operator', secret: async () => ['token'] }],
  poke: silent,
  metrics: async () => ({ contentType: 'text/plain', text: '' }),
  problems: async () => [],
  log: { debug: silent, info: silent, warn: silent, error: silent },
})
const call = async (path: string, body?: object): Promise<Response> =>
  api.request(path, {
    headers: { authorization: 'Bearer token' },
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
  })

it('lists every route with the least role that it takes', () => {
  const documented = [...text.matchAll(/^\| `(?<route>(?:GET|POST) \/(?:api|metrics)\S*)` \| `(?<role>[a-z]+)` \|/gmu)]
  const expected = ROUTES.map(({ method, path, action }) => {
    return [`${method} ${path}`, ROLES.find((role) => isAllowed({ person: 'x', role }, action))]
  })
  expect(documented.map(({ groups }) => [groups?.['route'], groups?.['role']])).toEqual(expected)
})

describe('its bodies', () => {
  const acts = [...text.matchAll(/^\*\*`POST (?<path>\S+)`\*\*[^]*?```json\n(?<body>[^]*?)```/gmu)].map(
    ({ groups }) => {
      return [groups?.['path'] ?? '', JSON.parse(groups?.['body'] ?? '{}') as object] as const
    },
  )

  it.each(acts)('are taken by %s: %j', async (path, body) => {
    const answer = await call(path, body)
    const { error = '' } = (await answer.json()) as { error?: string }
    // Nothing of that name is there; a body that is not taken would be told its shape.
    expect([path, error]).toEqual([path, expect.not.stringMatching(/Unrecognized|Invalid|✖/u)])
    expect([200, 400, 404]).toContain(answer.status)
  })

  it('are there for every act', () => {
    expect(acts).toHaveLength(ROUTES.filter(({ method }) => method === 'POST').length)
  })
})

describe('its answers', () => {
  const keysOf = (value: unknown): readonly string[] => Object.keys(value as object).toSorted()
  type Shape = { readonly subscriptions: readonly { readonly stages: readonly Record<string, unknown>[] }[] }

  it('of status have these keys', async () => {
    world.health.set(aDigest(1), { state: 'progressing', detail: '0 of 1' })
    await world.push('1.5.0', 1)
    const shown = examples.find((example) => 'subscriptions' in example) as Shape | undefined
    const answered = (await (await call('/api/v1/status')).json()) as Shape
    expect(keysOf(shown)).toEqual(keysOf(answered))
    expect(keysOf(shown?.subscriptions[0])).toEqual(keysOf(answered.subscriptions[0]))
    const [ofDocs, ofApi] = [shown, answered].map((one) => one?.subscriptions[0]?.stages[0])
    expect(keysOf(ofDocs)).toEqual(keysOf(ofApi))
    expect(ofApi?.['promotion']).not.toBeNull()
    expect(keysOf(ofDocs?.['promotion'])).toEqual(keysOf(ofApi?.['promotion']))
  })

  it('of history have these keys', async () => {
    const shown = examples.find((example) => 'entries' in example) as { entries: object[] } | undefined
    const answered = (await (await call('/api/v1/history')).json()) as { entries: { kind: string }[] }
    expect(keysOf(shown)).toEqual(keysOf(answered))
    const delivered = answered.entries.find(({ kind }) => kind === 'delivered')
    const known = keysOf(delivered)
    expect(keysOf(shown?.entries[0]).filter((key) => !known.includes(key))).toEqual([])
  })
})
