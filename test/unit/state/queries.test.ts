/** No query of the SQL store reads a whole table: a million events later each is as quick. */

import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { createSqlState, type Sql } from '../../../src/state/sql.ts'
import { aLine, anAcceptedEvent, anEntry, aWalkStep, NOW } from '../../helpers/build.ts'

const database = new DatabaseSync(':memory:')
const queries = new Set<string>()
const sql: Sql = {
  run(query, ...values) {
    queries.add(query)
    return database.prepare(query).all(...values)
  },
  transaction: (work) => work(),
}

const { documents, inbox, journal } = createSqlState(sql)
queries.clear()
await documents.save(aLine(), 0, NOW)
await documents.save(aLine(), 1, NOW)
await documents.load('line/payments')
await documents.due(NOW, 10)
await documents.list({ limit: 10 })
await documents.list({ prefix: 'line/', after: 'line/a', limit: 10 })
await inbox.put([anAcceptedEvent()])
await inbox.claim(1, 1, NOW)
await inbox.settle('hub/1', { state: 'done' }, [], NOW)
await inbox.reopen('hub/1', aWalkStep(), NOW)
await inbox.get('hub/1')
await inbox.depth()
await inbox.nextDue()
await inbox.prune(NOW)
for (const state of [undefined, 'waiting', 'done', 'dead'] as const) {
  for (const before of [undefined, 'hub/1']) {
    await inbox.list({ limit: 1, ...(state && { state }), ...(before && { before }) })
  }
}
await journal.append([anEntry({ image: 'x' })])
for (const query of [{}, { document: 'x' }, { promotion: 'x' }, { cause: 'x' }, { image: 'x' }]) {
  for (const before of [{}, { before: `${NOW}.1.line/a` }]) await journal.query({ limit: 1, ...query, ...before })
}

it.each([...queries])('finds by an index: %s', (query) => {
  const plan = database
    .prepare(`EXPLAIN QUERY PLAN ${query}`)
    .all()
    .map((row) => String(row['detail']))
  // The names of images are few, and a part of one is found only by looking at each.
  const scans = plan.filter((step) => /^SCAN (?!image)/u.test(step) && !/USING (?:COVERING )?INDEX/u.test(step))
  expect(scans).toEqual([])
})

it.each([...queries].filter((query) => !/image IN|state = 'waiting' AND (?:true|\()/u.test(query)))(
  'sorts nothing that an index has sorted: %s',
  (query) => {
    const plan = database
      .prepare(`EXPLAIN QUERY PLAN ${query}`)
      .all()
      .map((row) => String(row['detail']))
    expect(plan.filter((step) => step.includes('TEMP B-TREE'))).toEqual([])
  },
)
