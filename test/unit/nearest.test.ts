import { expect, it } from 'vitest'
import { nearestWord } from '../../src/domain/nearest.ts'

it.each<[string, string[], string | null]>([
  ['semvr', ['semver', 'numerical'], 'semver'],
  ['smever', ['semver', 'numerical'], 'semver'],
  ['Semver', ['semver'], 'semver'],
  ['tag', ['tags', 'edit'], 'tags'],
  ['tgas', ['tags', 'edit'], 'tags'],
  ['zzz', ['tags', 'edit'], null],
  ['ab', ['xy'], null],
  ['', ['x'], 'x'],
  ['anything', [], null],
  ['a'.repeat(65), ['a'.repeat(64)], null],
])('near %j in %j stands %j', (word, known, expected) => {
  expect(nearestWord(word, known)).toBe(expected)
})
