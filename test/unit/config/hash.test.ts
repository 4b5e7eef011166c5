import { expect, it } from 'vitest'
import { loaded, SMALLEST } from '../../helpers/config.ts'

async function hashOf(text: string): Promise<string> {
  return (await loaded(text)).loaded.hash
}

it.each([
  ['comments and spaces', SMALLEST.replaceAll('{ ', '{    ').replace('version: 1', '# why\nversion: 1 # this')],
  ['a default that is written out', `${SMALLEST}mode: act\nserver: { listen: 127.0.0.1:8080 }\n`],
  [
    'another place to listen and to keep state',
    `${SMALLEST}server: { listen: 0.0.0.0:80, api: { listen: 0.0.0.0:81 }, state: { postgres: env:URL } }\n`,
  ],
  ['x- keys', `x-note: hello\n${SMALLEST}`],
  [
    'the order of the sections',
    `subscriptions:${SMALLEST.split('subscriptions:')[1] ?? ''}${SMALLEST.split('subscriptions:')[0] ?? ''}`,
  ],
  ['the way an image is written', SMALLEST.replace('localhost:5000/shop', 'LOCALHOST:5000/shop')],
])('is the same for another form of the same meaning: %s', async (_, text) => {
  expect(await hashOf(text)).toBe(await hashOf(SMALLEST))
})

it.each([
  ['mode', `${SMALLEST}mode: observe\n`],
  ['a tag filter', SMALLEST.replace('"*"', '">=1"')],
  ['a secret reference', SMALLEST.replace('env:HOOK', 'env:OTHER')],
  ['who may act', `${SMALLEST}server: { api: { tokens: [{ person: ada, role: operator, token: env:T }] } }\n`],
  ['a target', SMALLEST.replace('app.yaml', 'other.yaml')],
])('is another one for another meaning: %s', async (_, text) => {
  expect(await hashOf(text)).not.toBe(await hashOf(SMALLEST))
})

it('does not depend on the order of subscriptions', async () => {
  const other =
    '  blog: { image: localhost:5000/blog, tags: { semver: "*" }, verify: none, stages: { prod: { git: repo, file: blog.yaml } } }\n'
  expect(await hashOf(`${SMALLEST}${other}`)).toBe(
    await hashOf(SMALLEST.replace('subscriptions:\n', `subscriptions:\n${other}`)),
  )
})

it('is 64 hex digits', async () => {
  expect(await hashOf(SMALLEST)).toMatch(/^[0-9a-f]{64}$/u)
})
