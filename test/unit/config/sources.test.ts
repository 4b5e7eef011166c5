/** Source repositories, checks of GitHub, webhooks of Git hosts: what the configuration may say of them. */

import { describe, expect, it } from 'vitest'
import { loaded, problemsOf, SMALLEST } from '../../helpers/config.ts'

const TOLD = 'status: true, deployments: true, comments: true'
const withSource = (source: string, gates = '', git = '') =>
  SMALLEST.replace('    verify: none', `    verify: none\n    source: ${source}`)
    .replace('file: app.yaml }', `file: app.yaml${gates} }`)
    .replace('repo: { url: /srv/repo.git }', `repo: { url: /srv/repo.git }${git}`)
const CHECK = (where: string) => `, gates: [{ check: { name: e2e, github: ${where}, check: "e2e / linux" } }]`
const ENTRY = '\n  payments: { github: Acme/Payments, token: env:T }'

describe('the source of an image', () => {
  it.each([
    [
      'its name alone',
      'acme/payments',
      { github: 'acme/payments', status: false, deployments: false, comments: false },
    ],
    [
      'what is told there',
      `{ github: acme/payments, app: 7, key: env:KEY, ${TOLD} }`,
      { app: 7, key: 'env:KEY', status: true, comments: true },
    ],
  ])('is read from %s', async (_title, source, expected) => {
    const { loaded: whole } = await loaded(withSource(source))
    expect(whole.config.subscriptions[0]?.source).toMatchObject(expected)
  })

  it('takes the way in of the entry of git: for the same repository', async () => {
    expect(await problemsOf(withSource(`{ github: acme/payments, ${TOLD} }`, '', ENTRY))).toEqual([])
  })

  it.each([
    ['no way in', `{ github: acme/payments, ${TOLD} }`, 'missing subscriptions.shop.source'],
    ['an App without its key', '{ github: acme/payments, app: 7 }', 'missing subscriptions.shop.source.key'],
    ['a key without its App', '{ github: acme/payments, key: env:K }', 'missing subscriptions.shop.source.app'],
    [
      'two ways in',
      '{ github: acme/payments, token: env:T, app: 7, key: env:K }',
      'conflict subscriptions.shop.source.token',
    ],
    ['a secret in the file', '{ github: acme/payments, token: ghp_x }', 'subscriptions.shop.source'],
    [
      'a token over plain HTTP',
      '{ github: acme/payments, token: env:T, api: "http://ghe.example.com/api/v3" }',
      'conflict subscriptions.shop.source.api',
    ],
    ['a URL', 'https://github.com/acme/payments', 'subscriptions.shop.source'],
  ])('is refused with %s', async (_title, source, problem) => {
    expect(await problemsOf(withSource(source))).toEqual([expect.stringContaining(problem)])
  })
})

describe('a check of GitHub', () => {
  it.each([
    ['the source', withSource('{ github: acme/payments, token: env:T }', CHECK('source')), null],
    ['an entry of git:', withSource('acme/other', CHECK('acme/payments'), ENTRY), 'acme/payments'],
  ])('asks %s', async (_title, text, repository) => {
    const { loaded: whole } = await loaded(text)
    const how = { by: 'github', repository, check: 'e2e / linux' }
    expect(whole.config.subscriptions[0]?.stages[0].gates).toMatchObject([{ kind: 'check', name: 'e2e', how }])
  })

  it.each([
    ['nobody has a way in', withSource('acme/payments', CHECK('source')), /missing subscriptions\.shop\.stages\.prod/u],
    [
      'there is no source',
      SMALLEST.replace('file: app.yaml }', `file: app.yaml${CHECK('source')} }`),
      /missing subscriptions\.shop\.stages\.prod/u,
    ],
    ['it names no repository', withSource('acme/payments', CHECK('"x"')), /gates/u],
  ])('is refused where %s', async (_title, text, problem) => {
    expect((await problemsOf(text)).join()).toMatch(problem)
  })
})

describe('the webhook of a Git host', () => {
  const git = '\n  gitops: { github: acme/gitops, token: env:T, webhook: [env:NEW, env:OLD] }'
  it('is read, with two secrets while they are rotated', async () => {
    const { loaded: whole } = await loaded(withSource('acme/payments', '', git))
    expect(whole.config.git['gitops']).toMatchObject({ webhook: ['env:NEW', 'env:OLD'] })
  })

  it('and a registry called git would share an address', async () => {
    const text = withSource('acme/payments', '', git).replace('  local: {', '  git: { host: quay.io }\n  local: {')
    expect((await problemsOf(text)).join()).toContain('conflict registries.git')
  })
})
