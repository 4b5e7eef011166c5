import { describe, expect, it } from 'vitest'
import { corpus } from './edits.ts'

const directory = process.env['DRAYAGE_CORPUS']

describe.skipIf(directory === undefined)("our peers' edits of files (DRAYAGE_CORPUS)", () => {
  it('come out the same, byte for byte', async () => {
    const { passed, failures } = await corpus(directory ?? '')
    expect(failures).toEqual([])
    expect(passed).toBeGreaterThan(0)
  })
})
