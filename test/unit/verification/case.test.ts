import { expect, it } from 'vitest'
import { maySign } from '../../../src/verification/case.ts'
import { namesOf } from '../../../src/verification/signature-rule.ts'
import { aCase } from '../../helpers/evidence.ts'

const given = aCase({ require: [] })

it.each([
  ['ci', true],
  ['other', false],
  ['nobody', false],
  // Names that every object has are no signers.
  ['constructor', false],
  ['__proto__', false],
  ['toString', false],
])('whether %s may sign this image: %s', (name, expected) => {
  expect(maySign(name, given)).toBe(expected)
})

it.each([
  [['ci'], 1, 'ci'],
  [['ci', 'qa'], 1, 'any of ci, qa'],
  [['ci', 'qa', 'security'], 2, '2 of ci, qa, security'],
] as const)('%j, at least %i, is told as %s', (names, atLeast, expected) => {
  expect(namesOf(names, atLeast)).toBe(expected)
})
