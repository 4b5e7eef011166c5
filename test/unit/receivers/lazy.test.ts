/** The catalogue for cold starts has the receivers of the catalogue, and no others. */

import { expect, it } from 'vitest'
import { receiverTypes } from '../../../src/receivers/index.ts'
import { loadReceiverType } from '../../../src/receivers/lazy.ts'

it.each([...receiverTypes.keys()])('loads %s as the catalogue has it', async (name) => {
  expect(await loadReceiverType(name)).toBe(receiverTypes.get(name))
})

it.each(['none', 'constructor', '__proto__'])('has no %s', async (name) => {
  expect(await loadReceiverType(name)).toBeUndefined()
})
