/** The tables of docs/tag-filters.md, row by row, through the filter. */

import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { TagFilter } from '../../../src/domain/tag-filter.ts'
import { chooseTag } from '../../../src/filter.ts'
import { aFilter } from '../../helpers/filter.ts'

const OWN = '| filter | of these tags | newest first | not these |'
const THERE = '| there | filter | of these tags | newest first |'

type Row = { readonly filter: string; readonly tags: string; readonly newest: string; readonly others: string | null }

const rows: readonly Row[] = readFileSync('docs/tag-filters.md', 'utf8')
  .split('\n\n')
  .flatMap((block): Row[] => {
    const [head = '', , ...lines] = block.trim().split('\n')
    if (head !== OWN && head !== THERE) return []
    return lines.map((line) => {
      const cells = line.split(/(?<!\\)\|/u).map((cell) => cell.trim().replaceAll(String.raw`\|`, '|'))
      const [filter = '', tags = '', newest = '', others = null] = cells.slice(head === THERE ? 2 : 1)
      return { filter: code(filter), tags: code(tags), newest: code(newest), others: head === THERE ? null : others }
    })
  })

it('finds the tables', () => {
  expect(rows.length).toBeGreaterThan(30)
})

it.each(rows)('$filter of $tags', ({ filter, tags, newest, others }) => {
  const { eligible, rejected } = chooseTag(aFilter(TagFilter.parse(parse(filter))), tags.split(' '), null)
  expect(eligible).toEqual(newest.split(' '))
  if (others === null) return
  expect(rejected.map(({ tag, reason }) => `\`${tag}\` ${reason}`).join(', ')).toBe(others)
})

function code(cell: string): string {
  return cell.replaceAll(/^`|`$/gu, '')
}
