import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { corpus } from './signatures.ts'

const directory = process.env['DRAYAGE_CORPUS']

describe.skipIf(directory === undefined)('the vectors of signatures (DRAYAGE_CORPUS)', () => {
  it('have the outcome that they should have, good and bad ones', async () => {
    const { passed, failures } = await corpus(join(directory ?? '', 'sigvectors'))
    expect(failures).toEqual([])
    expect(passed).toBeGreaterThan(0)
  }, 120_000)
})
