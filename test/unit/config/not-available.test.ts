import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { problems, problemsOf, SMALLEST } from '../../helpers/config.ts'

it('refuses of the design’s example what later versions bring, and nothing else', async () => {
  const found = await problems(readFileSync('test/fixtures/config/design.yaml', 'utf8'))
  expect(found.map(({ message }) => message)).toEqual([
    'slack: not available in this version',
    'stages.prod.gates[2].approval.slack: not available in this version',
  ])
})

it.each([
  ['image: localhost:5000/shop', 'images: [a, b]', '8:5 not-available subscriptions.shop.images'],
  [
    'file: app.yaml',
    'file: app.yaml, gates: [{ approval: { from: [ann], slack: C0 } }]',
    '12:77 not-available subscriptions.shop.stages.prod.gates[0].approval.slack',
  ],
])('refuses %s → %s without a second complaint about the same key', async (from, to, problem) => {
  const found = await problemsOf(SMALLEST.replace(from, to))
  expect(found.filter((line) => line.includes('not-available'))).toEqual([problem])
  expect(found.filter((line) => line.endsWith(problem.split(' ').at(-1) ?? ''))).toHaveLength(1)
})
