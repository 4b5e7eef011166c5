import { describe, expect, it } from 'vitest'
import { corpus } from './tags.ts'

const directory = process.env['DRAYAGE_CORPUS']

describe.skipIf(directory === undefined)("our peers' tables of tag choice (DRAYAGE_CORPUS)", () => {
  it('agree with us, but for the exceptions that have a reason', async () => {
    const { passed, failures } = await corpus(directory ?? '')
    expect(failures).toEqual([])
    expect(passed).toBeGreaterThan(0)
  })
})

it('says so where a folder holds no table', async () => {
  expect(await corpus(import.meta.dirname)).toMatchObject({
    passed: 0,
    failures: [expect.stringContaining('no table')],
  })
})
