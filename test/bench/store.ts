/** What durability costs the embedded store, and what group commit gives back. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { AcceptedEvent } from '../../src/domain/event.ts'
import { openSqlite, type SqliteState } from '../../src/state/sqlite.ts'
import { aLine, anAcceptedEvent, anEffect, anEntry, aStageState, NOW } from '../helpers/build.ts'
import { type Measure, medians, rate } from './rate.ts'
import type { BenchRow } from './row.ts'

const WRITERS = 64

export async function bench(): Promise<readonly BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'drayage-bench-'))
  const state = await openSqlite(join(folder, 'state.db'))
  const raw = openRaw(join(folder, 'raw.db'))
  const { put, save, saveOwn } = writersOf(state)
  const measures = [
    { name: 'raw', perSecond: () => rate(1, async () => raw.insert()) },
    { name: 'put', perSecond: () => rate(1, put) },
    { name: 'puts', perSecond: () => rate(WRITERS, put) },
    { name: 'save', perSecond: () => rate(1, save) },
    { name: 'saves', perSecond: () => rate(WRITERS, saveOwn) },
  ] as const satisfies readonly Measure[]
  const figures = await medians(measures)
  state.close()
  raw.close()
  rmSync(folder, { recursive: true })
  const per = (what: string, name: string) => `${Math.round(figures(name)).toLocaleString('en')} ${what}/s`
  return [
    {
      name: `durable events, ${WRITERS} at once : one commit each`,
      ratio: figures('puts') / figures('put'),
      aim: '≥ 4',
      detail: `${per('events', 'puts')} : ${per('events', 'put')}`,
    },
    {
      name: 'durable events, one writer : bare SQLite row',
      ratio: figures('put') / figures('raw'),
      aim: '≥ 0.7',
      detail: `${per('events', 'put')} : ${per('rows', 'raw')}`,
    },
    {
      name: `document saves, ${WRITERS} at once : one commit each`,
      ratio: figures('saves') / figures('save'),
      aim: '≥ 2',
      detail: `${per('saves', 'saves')} : ${per('saves', 'save')}`,
    },
  ]
}

export function writersOf(state: Pick<SqliteState, 'inbox' | 'documents'>): {
  readonly put: () => Promise<unknown>
  readonly save: () => Promise<unknown>
  readonly saveOwn: (writer: number) => Promise<unknown>
} {
  let count = 0
  const versions = new Map<string, number>()
  async function saveAs(id: string): Promise<unknown> {
    const version = versions.get(id) ?? 0
    versions.set(id, version + 1)
    return state.documents.save(aBusyLine(id), version, NOW)
  }
  return {
    put: () => state.inbox.put([anEvent((count += 1))]),
    save: () => saveAs('line/one'),
    saveOwn: (writer) => saveAs(`line/${writer}`),
  }
}

const event = anAcceptedEvent()
/** Made of one that was checked, since making it is not what is measured. */
function anEvent(number: number): AcceptedEvent {
  return { ...event, id: `hub/${number}` }
}

function aBusyLine(id: string): ReturnType<typeof aLine> {
  return aLine({ id, stages: { dev: aStageState() }, effects: [anEffect()], tail: [anEntry(), anEntry({ seq: 2 })] })
}

/** The floor: one row of the same size in one table, synced. */
function openRaw(file: string): { insert(): void; close(): void } {
  const database = new DatabaseSync(file)
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  database.exec('CREATE TABLE row (id TEXT NOT NULL UNIQUE, body TEXT NOT NULL) STRICT')
  const insert = database.prepare('INSERT INTO row (id, body) VALUES (?, ?)')
  const body = JSON.stringify(event)
  let count = 0
  return { insert: () => void insert.run(`hub/${(count += 1)}`, body), close: () => database.close() }
}
