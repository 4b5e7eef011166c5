/** Backups of the embedded store: whole while it is written, and put back only where nobody writes. */

import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { backUpSqlite, checkBackup, restoreSqlite } from '../../../src/state/sqlite-backup.ts'
import { openSqlite, openSqliteReadOnly, type SqliteState } from '../../../src/state/sqlite.ts'
import { aLine, anAcceptedEvent, NOW } from '../../helpers/build.ts'

let folder: string
let path: string
let copy: string
let opened: { close(): void }[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drayage-backup-'))
  path = join(folder, 'state.db')
  copy = join(folder, 'copy.db')
  opened = []
})
afterEach(() => {
  for (const state of opened) state.close()
  rmSync(folder, { recursive: true })
})

async function open(file = path): Promise<SqliteState> {
  const state = await openSqlite(file)
  opened.push(state)
  return state
}

async function depthOf(file: string): Promise<number> {
  const state = await openSqliteReadOnly(file)
  const depth = await state.inbox.depth()
  state.close()
  return depth
}

const put = (state: SqliteState, from: number, to: number) =>
  state.inbox.put(Array.from({ length: to - from }, (_, n) => anAcceptedEvent({ id: `hub/${from + n}` })))
const untouched = async (): Promise<void> => {}

describe('a backup', () => {
  it('is one moment of the state, for its user alone, while a service has it', async () => {
    const state = await open()
    await put(state, 0, 500)
    backUpSqlite(path, copy)
    await put(state, 500, 600)
    expect(await depthOf(copy)).toBe(500)
    expect((statSync(copy).mode & 0o777).toString(8)).toBe('600')
    expect(await state.inbox.depth()).toBe(600)
  })

  it('holds what is only in the log yet', async () => {
    const state = await open()
    await state.documents.save(aLine(), 0, NOW)
    expect(statSync(`${path}-wal`).size).toBeGreaterThan(0)
    backUpSqlite(path, copy)
    expect(readdirSync(folder).filter((name) => name.startsWith('copy'))).toEqual(['copy.db'])
    const read = await openSqliteReadOnly(copy)
    expect(await read.documents.load('line/payments')).toEqual({ document: aLine(), version: 1 })
    read.close()
  })

  it('overwrites no file, and leaves nothing half written', async () => {
    await open()
    writeFileSync(copy, 'precious')
    expect(() => backUpSqlite(path, copy)).toThrow(/already/u)
    expect(readFileSync(copy, 'utf8')).toBe('precious')
    expect(() => backUpSqlite(path, join(folder, 'nowhere', 'copy.db'))).toThrow(/ENOENT/u)
    expect(() => backUpSqlite(join(folder, 'nothing.db'), join(folder, 'other.db'))).toThrow(/There is no state file/u)
    expect(readdirSync(folder).filter((name) => name.includes('partial') || name.startsWith('other'))).toEqual([])
  })

  it.each([
    { title: 'is missing', write: () => {}, problem: /There is no backup/u },
    { title: 'is empty', write: () => writeFileSync(copy, ''), problem: /it is empty/u },
    { title: 'is no database', write: () => writeFileSync(copy, 'x'.repeat(9_000)), problem: /not a database/u },
    {
      title: 'is cut short',
      write: () => truncateSync(copy, statSync(copy).size - 4_096),
      problem: /damaged|malformed/u,
    },
    {
      title: 'is of a newer program',
      write: () => alter('UPDATE drayage_schema SET version = 9'),
      problem: /newer Drayage/u,
    },
    {
      title: 'is of another program',
      write: () => (rmSync(copy), alter('CREATE TABLE users (id)')),
      problem: /tables of another program/u,
    },
  ])('is refused where it $title', async ({ title, write, problem }) => {
    const state = await open()
    await put(state, 0, 200)
    if (title !== 'is missing') backUpSqlite(path, copy)
    write()
    expect(() => checkBackup(copy)).toThrow(problem)
  })
})

describe('restoring', () => {
  const restore = (prepare: (state: SqliteState) => Promise<void> = untouched) =>
    restoreSqlite(copy, path, { now: NOW, prepare })
  const makeBackup = async (): Promise<void> => {
    const state = await openSqlite(path)
    await put(state, 0, 5)
    backUpSqlite(path, copy)
    await put(state, 5, 9)
    state.close()
  }

  it('puts the backup where there was nothing', async () => {
    await makeBackup()
    rmSync(path)
    expect(await restore()).toEqual({ aside: null })
    expect(await (await open()).inbox.depth()).toBe(5)
    expect((statSync(path).mode & 0o777).toString(8)).toBe('600')
  })

  it('keeps what was there aside, with its log', async () => {
    await makeBackup()
    const { aside } = await restore()
    expect(aside).toBe(`${path}.before-2026-01-01T00-00-00.000Z`)
    expect(await depthOf(aside ?? '')).toBe(9)
    expect(await (await open()).inbox.depth()).toBe(5)
  })

  it('never works the log of the old state into the new one', async () => {
    await makeBackup()
    // As a crash leaves it: a log that was never worked in.
    const crashed = new DatabaseSync(path)
    crashed.exec(`PRAGMA wal_autocheckpoint = 0; UPDATE inbox SET state = 'dead'`)
    const wal = readFileSync(`${path}-wal`)
    crashed.close()
    writeFileSync(`${path}-wal`, wal)
    const { aside } = await restore()
    expect(existsSync(`${path}-wal`)).toBe(false)
    expect(existsSync(`${aside}-wal`)).toBe(true)
    expect(await (await open()).inbox.depth()).toBe(5)
  })

  it('works on the backup before anybody sees it, and leaves the backup as it is', async () => {
    await makeBackup()
    const before = readFileSync(copy)
    await restore(async (state) => {
      await state.documents.save(aLine(), 0, NOW)
    })
    expect(await (await open()).documents.load('line/payments')).toMatchObject({ version: 1 })
    expect(readFileSync(copy)).toEqual(before)
  })

  it('changes nothing where it fails, and can be tried again', async () => {
    await makeBackup()
    const failing = restore(async () => {
      throw new Error('it stopped')
    })
    await expect(failing).rejects.toThrow('it stopped')
    expect(await depthOf(path)).toBe(9)
    expect(readdirSync(folder).filter((name) => name.includes('incoming') || name.includes('before'))).toEqual([])
    await restore()
    expect(await depthOf(path)).toBe(5)
  })

  it('is refused while a service has the state', async () => {
    await makeBackup()
    const state = await open()
    await expect(restore()).rejects.toThrow(/in use by another Drayage process/u)
    expect(await state.inbox.depth()).toBe(9)
  })

  it('puts back what replaced a damaged state', async () => {
    await makeBackup()
    writeFileSync(path, 'x'.repeat(9_000))
    const { aside } = await restore()
    expect(readFileSync(aside ?? '', 'utf8')).toBe('x'.repeat(9_000))
    expect(await (await open()).inbox.depth()).toBe(5)
  })

  it('takes a backup that cannot be written to', async () => {
    await makeBackup()
    chmodSync(copy, 0o400)
    await restore()
    expect(await (await open()).inbox.put([anAcceptedEvent({ id: 'hub/x' })])).toEqual(['stored'])
  })
})

function alter(statement: string): void {
  const database = new DatabaseSync(copy)
  database.exec(statement)
  database.close()
}
