import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { problems } from '../../helpers/config.ts'

it('takes the whole of the design’s example', async () => {
  expect(await problems(readFileSync('test/fixtures/config/design.yaml', 'utf8'))).toEqual([])
})
