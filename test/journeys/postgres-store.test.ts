/** What is particular to PostgreSQL: its schema, its limits, its connections, and rows that somebody or something damaged. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openPostgres, type PostgresOptions, type PostgresState } from '../../src/state/postgres.ts'
import { migrate, type Migration } from '../../src/state/postgres/schema.ts'
import type { Damage } from '../../src/state/state.ts'
import { aLine, anAcceptedEvent, anEffect, anEntry, aWalkStep, NOW } from '../helpers/build.ts'
import { type Postgres, postgresBinaries, startPostgres, withoutPostgres } from '../helpers/postgres.ts'
import { eventually } from '../helpers/service.ts'

const HOUR_MS = 3_600_000

describe.skipIf(postgresBinaries === null)(`the store in PostgreSQL${withoutPostgres}`, () => {
  let postgres: Postgres
  let database: string
  let url: string
  let opened: PostgresState[]
  let count = 0

  beforeAll(async () => {
    postgres = await startPostgres()
  })
  afterAll(() => postgres.close())
  beforeEach(async () => {
    database = `case_${(count += 1)}`
    url = await postgres.create(database)
    opened = []
    return async () => {
      for (const state of opened) await state.close()
    }
  })

  async function open(options: Partial<PostgresOptions> = {}): Promise<PostgresState> {
    const state = await openPostgres({ url: async () => [url], connections: 4, now: Date.now, ...options })
    opened.push(state)
    return state
  }
  /** What a person with psql does. */
  const tamper = (statement: string) => postgres.query(statement, database)
  const place = () => ({ url: async () => [url] as const, connections: 1 })

  describe('the schema', () => {
    it('is made once by many who start at the same moment', async () => {
      const states = await Promise.all(Array.from({ length: 8 }, () => open()))
      for (const [n, { inbox }] of states.entries()) await inbox.put([anAcceptedEvent({ id: `hub/${n}` })])
      expect(await states[0]?.inbox.depth()).toBe(8)
      expect(await tamper('SELECT version, oldest FROM drayage.schema')).toEqual([{ version: 2, oldest: 1 }])
    })

    it('lives beside the tables of others', async () => {
      await tamper('CREATE TABLE document (id integer); CREATE TABLE inbox (id integer)')
      await (await open()).documents.save(aLine(), 0, NOW)
      expect(await tamper('SELECT * FROM public.document')).toEqual([])
    })

    it('may be given to a user who may make none', async () => {
      await tamper(`CREATE USER ${database} PASSWORD 'x'; REVOKE ALL ON DATABASE ${database} FROM public;
        GRANT CONNECT ON DATABASE ${database} TO ${database}; CREATE SCHEMA drayage AUTHORIZATION ${database}`)
      url = url.replace(/\/\/[^@]*@/u, `//${database}:x@`)
      expect(await (await open()).inbox.put([anAcceptedEvent()])).toEqual(['stored'])
    })

    it('of a newer program that still takes this one is worked with', async () => {
      await open()
      await tamper('UPDATE drayage.schema SET version = 9, oldest = 1')
      const state = await open()
      expect(await state.inbox.put([anAcceptedEvent()])).toEqual(['stored'])
      expect(await state.problem()).toBeNull()
    })

    it('of a newer program that takes this one no more is refused, with the numbers and the remedy', async () => {
      const running = await open()
      await tamper('UPDATE drayage.schema SET version = 9, oldest = 8')
      const problem = /its schema is 9 and takes programs from 8 on, this one knows 2\. Run the newer program/u
      await expect(open()).rejects.toThrow(problem)
      expect(await running.problem()).toMatch(problem)
    })
  })

  describe('a newer release that adds a column while the older one runs', () => {
    const added: Migration = {
      oldest: 1,
      statements: [
        'ALTER TABLE drayage.document ADD COLUMN note text',
        'CREATE INDEX document_note ON drayage.document (note)',
      ],
    }
    const removed: Migration = { oldest: 4, statements: ['ALTER TABLE drayage.document DROP COLUMN stamp'] }
    /** Those of this version are there already. */
    const there: readonly Migration[] = [
      { oldest: 1, statements: [] },
      { oldest: 1, statements: [] },
    ]

    it('loses and doubles nothing of what is written meanwhile', async () => {
      const state = await open()
      await state.documents.save(aLine(), 0, NOW)
      let isMigrating = true
      const writing = Promise.all(Array.from({ length: 4 }, () => countOn(state, () => isMigrating)))
      await Promise.all([migrate(place(), [...there, added]), migrate(place(), [...there, added])])
      isMigrating = false
      const saves = (await writing).reduce((sum, done) => sum + done, 0)
      expect((await state.documents.load('line/payments'))?.document.seq).toBe(saves)
      expect(await tamper('SELECT version, oldest FROM drayage.schema')).toEqual([{ version: 3, oldest: 1 }])
      expect(await state.problem()).toBeNull()
    })

    it('waits for a table in use, and holds up nobody', async () => {
      const state = await open()
      await state.documents.save(aLine(), 0, NOW)
      const reading = tamper('BEGIN; SELECT * FROM drayage.document; SELECT pg_sleep(3); COMMIT')
      const migrating = migrate(place(), [...there, added])
      await new Promise((resolve) => setTimeout(resolve, 500))
      const started = performance.now()
      expect(await state.documents.save(aLine({ seq: 1 }), 1, NOW)).toBe('saved')
      expect(performance.now() - started).toBeLessThan(2_500)
      await Promise.all([reading, migrating])
      expect(await tamper('SELECT version FROM drayage.schema')).toEqual([{ version: 3 }])
    })

    it('does all of its steps or none', async () => {
      await open()
      const broken: Migration = {
        oldest: 1,
        statements: [...added.statements, 'ALTER TABLE drayage.nothing ADD a int'],
      }
      await expect(migrate(place(), [...there, broken])).rejects.toThrow(/drayage\.nothing/u)
      expect(await tamper('SELECT version FROM drayage.schema')).toEqual([{ version: 2 }])
      await migrate(place(), [...there, added])
      expect(await tamper('SELECT version FROM drayage.schema')).toEqual([{ version: 3 }])
    })

    it('makes the older one not ready where a later step removes what it needs, and never writes half', async () => {
      const state = await open()
      await state.documents.save(aLine(), 0, NOW)
      await migrate(place(), [...there, added, removed])
      expect(await state.problem()).toMatch(/takes programs from 4 on/u)
      await expect(state.documents.save(aLine({ seq: 1 }), 1, NOW)).rejects.toThrow(/stamp/u)
      expect((await state.documents.load('line/payments'))?.document.seq).toBe(0)
    })
  })

  describe('what comes from outside', () => {
    /** Six characters for each, as keys. */
    const long = Array.from({ length: 640 }, (_, n) => String.fromCharCode(0xd800 + ((n * 37) % 1024))).join('')

    it('may be the longest id of the most hostile letters', async () => {
      const { inbox, journal } = await open()
      expect(await inbox.put([anAcceptedEvent({ id: `hub/${long}` })])).toEqual(['stored'])
      expect(await inbox.put([anAcceptedEvent({ id: `hub/${long}` })])).toEqual(['duplicate'])
      expect(await inbox.list({ limit: 1 })).toMatchObject([{ accepted: { id: `hub/${long}` } }])
      await journal.append([anEntry({ cause: `hub/${long}` })])
      expect((await journal.query({ cause: `hub/${long}`, limit: 1 })).entries).toHaveLength(1)
    })

    it('is a value, never a part of a statement', async () => {
      const { inbox, journal, documents } = await open()
      const hostile = `'); DROP TABLE drayage.inbox; --`
      await inbox.put([anAcceptedEvent({ id: hostile })])
      await documents.save(aLine({ id: hostile }), 0, NOW)
      await journal.query({ document: hostile, promotion: hostile, image: hostile, cause: hostile, limit: 1 })
      expect(await inbox.depth()).toBe(1)
    })
  })

  describe('a damaged document', () => {
    const damage = (id: string, body: string) =>
      tamper(`UPDATE drayage.document SET body = '${body}' WHERE id = '${id}'`)
    const dueLine = (id: string, due: number) => aLine({ id, effects: [anEffect({ due })] })

    it('throws with its id, is listed as damaged, and is due again when it was repaired', async () => {
      const found: Damage[] = []
      const { documents } = await open({ onDamage: (damaged) => found.push(damaged) })
      for (const id of ['line/a', 'line/b', 'line/c']) await documents.save(dueLine(id, 1), 0, NOW)
      await damage('line/a', '{"kind":"line"')
      expect(await documents.due(NOW, 1)).toEqual(['line/a'])
      await expect(documents.load('line/a')).rejects.toThrow(/"line\/a" cannot be read.*Restore it from a backup/su)
      expect(await documents.due(NOW, 1)).toEqual(['line/b'])
      expect((await documents.list({ limit: 10 })).damaged).toMatchObject([{ id: 'line/a' }])
      expect(found).toMatchObject([
        { place: 'document', id: 'line/a' },
        { place: 'document', id: 'line/a' },
      ])
      await damage('line/a', JSON.stringify(dueLine('line/a', 1)))
      expect((await documents.load('line/a'))?.version).toBe(1)
      expect(await documents.due(NOW, 1)).toEqual(['line/a'])
    })
  })

  describe('a damaged event', () => {
    it('CVE-2026-40886: does not keep the others from their turn, and is tried again an hour later', async () => {
      const found: Damage[] = []
      const { inbox } = await open({ onDamage: (damaged) => found.push(damaged) })
      await inbox.put(['hub/1', 'hub/2'].map((id) => anAcceptedEvent({ id })))
      await tamper(`UPDATE drayage.inbox SET accepted = '[' WHERE id = 'hub/1'`)
      expect(await inbox.claim(1, 1_000, NOW)).toMatchObject([{ accepted: { id: 'hub/2' } }])
      expect(found).toMatchObject([{ place: 'event', id: 'hub/1' }])
      await inbox.settle('hub/2', { state: 'done' }, [], NOW)
      expect(await inbox.nextDue()).toBe(NOW + HOUR_MS)
      await expect(inbox.get('hub/1')).rejects.toThrow(/"hub\/1" cannot be read/u)
    })

    it('with an unreadable walk can be settled, and begins a new one', async () => {
      const { inbox } = await open()
      await inbox.put([anAcceptedEvent()])
      await tamper(`UPDATE drayage.inbox SET walk = '[1]'`)
      await inbox.settle('hub/1', { state: 'dead' }, [aWalkStep()], NOW)
      expect(await inbox.get('hub/1')).toMatchObject({ state: 'dead', walk: [aWalkStep()] })
    })
  })

  it('passes over a damaged entry of the history, and says which', async () => {
    const found: Damage[] = []
    const { journal } = await open({ onDamage: (damaged) => found.push(damaged) })
    await journal.append([1, 2, 3].map((seq) => anEntry({ seq })))
    await tamper(`UPDATE drayage.journal SET body = '{"seq":2}' WHERE seq = 2`)
    expect((await journal.query({ limit: 10 })).entries.map(({ seq }) => seq)).toEqual([3, 1])
    expect(found).toMatchObject([{ place: 'entry', id: 'line/payments#2' }])
  })

  describe('a due document', () => {
    it('is given to one process, and to another when that one does nothing with it', async () => {
      const [one, other] = [await open(), await open()]
      for (const id of ['line/a', 'line/b', 'line/c']) {
        await one.documents.save(aLine({ id, effects: [anEffect({ due: NOW })] }), 0, NOW)
      }
      expect(await one.documents.due(NOW, 2)).toEqual(['line/a', 'line/b'])
      expect(await other.documents.due(NOW, 9)).toEqual(['line/c'])
      expect(await one.documents.due(NOW, 9)).toEqual(['line/a', 'line/b'])
      expect(await other.documents.due(NOW + 3_000, 9)).toEqual(['line/a', 'line/b', 'line/c'])
    })

    it('is free for all again as soon as it is saved', async () => {
      const [one, other] = [await open(), await open()]
      const line = aLine({ effects: [anEffect({ due: NOW })] })
      await one.documents.save(line, 0, NOW)
      await one.documents.due(NOW, 1)
      await one.documents.save({ ...line, seq: 1 }, 1, NOW)
      expect(await other.documents.due(NOW, 1)).toEqual(['line/payments'])
    })
  })

  describe('word to others', () => {
    it('comes of events and due documents, once for many, and not to oneself', async () => {
      const heard = { one: 0, other: 0 }
      const one = await open({ onNews: () => (heard.one += 1) })
      await open({ onNews: () => (heard.other += 1) })
      await eventually('both listen', async () => heard.one >= 1 && heard.other >= 1)
      const before = { ...heard }
      await Promise.all(Array.from({ length: 20 }, (_, n) => one.inbox.put([anAcceptedEvent({ id: `hub/${n}` })])))
      await eventually('the other heard', async () => heard.other > before.other)
      await new Promise((resolve) => setTimeout(resolve, 300))
      expect(heard.one).toBe(before.one)
      expect(heard.other - before.other).toBeLessThanOrEqual(3)
      const later = heard.other
      await one.documents.save(aLine({ effects: [anEffect({ due: NOW })] }), 0, NOW)
      await eventually('the other heard of the document', async () => heard.other > later)
    })

    it('is heard again after the connection was lost', async () => {
      let heard = 0
      const one = await open()
      await open({ onNews: () => (heard += 1) })
      await eventually('it listens', async () => heard >= 1)
      await tamper(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()`,
      )
      const before = heard
      await eventually('it listens again', async () => heard > before)
      const again = heard
      await one.inbox.put([anAcceptedEvent()])
      await eventually('it heard', async () => heard > again)
    })
  })

  describe('connections', () => {
    it('are no more than configured, and one that listens, however many ask', async () => {
      const state = await open({ connections: 3 })
      await Promise.all(Array.from({ length: 100 }, (_, n) => state.inbox.put([anAcceptedEvent({ id: `hub/${n}` })])))
      const [row] = await tamper(
        `SELECT count(*)::int AS used FROM pg_stat_activity WHERE application_name = 'drayage' AND datname = current_database()`,
      )
      expect(row?.['used']).toBeLessThanOrEqual(4)
    })

    it('sync what they commit, whatever the server says, and give up what takes too long', async () => {
      await tamper(`ALTER DATABASE ${database} SET synchronous_commit = off`)
      const state = await open()
      await state.inbox.put([anAcceptedEvent()])
      await tamper(`CREATE FUNCTION drayage.tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          NEW.walk := json_build_array(current_setting('synchronous_commit'), current_setting('statement_timeout'))::text; RETURN NEW;
        END $$; CREATE TRIGGER tell BEFORE INSERT ON drayage.inbox FOR EACH ROW EXECUTE FUNCTION drayage.tell()`)
      await state.inbox.put([anAcceptedEvent({ id: 'hub/2' })])
      expect(await tamper(`SELECT walk FROM drayage.inbox WHERE id = 'hub/2'`)).toEqual([{ walk: '["on", "10s"]' }])
    })

    it('take a new password without a restart', async () => {
      await tamper(`CREATE USER ${database} PASSWORD 'old'; CREATE SCHEMA drayage AUTHORIZATION ${database}`)
      const withPassword = (password: string) => url.replace(/\/\/[^@]*@/u, `//${database}:${password}@`)
      let secret = withPassword('old')
      const state = await open({ url: async () => [secret] })
      await tamper(`ALTER USER ${database} PASSWORD 'new'`)
      secret = withPassword('new')
      await tamper(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${database}'`)
      expect(await state.inbox.put([anAcceptedEvent()])).toEqual(['stored'])
    })

    it.each([
      { title: 'a wrong password', change: (text: string) => text.replace('CANARY-of', 'CANARY-not-of') },
      { title: 'a database that is not there', change: (text: string) => `${text}x` },
      { title: 'a port with nobody behind it', change: (text: string) => text.replace(/:\d+\//u, ':1/') },
      { title: 'no URL', change: () => 'CANARY' },
      { title: 'a URL of something else', change: (text: string) => text.replace('postgres:', 'mysql:') },
      { title: 'a malformed URL', change: (text: string) => text.replace('@', '@@[:') },
    ])('refuse $title without showing the secret', { timeout: 60_000 }, async ({ change }) => {
      const wrong = change(url)
      const error = await openPostgres({ url: async () => [wrong], connections: 1, now: Date.now }).then(
        () => null,
        (refused: unknown) => refused,
      )
      expect(error).toBeInstanceOf(Error)
      expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('CANARY')
    })
  })

  it('closes in the midst of work, and leaves no connection', async () => {
    const state = await openPostgres({ url: async () => [url], connections: 4, now: Date.now })
    const writes = Array.from({ length: 20 }, (_, n) => state.inbox.put([anAcceptedEvent({ id: `hub/${n}` })]))
    await new Promise((resolve) => setTimeout(resolve, 5))
    const [outcomes] = await Promise.all([Promise.allSettled(writes), state.close()])
    const stored = outcomes.filter(({ status }) => status === 'fulfilled').length
    const [row] = await tamper(`SELECT count(*)::int AS rows FROM drayage.inbox`)
    expect(row?.['rows']).toBe(stored)
    await eventually('no connection is left', async () => {
      const [left] = await tamper(
        `SELECT count(*)::int AS used FROM pg_stat_activity WHERE application_name = 'drayage' AND datname = current_database()`,
      )
      return left?.['used'] === 0
    })
  })
})

it.skipIf(postgresBinaries === null)(`refuses a server that does not sync${withoutPostgres}`, async () => {
  const postgres = await startPostgres({ fsync: 'off' })
  await expect(openPostgres({ url: async () => [postgres.url()], connections: 1, now: Date.now })).rejects.toThrow(
    /fsync off/u,
  )
  await postgres.close()
})

/** Adds to one document's `seq` as long as it shall; how often. */
async function countOn({ documents }: PostgresState, shall: () => boolean): Promise<number> {
  let done = 0
  while (shall()) {
    const loaded = await documents.load('line/payments')
    if (loaded === null) throw new Error('it is gone')
    const next = { ...loaded.document, seq: loaded.document.seq + 1 }
    if ((await documents.save(next, loaded.version, NOW)) === 'saved') done += 1
  }
  return done
}
