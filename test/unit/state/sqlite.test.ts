/** What is particular to the embedded store: its file, its lock, its readers, and rows that somebody or something damaged. */

import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SCHEMA_VERSION } from '../../../src/state/sql/schema.ts'
import { openSqlite, openSqliteReadOnly, type SqliteState } from '../../../src/state/sqlite.ts'
import type { Damage } from '../../../src/state/state.ts'
import { aLine, anAcceptedEvent, anEffect, anEntry, aWalkStep, NOW } from '../../helpers/build.ts'

const HOUR_MS = 3_600_000

let folder: string
let path: string
let opened: { close(): void }[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drayage-sqlite-'))
  path = join(folder, 'state.db')
  opened = []
})
afterEach(() => {
  for (const state of opened) state.close()
  rmSync(folder, { recursive: true })
})

async function open(file = path, onDamage: (damage: Damage) => void = () => {}): Promise<SqliteState> {
  const state = await openSqlite(file, { onDamage })
  opened.push(state)
  return state
}

async function openReadOnly(): ReturnType<typeof openSqliteReadOnly> {
  const state = await openSqliteReadOnly(path)
  opened.push(state)
  return state
}

/** What a person with the sqlite3 shell does, or a failing disk. */
function tamper(statement: string, ...values: readonly (string | number)[]): void {
  const database = new DatabaseSync(path)
  database.prepare(statement).run(...values)
  database.close()
}

const mode = (file: string) => (statSync(file).mode & 0o777).toString(8)

describe('the file', () => {
  it('keeps everything from one start to the next', async () => {
    const first = await open()
    await first.documents.save(aLine(), 0, NOW)
    await first.inbox.put([anAcceptedEvent()])
    await first.journal.append([anEntry()])
    first.close()
    const second = await open()
    expect(await second.documents.load('line/payments')).toEqual({ document: aLine(), version: 1 })
    expect(await second.inbox.depth()).toBe(1)
    expect((await second.journal.query({ limit: 10 })).entries).toEqual([anEntry()])
  })

  it('is made with its folders, for its user alone', async () => {
    path = join(folder, 'var', 'drayage', 'state.db')
    const state = await open()
    await state.inbox.put([anAcceptedEvent()])
    expect([join(folder, 'var'), join(folder, 'var', 'drayage')].map(mode)).toEqual(['700', '700'])
    const files = [path, `${path}.lock`, `${path}-wal`, `${path}-shm`]
    expect(files.map(mode)).toEqual(['600', '600', '600', '600'])
  })

  it('leaves the rights of a folder and a file that were there', async () => {
    chmodSync(folder, 0o750)
    writeFileSync(path, '')
    chmodSync(path, 0o640)
    await open()
    expect([folder, path].map(mode)).toEqual(['750', '640'])
  })

  it('commits what waits when it is closed, and refuses what comes later', async () => {
    const state = await open()
    const writes = [state.inbox.put([anAcceptedEvent()]), state.documents.save(aLine(), 0, NOW)]
    state.close()
    state.close()
    expect(await Promise.all(writes)).toEqual([['stored'], 'saved'])
    await expect(state.inbox.put([anAcceptedEvent()])).rejects.toThrow(/is closed/u)
    expect(await (await open()).inbox.depth()).toBe(1)
  })

  it('shows a write to nobody before it is durable', async () => {
    const state = await open()
    const write = state.inbox.put([anAcceptedEvent()])
    expect(await state.inbox.depth()).toBe(0)
    await write
    expect(await state.inbox.depth()).toBe(1)
  })

  it('leaves no log behind when it is closed', async () => {
    const state = await open()
    await state.inbox.put([anAcceptedEvent()])
    state.close()
    expect(existsSync(`${path}-wal`)).toBe(false)
  })

  it('lives in memory where it is asked to, each on its own', async () => {
    const [one, other] = [await open(':memory:'), await open(':memory:')]
    await one.inbox.put([anAcceptedEvent()])
    expect(await one.inbox.depth()).toBe(1)
    expect(await other.inbox.depth()).toBe(0)
  })

  it.each([
    { title: 'no database', write: () => writeFileSync(path, 'name: value\n'.repeat(1000)) },
    { title: 'the database of another program', write: () => tamper('CREATE TABLE users (id)') },
    { title: 'a folder', write: () => mkdirSync(path) },
    {
      title: 'a path through a file',
      write: () => ((path = join(folder, 'file', 'state.db')), writeFileSync(join(folder, 'file'), '')),
    },
  ])('refuses $title, and leaves it as it is', async ({ write }) => {
    write()
    const before = existsSync(path) && statSync(path).isFile() ? readFileSync(path) : null
    await expect(openSqlite(path)).rejects.toThrow(path)
    if (before !== null) expect(readFileSync(path)).toEqual(before)
  })
})

describe('the lock', () => {
  it('refuses a second opener at once, naming the file and how to find the first', async () => {
    await open()
    const started = performance.now()
    await expect(openSqlite(path)).rejects.toThrow(`The state file ${path} is in use`)
    await expect(openSqlite(path)).rejects.toThrow(`fuser ${path}.lock`)
    expect(performance.now() - started).toBeLessThan(1000)
  })

  it('does not disturb the first by refusing a second', async () => {
    const state = await open()
    await expect(openSqlite(path)).rejects.toThrow()
    expect(await state.inbox.put([anAcceptedEvent()])).toEqual(['stored'])
    await expect(openSqlite(path)).rejects.toThrow(/in use/u)
  })

  it('knows the file by another name', async () => {
    await open()
    const link = join(folder, 'link.db')
    symlinkSync(path, link)
    await expect(openSqlite(link)).rejects.toThrow(/in use/u)
  })

  it('says why it cannot be taken, where nobody has it', async () => {
    mkdirSync(`${path}.lock`)
    await expect(openSqlite(path)).rejects.toThrow(`The lock ${path}.lock cannot be taken: `)
  })

  it('is free again after close', async () => {
    const state = await open()
    state.close()
    await expect(open()).resolves.toBeDefined()
  })

  it('is free again after a start that failed', async () => {
    const state = await open()
    state.close()
    tamper('UPDATE drayage_schema SET version = 99')
    await expect(openSqlite(path)).rejects.toThrow()
    tamper(`UPDATE drayage_schema SET version = ${SCHEMA_VERSION}`)
    await expect(open()).resolves.toBeDefined()
  })
})

describe('readers', () => {
  it('see what is committed while a service writes', async () => {
    const state = await open()
    await state.documents.save(aLine(), 0, NOW)
    const reader = await openReadOnly()
    expect((await reader.documents.list({ limit: 10 })).documents).toEqual([aLine()])
    await state.inbox.put([anAcceptedEvent()])
    expect(await reader.inbox.depth()).toBe(1)
  })

  it('see a file that no service has open', async () => {
    const state = await open()
    await state.documents.save(aLine(), 0, NOW)
    state.close()
    expect(await (await openReadOnly()).documents.load('line/payments')).toMatchObject({ version: 1 })
  })

  it('cannot write', async () => {
    await open()
    const reader = await openReadOnly()
    await expect(reader.documents.save(aLine(), 0, NOW)).rejects.toThrow(/for reading only/u)
    await expect(reader.inbox.put([anAcceptedEvent()])).rejects.toThrow(/for reading only/u)
    await expect(reader.inbox.claim(1, 1, NOW)).rejects.toThrow(/for reading only/u)
    await expect(reader.journal.append([anEntry()])).rejects.toThrow(/for reading only/u)
  })

  it('do not keep a service from starting', async () => {
    const state = await open()
    state.close()
    await openReadOnly()
    await expect(open()).resolves.toBeDefined()
  })

  it.each([
    { title: 'is missing', write: () => {}, problem: /There is no state file/u },
    { title: 'is empty', write: () => writeFileSync(path, ''), problem: /older Drayage/u },
    { title: 'is no database', write: () => writeFileSync(path, 'x'.repeat(5000)), problem: /Expected a state file/u },
  ])('are told where the file $title', async ({ write, problem }) => {
    write()
    await expect(openSqliteReadOnly(path)).rejects.toThrow(problem)
  })
})

describe('the schema', () => {
  it('of a newer program is refused by writer and reader, with both numbers and the remedy', async () => {
    const state = await open()
    state.close()
    tamper('UPDATE drayage_schema SET version = 7')
    await expect(openSqlite(path)).rejects.toThrow(
      /its schema is 7, this program reads up to 2\. Run the newer program/u,
    )
    await expect(openSqliteReadOnly(path)).rejects.toThrow(/its schema is 7/u)
  })

  it('is left alone where it is current', async () => {
    const state = await open()
    await state.documents.save(aLine(), 0, NOW)
    state.close()
    const before = readFileSync(path)
    ;(await open()).close()
    expect(readFileSync(path)).toEqual(before)
  })
})

describe('a damaged document', () => {
  const damage = (id: string, body: string) => tamper('UPDATE document SET body = ? WHERE id = ?', body, id)
  const dueLine = (id: string, due: number) => aLine({ id, effects: [anEffect({ due })] })

  it.each([
    { title: 'is not JSON', body: '{"kind":"line"' },
    { title: 'is another shape', body: '{"kind":"line","id":"line/a"}' },
    { title: 'is nested without end', body: '['.repeat(10_000) + ']'.repeat(10_000) },
    { title: 'calls itself another', body: JSON.stringify(aLine({ id: 'line/b' })) },
    { title: 'is empty', body: '' },
  ])('throws with its id when it $title', async ({ body }) => {
    const found: Damage[] = []
    const state = await open(path, (damaged) => found.push(damaged))
    await state.documents.save(aLine({ id: 'line/a' }), 0, NOW)
    damage('line/a', body)
    await expect(state.documents.load('line/a')).rejects.toThrow(/"line\/a" cannot be read.*Restore it from a backup/su)
    expect(found).toMatchObject([{ place: 'document', id: 'line/a' }])
  })

  it('of a newer program says so', async () => {
    const state = await open()
    await state.documents.save(aLine(), 0, NOW)
    damage('line/payments', JSON.stringify({ ...aLine(), schema: 9 }))
    await expect(state.documents.load('line/payments')).rejects.toThrow(/newer Drayage.*Run the newer program/su)
    expect((await state.documents.list({ limit: 9 })).damaged).toMatchObject([{ reason: 'newer-schema' }])
  })

  it('is listed as damaged, in the midst of the others', async () => {
    const state = await open()
    for (const id of ['line/a', 'line/b', 'line/c']) await state.documents.save(aLine({ id }), 0, NOW)
    damage('line/b', 'x')
    const page = await state.documents.list({ limit: 10 })
    expect(page.documents.map(({ id }) => id)).toEqual(['line/a', 'line/c'])
    expect(page.damaged).toMatchObject([{ id: 'line/b', reason: 'malformed-document' }])
    expect((await state.documents.list({ limit: 2 })).next).toBe('line/b')
  })

  it('CVE-2026-40886: does not keep the others from their turn, now or after a restart', async () => {
    const writer = await open()
    for (const [id, due] of [
      ['line/a', 1],
      ['line/b', 2],
      ['line/c', 3],
    ] as const) {
      await writer.documents.save(dueLine(id, due), 0, NOW)
    }
    damage('line/a', '{}')
    expect(await writer.documents.due(NOW, 1)).toEqual(['line/a'])
    await expect(writer.documents.load('line/a')).rejects.toThrow()
    expect(await writer.documents.due(NOW, 10)).toEqual(['line/b', 'line/c'])
    writer.close()
    // Taking over reads every document once.
    const { documents } = await open()
    expect(await documents.due(NOW, 1)).toEqual(['line/b'])
    await expect(documents.load('line/a')).rejects.toThrow()
  })

  it('has its turn again when it was repaired', async () => {
    const state = await open()
    await state.documents.save(dueLine('line/a', 1), 0, NOW)
    damage('line/a', '{}')
    await expect(state.documents.load('line/a')).rejects.toThrow()
    damage('line/a', JSON.stringify(dueLine('line/a', 1)))
    expect((await state.documents.load('line/a'))?.version).toBe(1)
    expect(await state.documents.due(NOW, 1)).toEqual(['line/a'])
  })
})

describe('a writer that died', () => {
  it('leaves no lease that its successor waits for', async () => {
    const dead = await open()
    const leased = { ...anEffect(), lease: NOW + HOUR_MS, attempt: 1, fence: 1 }
    await dead.documents.save(aLine({ effects: [leased] }), 0, NOW)
    await dead.inbox.put([anAcceptedEvent()])
    await dead.inbox.claim(1, HOUR_MS, NOW)
    dead.close()
    const { documents, inbox } = await open()
    expect(await documents.due(NOW, 1)).toEqual(['line/payments'])
    expect((await documents.load('line/payments'))?.document.effects).toEqual([{ ...anEffect(), attempt: 1, fence: 1 }])
    expect(await inbox.claim(1, HOUR_MS, NOW)).toMatchObject([{ attempts: 2 }])
  })
})

describe('a damaged event', () => {
  const damage = (id: string, column: 'accepted' | 'walk' | 'state', text: string) =>
    tamper(`UPDATE inbox SET ${column} = ? WHERE id = ?`, text, id)

  it.each([
    '',
    'x',
    '{}',
    '[]',
    'null',
    '{"__proto__":{}}',
    '['.repeat(10_000),
    JSON.stringify({ ...anAcceptedEvent(), assurance: 'x' }),
  ])('CVE-2026-40886: does not keep the others from their turn: %#', async (accepted) => {
    const found: Damage[] = []
    const state = await open(path, (damaged) => found.push(damaged))
    await state.inbox.put(['hub/1', 'hub/2'].map((id) => anAcceptedEvent({ id })))
    damage('hub/1', 'accepted', accepted)
    expect(await state.inbox.claim(1, 1000, NOW)).toMatchObject([{ accepted: { id: 'hub/2' } }])
    expect(found).toMatchObject([{ place: 'event', id: 'hub/1' }])
    await state.inbox.settle('hub/2', { state: 'done' }, [], NOW)
    expect(await state.inbox.list({ limit: 10 })).toMatchObject([{ accepted: { id: 'hub/2' } }])
    await expect(state.inbox.get('hub/1')).rejects.toThrow(/"hub\/1" cannot be read/u)
  })

  it('still waits, and is tried again an hour later, by then perhaps repaired', async () => {
    const state = await open()
    await state.inbox.put([anAcceptedEvent()])
    damage('hub/1', 'accepted', 'x')
    expect(await state.inbox.claim(10, 1000, NOW)).toEqual([])
    expect(await state.inbox.depth()).toBe(1)
    expect(await state.inbox.nextDue()).toBe(NOW + HOUR_MS)
    damage('hub/1', 'accepted', JSON.stringify(anAcceptedEvent()))
    expect(await state.inbox.claim(10, 1000, NOW + HOUR_MS)).toMatchObject([{ attempts: 2 }])
  })

  it('is not removed with those that are settled', async () => {
    const state = await open()
    await state.inbox.put([anAcceptedEvent()])
    damage('hub/1', 'state', 'lost')
    expect(await state.inbox.claim(10, 1000, NOW)).toEqual([])
    expect(await state.inbox.prune(NOW + 1)).toBe(0)
  })

  it('with an unreadable walk can be settled, and begins a new one', async () => {
    const state = await open()
    await state.inbox.put([anAcceptedEvent()])
    damage('hub/1', 'walk', '[1]')
    await state.inbox.settle('hub/1', { state: 'dead' }, [aWalkStep()], NOW)
    expect(await state.inbox.get('hub/1')).toMatchObject({ state: 'dead', walk: [aWalkStep()] })
  })
})

it('passes over a damaged entry of the history, and says which', async () => {
  const found: Damage[] = []
  const state = await open(path, (damaged) => found.push(damaged))
  await state.journal.append([1, 2, 3].map((seq) => anEntry({ seq })))
  tamper('UPDATE journal SET body = ? WHERE seq = 2', '{"seq":2}')
  const page = await state.journal.query({ limit: 10 })
  expect(page.entries.map(({ seq }) => seq)).toEqual([3, 1])
  expect(found).toMatchObject([{ place: 'entry', id: 'line/payments#2' }])
})
