import { describe, expect, it } from 'vitest'
import { loaded, problemsOf, SMALLEST } from '../../helpers/config.ts'

const STAGE = 'prod: { git: repo, file: app.yaml }'
function withStage(own: string, shared = ''): string {
  const text = SMALLEST.replace(STAGE, `prod: { git: repo, file: app.yaml${own} }`)
  return shared === '' ? text : text.replace('subscriptions:', `stages:\n  prod: { ${shared} }\nsubscriptions:`)
}
const stageOf = async (text: string) => (await loaded(text)).loaded.config.subscriptions[0]?.stages[0]

describe('breakGlass', () => {
  it.each([
    ['a stage of its own', ', breakGlass: { from: [ann, bob] }', ''],
    ['a shared stage', '', 'breakGlass: { from: [ann, bob] }'],
  ])('is said by %s, and counts for half an hour', async (_title, own, shared) => {
    expect((await stageOf(withStage(own, shared)))?.breakGlass).toEqual({ from: ['ann', 'bob'], expires: 1_800_000 })
  })

  it('is nobody’s where nobody is named', async () => {
    expect((await stageOf(SMALLEST))?.breakGlass).toBeUndefined()
  })

  it.each([
    ['one person alone', '{ from: [ann] }', 'from'],
    ['a person twice, in any case', '{ from: [ann, Ann] }', 'from'],
    ['more than a day', '{ from: [ann, bob], expires: 25h }', 'expires'],
    ['no names', '{ expires: 10m }', 'from'],
    ['a key that it does not know', '{ from: [ann, bob], skip: [signature] }', 'skip'],
  ])('refuses %s', async (_title, rule, key) => {
    const found = await problemsOf(withStage(`, breakGlass: ${rule}`))
    expect(found.some((line) => line.includes('breakGlass') && line.includes(key))).toBe(true)
  })

  it('is not opened by a subscription at a shared stage', async () => {
    const own = ', breakGlass: { from: [eve, mallory] }'
    expect(await problemsOf(withStage(own, 'gates: [{ soak: 1h }]'))).toEqual([
      expect.stringContaining('conflict subscriptions.shop.stages.prod.breakGlass'),
    ])
  })
})

describe('rollback', () => {
  it.each([
    ['', '', undefined],
    [', rollback: {}', '', { as: 'commit', merge: 'now', refuse: 'here' }],
    [', rollback: { as: pull-request }', '', { as: 'pull-request', merge: 'now', refuse: 'here' }],
    [
      ', rollback: { as: commit, refuse: everywhere }',
      'rollback: { as: pull-request, merge: by-person }',
      { as: 'pull-request', merge: 'by-person', refuse: 'everywhere' },
    ],
  ])('%s beside %s is the more careful of both', async (own, shared, rule) => {
    const text = withStage(own, shared).replace('url: /srv/repo.git', 'github: acme/gitops, token: env:TOKEN')
    expect((await stageOf(text))?.rollback).toEqual(rule)
  })

  it.each([
    ['its own words', ', rollback: { as: pull-request }', ''],
    ['those of the shared stage', '', 'rollback: { as: pull-request }'],
  ])('is no pull request where a repository has none, by %s', async (_title, own, shared) => {
    expect(await problemsOf(withStage(own, shared))).toEqual([
      expect.stringContaining('conflict subscriptions.shop.stages.prod'),
    ])
  })

  it('refuses a way that it does not know', async () => {
    expect((await problemsOf(withStage(', rollback: { as: force-push }')))[0]).toContain('rollback')
  })
})

it('refuses a claim that would be passed over as a comment', async () => {
  const person = '{ person: ann, role: operator, claims: { sub: a11, x-tenant: acme } }'
  const issuer = `{ issuer: https://idp.example.com, audience: d, keys: https://idp.example.com/k, people: [${person}] }`
  const found = await problemsOf(`${SMALLEST}server: { api: { oidc: [${issuer}] } }\n`)
  expect(found).toEqual([expect.stringContaining('malformed server.api.oidc[0].people[0].claims.x-tenant')])
})
