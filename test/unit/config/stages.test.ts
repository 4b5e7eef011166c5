import { expect, it } from 'vitest'
import { loaded, problems, problemsOf, SMALLEST } from '../../helpers/config.ts'

function withStages(shared: string, own: string): string {
  return `${SMALLEST.split('      prod:')[0] ?? ''}${own.replace(/^/gmu, '      ')}\nstages: ${shared}\n`
}

function target(file: string, more = ''): string {
  return `{ git: repo, file: ${file}${more} }`
}

async function stagesOf(text: string): Promise<readonly string[]> {
  const stages = (await loaded(text)).loaded.config.subscriptions[0]?.stages ?? []
  return stages.map(({ name, after }) => `${name} after [${after.join(' ')}]`)
}

it('orders the stages by what they wait for', async () => {
  const text = withStages(
    '{ prod: { after: [test, dev] }, test: { after: dev }, dev: {} }',
    `prod: ${target('p')}\ntest: ${target('t')}\ndev: ${target('d')}`,
  )
  expect(await stagesOf(text)).toEqual(['dev after []', 'test after [dev]', 'prod after [test dev]'])
})

it('adds what a subscription asks for to what the shared stage asks for', async () => {
  const text = withStages(
    '{ dev: {}, test: {}, prod: { after: dev } }',
    `dev: ${target('d')}\ntest: ${target('t')}\nprod: ${target('p', ', after: test')}`,
  )
  expect(await stagesOf(text)).toEqual(['dev after []', 'test after []', 'prod after [dev test]'])
})

it('takes stages that nobody shares', async () => {
  const text = SMALLEST.replace('stages:\n', `stages:\n      later: ${target('l', ', after: prod')}\n`)
  expect(await stagesOf(text)).toEqual(['prod after []', 'later after [prod]'])
})

it('names the circle among shared stages, once', async () => {
  const text = withStages(
    '{ a: { after: c }, b: { after: a }, c: { after: b } }',
    `a: ${target('a')}\nb: ${target('b')}\nc: ${target('c')}`,
  )
  const found = await problems(text)
  expect(found.map(({ reason }) => reason)).toEqual(['cycle'])
  expect(found[0]?.message).toContain('a → c → b → a')
})

it('names a circle that only the subscription makes', async () => {
  const text = withStages('{ a: {}, b: { after: a } }', `a: ${target('a', ', after: b')}\nb: ${target('b')}`)
  const found = await problems(text)
  expect(found.map(({ reason, key }) => [reason, key])).toEqual([['cycle', 'subscriptions.shop.stages.a.after']])
})

it('takes no stage that waits for itself', async () => {
  expect(await problemsOf(`version: 1\nstages: { a: { after: a } }`)).toEqual(['2:16 cycle stages.a.after'])
})

it('says what to do where a subscription lacks a stage that its stage waits for', async () => {
  const found = await problems(withStages('{ dev: {}, prod: { after: dev } }', `prod: ${target('p')}`))
  expect(found).toHaveLength(1)
  expect(found[0]).toMatchObject({ reason: 'unknown-name', key: 'subscriptions.shop.stages.prod', line: 12 })
  expect(found[0]?.message).toContain('waits for the stage dev (drayage.yaml:13:28)')
  expect(found[0]?.hint).toContain('Add dev:')
})

it('warns where a stage may be a mistyped shared one', async () => {
  const found = await problems(withStages('{ prod: {} }', `prd: ${target('p')}`))
  expect(found).toHaveLength(1)
  expect(found[0]).toMatchObject({ severity: 'warning', reason: 'no-floor', hint: 'Did you mean prod?' })
})

it('takes no subscription without stages', async () => {
  expect(await problemsOf(withStages('{}', '{}'))).toEqual(['12:7 missing subscriptions.shop.stages'])
})
