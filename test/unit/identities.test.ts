/** Tokens of an identity provider and of a CI at the API: who gets in, as whom, and that each missing or wrong part keeps one out. */

import { describe, expect, it } from 'vitest'
import { createApi, type ApiOptions } from '../../src/api.ts'
import { OidcIssuer } from '../../src/domain/oidc.ts'
import { createIdentities } from '../../src/identities.ts'
import { NOW } from '../helpers/build.ts'
import { aServer, aSigningKey, aToken, keySetOf, type Served } from '../helpers/issuer.ts'
import { createWorld } from '../helpers/world.ts'

const SECONDS = Math.floor(NOW / 1000)
const SKEW = 60
const [key, stranger] = [aSigningKey('k1'), aSigningKey('k1')] as const

const GITHUB = 'https://token.actions.githubusercontent.com'
const IDP = 'https://login.example.com'
const AUDIENCE = 'https://drayage.example.com'
const issuers = [
  {
    issuer: GITHUB,
    audience: AUDIENCE,
    keys: `${GITHUB}/.well-known/jwks`,
    people: [
      {
        person: 'ci',
        role: 'reporter',
        claims: { repository: 'acme/payments', ref: ['refs/heads/main', 'refs/heads/release'] },
      },
    ],
  },
  {
    issuer: IDP,
    audience: AUDIENCE,
    keys: `${IDP}/keys`,
    people: [
      { person: 'ann', role: 'operator', claims: { email: 'ann@acme.example' } },
      { person: 'bob', role: 'approver', claims: { sub: 'b0b', groups: 'oncall' } },
    ],
  },
].map((one) => OidcIssuer.parse(one))

const life = { aud: AUDIENCE, iat: SECONDS - 10, exp: SECONDS + 300 }
const job = { ...life, iss: GITHUB, repository: 'acme/payments', ref: 'refs/heads/main' }
const ann = { ...life, iss: IDP, sub: 'a11', email: 'ann@acme.example', email_verified: true }
const bob = { ...life, iss: IDP, sub: 'b0b', groups: ['everyone', 'oncall'] }

function aScene(answer: () => Served = () => ({ body: keySetOf([key]) }), tokens: ApiOptions['tokens'] = () => []) {
  const http = aServer(answer)
  const lines: string[] = []
  const note = (message: string, fields?: object) => void lines.push(`${message} ${JSON.stringify(fields)}`)
  const world = createWorld()
  const api = createApi({
    ports: () => world.ports,
    tokens,
    identities: createIdentities(issuers, http),
    poke: () => {},
    metrics: async () => ({ contentType: 'text/plain', text: '' }),
    problems: async () => [],
    log: { debug: note, info: note, warn: note, error: note },
  })
  const call = async (token: string, path = 'status', body?: object) => {
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
    const response = await api.request(`/api/v1/${path}`, { ...init, headers: { authorization: `Bearer ${token}` } })
    return { status: response.status, error: ((await response.json()) as { error?: string }).error ?? '' }
  }
  return { call, http, lines, world }
}

const report = { subscription: 'payments', stage: 'dev', candidate: '1', check: 'e2e', state: 'held', reason: 'x' }
const pause = { reason: 'x' }

describe('a token of an issuer', () => {
  it.each<[string, object, string, object, number]>([
    ['a job’s reports', job, 'report', report, 404],
    ['a job pauses nothing', job, 'pause', pause, 403],
    ['one of two refs', { ...job, ref: 'refs/heads/release' }, 'report', report, 404],
    ['an operator pauses', ann, 'pause', pause, 200],
    ['an approver pauses nothing', bob, 'pause', pause, 403],
  ])('has the role of whom it proves: %s', async (_title, claims, path, body, status) => {
    const { call, lines } = aScene()
    expect(await call(aToken(key, claims), path, body)).toMatchObject({ status })
    if (status === 200) expect(lines.join('\n')).toContain('"by":"ann"')
  })

  it.each<[string, string]>([
    ['of another repository', aToken(key, { ...job, repository: 'acme/other' })],
    ['of a repository whose name only begins so', aToken(key, { ...job, repository: 'acme/payments2' })],
    ['in other letters', aToken(key, { ...job, repository: 'Acme/Payments' })],
    ['of another branch', aToken(key, { ...job, ref: 'refs/heads/attack' })],
    ['without the claim', aToken(key, { ...life, iss: GITHUB, repository: 'acme/payments' })],
    ['for another audience', aToken(key, { ...job, aud: 'https://other.example.com' })],
    ['for two audiences', aToken(key, { ...job, aud: [AUDIENCE, 'https://other.example.com'] })],
    ['of another issuer', aToken(key, { ...job, iss: 'https://evil.example.com' })],
    ['of one issuer with the claims of another’s people', aToken(key, { ...ann, iss: GITHUB })],
    ['with an address that nobody verified', aToken(key, { ...ann, email_verified: false })],
    ['with an address of which nothing is said', aToken(key, { ...ann, email_verified: undefined })],
    ['of a group that only begins so', aToken(key, { ...bob, groups: ['oncall-readers'] })],
    ['signed by a stranger', aToken(stranger, job)],
    ['without a signature', aToken(key, job, { alg: 'none', kid: 'k1' })],
    ['signed with the public key as a secret', aToken(key, job, { alg: 'HS256', kid: 'k1' })],
    ['with a key of its own', aToken(stranger, job, { alg: 'RS256', kid: 'k1', jwk: stranger.jwk })],
    ['with an unknown key', aToken(key, job, { alg: 'RS256', kid: 'k9' })],
    ['that expired', aToken(key, { ...job, exp: SECONDS - SKEW })],
    ['that is not valid yet', aToken(key, { ...job, nbf: SECONDS + SKEW + 1 })],
    ['from tomorrow', aToken(key, { ...job, iat: SECONDS + SKEW + 1 })],
    ['without an end', aToken(key, { ...job, exp: undefined })],
    ['that lives for more than a day', aToken(key, { ...job, exp: job.iat + 86_401 })],
    ['of three empty parts', '..'],
    ['of 16 KiB', 'a.b.'.padEnd(16_384, 'c')],
    ['of more', 'a.b.'.padEnd(16_385, 'c')],
  ])('lets nobody in %s', async (_title, token) => {
    const { call, lines } = aScene()
    expect((await call(token)).status).toBe(401)
    expect(lines.join('')).not.toContain(token.slice(0, 40) === '' ? 'x' : token.slice(-40))
  })

  it.each([
    ['just expired', { exp: SECONDS - SKEW + 1 }],
    ['just begun', { nbf: SECONDS + SKEW }],
    ['of a day', { exp: job.iat + 86_400 }],
    ['with its audience in a list', { aud: [AUDIENCE] }],
  ])('is taken within the bounds: %s', async (_title, claims) => {
    expect((await aScene().call(aToken(key, { ...job, ...claims }))).status).toBe(200)
  })

  it('lets nobody in while the issuer’s keys cannot be had, and says that it may work later', async () => {
    const { call } = aScene(() => {
      throw new Error('down')
    })
    expect((await call(aToken(key, job))).status).toBe(503)
  })

  it('asks for keys once, and for none because of strangers', async () => {
    const { call, http } = aScene()
    for (let count = 0; count < 20; count += 1) {
      await call(aToken(stranger, { ...job, iss: `https://evil${count}.example.com` }))
      await call('x'.repeat(64))
    }
    expect(http.calls).toHaveLength(0)
    for (let count = 0; count < 20; count += 1) await call(aToken(key, job))
    for (let count = 0; count < 20; count += 1) await call(aToken(key, job, { alg: 'RS256', kid: `k${count}` }))
    expect(http.calls.length).toBeLessThanOrEqual(2)
    expect(http.calls.every(({ url }) => url.host === new URL(GITHUB).host)).toBe(true)
  })

  it('proves nobody where two are meant', async () => {
    const both = { ...bob, email: 'ann@acme.example', email_verified: true }
    const { call, lines } = aScene()
    expect((await call(aToken(key, both))).status).toBe(401)
    expect(lines.join('')).toContain('token shared')
  })

  it('stands beside the configured tokens', async () => {
    const tokens = () => [{ person: 'otto', role: 'operator' as const, secret: async () => ['own-token'] as const }]
    const { call } = aScene(undefined, tokens)
    expect([(await call('own-token')).status, (await call(aToken(key, job))).status]).toEqual([200, 200])
  })
})

describe('its configuration', () => {
  const one = { issuer: GITHUB, audience: AUDIENCE, keys: `${GITHUB}/keys` }
  it.each<[string, object]>([
    ['anybody of a public issuer', { ...one, people: [{ person: 'ci', role: 'reporter', claims: { ref: 'main' } }] }],
    ['no claims', { ...one, people: [{ person: 'ci', role: 'reporter', claims: {} }] }],
    ['keys over plain HTTP', { ...one, keys: 'http://login.example.com/keys', people: issuers[0]?.people }],
    ['no people', { ...one, people: [] }],
    ['no audience', { issuer: GITHUB, keys: one.keys, people: issuers[0]?.people }],
    ['a role that is none', { ...one, people: [{ person: 'ci', role: 'admin', claims: { sub: 'x' } }] }],
  ])('refuses %s', (_title, issuer) => {
    expect(OidcIssuer.safeParse(issuer).success).toBe(false)
  })
})
