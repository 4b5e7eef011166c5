import { expect, it } from 'vitest'
import { problems, SMALLEST } from '../../helpers/config.ts'

const CANARY = 'hunter2-canary'

it.each([
  ['a receiver’s secret', SMALLEST.replace('env:HOOK', CANARY)],
  ['one of two', SMALLEST.replace('env:HOOK', `[env:HOOK, ${CANARY}]`)],
  ['one of three', SMALLEST.replace('env:HOOK', `[env:A, env:B, ${CANARY}]`)],
  ['a public key', 'registries: { r: { events: { type: webhook, publicKey: CANARY } } }'],
  ['a registry’s password', 'registries: { r: { host: ghcr.io, pull: { username: a, password: CANARY } } }'],
  ['a number as a password', 'registries: { r: { host: ghcr.io, pull: { username: a, password: 4711 } } }'],
  ['a mistyped password', 'registries: { r: { host: ghcr.io, pull: { username: a, pasword: CANARY } } }'],
  ['a GitHub token', 'git: { g: { github: a/b, token: CANARY } }'],
  ['a private key', 'git: { g: { github: a/b, app: 1, key: "-----BEGIN CANARY" } }'],
  ['a Git password', 'git: { g: { url: "https://host/x", username: a, password: CANARY } }'],
  ['a URL', 'git: { g: { url: "https://me:CANARY@host/x" } }'],
  ['a URL to an API', 'git: { g: { github: a/b, token: env:T, api: "http://me:CANARY@host/x" } }'],
  ['a host', 'registries: { r: { host: "me:CANARY@ghcr.io" } }'],
  ['an API token', 'server: { api: { tokens: [{ person: a, role: viewer, token: CANARY }] } }'],
  ['a token in place of its entry', 'server: { api: { tokens: [CANARY] } }'],
  ['a database’s URL', 'server: { state: { postgres: "postgres://me:CANARY@host/x" } }'],
  ['a database’s URL as a file', 'server: { state: "postgres://me:CANARY@host/x" }'],
  ['an unknown key’s value', 'server: { secret: CANARY }'],
  ['a later version’s part', 'slack: { token: CANARY, signingSecret: CANARY }'],
])('repeats no secret that stands in place of its reference: %s', async (_, text) => {
  const found = await problems(text.includes('version: 1') ? text : `version: 1\n${text.replaceAll('CANARY', CANARY)}`)
  expect(found.length).toBeGreaterThan(0)
  expect(JSON.stringify(found)).not.toContain(CANARY)
  expect(JSON.stringify(found)).not.toContain('4711')
})

it.each(['"a\\e[2Jb"', '"a\\u202eb"', '"a\\nb"', '"a\\u2028b"'])(
  'obeys and hides nothing of the key or value %s',
  async (text) => {
    for (const { message } of await problems(`version: 1\n${text}: ${text}\nmode: ${text}`)) {
      expect(message).not.toMatch(/[\u0000-\u001f\u202e\u2028]/u)
    }
  },
)
