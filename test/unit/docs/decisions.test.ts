/** The decision records: short, complete, and about this code. */

import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { expect, it } from 'vitest'
import manifest from '../../../package.json' with { type: 'json' }

const LINES_MAX = 50
const records = globSync('docs/decisions/*.md').toSorted()
const all = records.map((file) => readFileSync(file, 'utf8')).join('\n')

it.each(records)('%s fits on a page and has its three parts', (file) => {
  const text = readFileSync(file, 'utf8')
  const number = Number(basename(file).slice(0, 4))
  expect(text).toMatch(new RegExp(`^# ${number}\\. `, 'u'))
  expect(text.match(/^\*\*(?:Context|Decision|Consequences)\.\*\*/gmu)).toEqual([
    '**Context.**',
    '**Decision.**',
    '**Consequences.**',
  ])
  expect(text.split('\n').length).toBeLessThanOrEqual(LINES_MAX)
})

it('numbers every record once', () => {
  const numbers = records.map((file) => basename(file).slice(0, 4))
  expect(new Set(numbers).size).toBe(numbers.length)
})

it.each(Object.keys(manifest.dependencies))('gives a reason for the library %s', (library) => {
  expect(all).toContain(`\`${library}\``)
})
