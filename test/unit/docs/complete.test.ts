/** What the docs list is all that there is: receivers, status codes, metrics, tables, commands. */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { STATUS } from '../../../src/app.ts'
import { createPrometheus } from '../../../src/clients/prometheus.ts'
import { receiverTypes } from '../../../src/receivers/index.ts'
import { MIGRATIONS } from '../../../src/state/sql/schema.ts'

const read = (file: string): string => readFileSync(file, 'utf8')

describe('docs/receivers.md', () => {
  const text = read('docs/receivers.md')

  it.each([...receiverTypes.keys()])('has a line and a section about %s', (type) => {
    expect(text).toContain(`\n| \`${type}\` | `)
    expect(text).toContain(`\n## \`${type}\`: `)
  })

  it('has the status codes that are answered', () => {
    const rows = [...text.matchAll(/^\| (?<outcomes>(?:`[a-z-]+` ?)+)\| (?<usual>\d{3}) \| (?<blocking>\d{3}) \|/gmu)]
    const documented = rows.flatMap(({ groups }) =>
      [...(groups?.['outcomes'] ?? '').matchAll(/[a-z-]+/gu)].map(([outcome]) => [
        outcome,
        [Number(groups?.['usual']), Number(groups?.['blocking'])],
      ]),
    )
    const answered = Object.entries(STATUS.default).map(([outcome, status]) => [
      outcome,
      [status, STATUS['blocking-queue'][outcome as keyof typeof STATUS.default]],
    ])
    expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(answered))
  })
})

it('docs/operations.md names every metric', async () => {
  const { text } = await createPrometheus().render(0)
  const names = [...text.matchAll(/^# TYPE (?<name>\S+)/gmu)].map(({ groups }) => groups?.['name'] ?? '')
  expect(names.length).toBeGreaterThan(4)
  expect(names.filter((name) => !read('docs/operations.md').includes(`\`${name}\``))).toEqual([])
})

it('docs/state.md has every table and every column', () => {
  const sections = read('docs/state.md').split(/^## /mu)
  const documented = sections.flatMap((section) => {
    const table = /^`(?<table>[a-z_]+)`$/mu.exec(section.split('\n')[0] ?? '')?.groups?.['table']
    const [, ...rows] = /\| column \| what \|\n[^\n]*\n(?<rows>(?:\|[^\n]*\n)+)/u.exec(section) ?? []
    const cells = rows
      .join('')
      .split('\n')
      .map((row) => row.split('|')[1] ?? '')
    return table === undefined ? [] : [[table, cells.join(' ').match(/[a-z_]+/gu) ?? []]]
  })
  const tables = MIGRATIONS.flat().flatMap((statement) => {
    const groups = /^CREATE TABLE (?<table>\w+) \((?<columns>[^]*)\) STRICT$/u.exec(statement)?.groups
    const columns = [...(groups?.['columns'] ?? '').matchAll(/(?<column>[a-z_]+) (?:TEXT|INTEGER)/gu)]
    return groups === undefined ? [] : [[groups['table'], columns.map((match) => match.groups?.['column'])]]
  })
  expect(Object.fromEntries(documented)).toEqual({ ...Object.fromEntries(tables), drayage_schema: ['version'] })
})
