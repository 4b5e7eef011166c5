/** What durability costs in PostgreSQL, what many writers give back, and what a second process adds; against its own bare row. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Client } from 'pg'
import { openPostgres } from '../../src/state/postgres.ts'
import { anAcceptedEvent } from '../helpers/build.ts'
import { type Postgres, postgresBinaries, startPostgres } from '../helpers/postgres.ts'
import { type Measure, medians, rate } from './rate.ts'
import { rolloutsPerSecond } from './rollouts.ts'
import type { BenchRow } from './row.ts'
import { writersOf } from './store.ts'

const WRITERS = 64
const ROLLOUTS = 600
const BODY = JSON.stringify(anAcceptedEvent())

export async function bench(): Promise<readonly BenchRow[]> {
  const embedded = await embeddedRollouts()
  if (postgresBinaries === null) {
    console.log('PostgreSQL: skipped, no initdb and postgres')
    return [embedded]
  }
  const postgres = await startPostgres()
  try {
    return [embedded, ...(await measure(postgres))]
  } finally {
    await postgres.close()
  }
}

async function measure(postgres: Postgres): Promise<readonly BenchRow[]> {
  const url = await postgres.create('bench')
  const state = await openPostgres({ url: async () => [url], connections: 10, now: Date.now })
  const raw = await openRaw(url)
  const { put, save, saveOwn } = writersOf(state)
  const measures = [
    { name: 'raw', perSecond: () => rate(1, raw.insert) },
    { name: 'put', perSecond: () => rate(1, put) },
    { name: 'puts', perSecond: () => rate(WRITERS, put) },
    { name: 'save', perSecond: () => rate(1, save) },
    { name: 'saves', perSecond: () => rate(WRITERS, saveOwn) },
  ] as const satisfies readonly Measure[]
  const figures = await medians(measures)
  await raw.close()
  await state.close()
  const rollouts = async (name: string, processes: number): Promise<number> =>
    rolloutsPerSecond({ kind: 'postgres', place: await postgres.create(name), processes, rollouts: ROLLOUTS })
  const one = await rollouts('one', 1)
  const two = await rollouts('two', 2)
  const row = (name: string, [a, of]: readonly [number, string], [b, to]: readonly [number, string], aim: string) => ({
    name: `PostgreSQL: ${name}`,
    ratio: a / b,
    aim,
    detail: `${round(a)} ${of}/s : ${round(b)} ${to}/s`,
  })
  const bare = [figures('raw'), 'rows'] as const
  return [
    row('durable events, one writer : bare row', [figures('put'), 'events'], bare, '≥ 0.7'),
    row(`durable events, ${WRITERS} at once : bare row`, [figures('puts'), 'events'], bare, '≥ 3'),
    row('document saves, one writer : bare row', [figures('save'), 'saves'], bare, '≥ 0.7'),
    row(`document saves, ${WRITERS} at once : bare row`, [figures('saves'), 'saves'], bare, '≥ 3'),
    row('whole rollouts, one process : bare row', [one, 'rollouts'], bare, '≥ 0.05'),
    row('whole rollouts, two processes : one', [two, 'rollouts'], [one, 'rollouts'], '≥ 1'),
  ]
}

async function embeddedRollouts(): Promise<BenchRow> {
  const folder = mkdtempSync(join(tmpdir(), 'drayage-bench-'))
  const place = join(folder, 'state.db')
  const rollouts = await rolloutsPerSecond({ kind: 'sqlite', place, processes: 1, rollouts: ROLLOUTS })
  const database = new DatabaseSync(join(folder, 'raw.db'))
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE row (body TEXT) STRICT')
  const insert = database.prepare('INSERT INTO row (body) VALUES (?)')
  const bare = await rate(1, async () => insert.run(BODY))
  database.close()
  rmSync(folder, { recursive: true })
  return {
    name: 'SQLite: whole rollouts : bare row',
    ratio: rollouts / bare,
    aim: '≥ 0.05',
    detail: `${round(rollouts)} rollouts/s : ${round(bare)} rows/s`,
  }
}

/** The floor: one row of the same size in one table, by one statement on one connection, synced. */
async function openRaw(url: string): Promise<{ insert(): Promise<unknown>; close(): Promise<void> }> {
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query('CREATE TABLE raw (id text PRIMARY KEY, body text NOT NULL)')
  let count = 0
  return {
    insert: () => client.query('INSERT INTO raw (id, body) VALUES ($1, $2)', [`hub/${(count += 1)}`, BODY]),
    close: () => client.end(),
  }
}

function round(figure: number): string {
  return Math.round(figure).toLocaleString('en')
}
