import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { problems, problemsOf, SMALLEST } from '../../helpers/config.ts'

it('takes the whole of the design’s example', async () => {
  expect(await problems(readFileSync('test/fixtures/config/design.yaml', 'utf8'))).toEqual([])
})

it.each([['    verify: none', '    batch: 10m\n    verify: none', 'not-available subscriptions.shop.batch']])(
  'refuses %s → %s without a second complaint about the same key',
  async (from, to, problem) => {
    const found = await problemsOf(SMALLEST.replace(from, to))
    const refused = found.filter((line) => line.includes('not-available'))
    expect(refused).toEqual([expect.stringContaining(problem)])
    expect(found.filter((line) => line.endsWith(problem.split(' ').at(-1) ?? ''))).toHaveLength(1)
  },
)
