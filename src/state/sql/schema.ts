/** The tables of the SQL store, as the list of steps that lead there. A step that was released is never changed. */

import type { Sql } from '../sql.ts'

/**
 * Ids are stored as keys (`key.ts`), instants as epoch milliseconds, nouns as JSON. Bodies stand last, so that a scan
 * of the other columns does not read them. An image is stored once, since a search for a part of its name reads them all.
 */
export const MIGRATIONS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE document (
      id TEXT PRIMARY KEY NOT NULL, version INTEGER NOT NULL, wake INTEGER, saved INTEGER NOT NULL, body TEXT NOT NULL
    ) STRICT`,
    'CREATE INDEX document_wake ON document (wake, id) WHERE wake IS NOT NULL',
    `CREATE TABLE inbox (
      place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, state TEXT NOT NULL, due INTEGER NOT NULL,
      received INTEGER NOT NULL, attempts INTEGER NOT NULL, accepted TEXT NOT NULL, walk TEXT NOT NULL
    ) STRICT`,
    `CREATE INDEX inbox_due ON inbox (due, place) WHERE state = 'waiting'`,
    `CREATE INDEX inbox_dead ON inbox (received, id) WHERE state = 'dead'`,
    'CREATE INDEX inbox_received ON inbox (received, id)',
    'CREATE TABLE image (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT',
    `CREATE TABLE journal (
      document TEXT NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL,
      promotion TEXT, image INTEGER REFERENCES image (id), cause TEXT, body TEXT NOT NULL,
      UNIQUE (document, seq)
    ) STRICT`,
    'CREATE INDEX journal_at ON journal (at, document, seq)',
    'CREATE INDEX journal_promotion ON journal (promotion, at, document, seq) WHERE promotion IS NOT NULL',
    'CREATE INDEX journal_image ON journal (image, at, document, seq) WHERE image IS NOT NULL',
    'CREATE INDEX journal_cause ON journal (cause, at, document, seq) WHERE cause IS NOT NULL',
  ],
  ['CREATE TABLE kept (name TEXT PRIMARY KEY NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL) STRICT'],
]

export const SCHEMA_VERSION = MIGRATIONS.length

/** Runs the steps that are missing, all of them or none. */
export function migrate(sql: Sql): void {
  if (schemaVersion(sql) === SCHEMA_VERSION) return
  sql.transaction(() => {
    sql.run('CREATE TABLE IF NOT EXISTS drayage_schema (version INTEGER NOT NULL) STRICT')
    for (const step of MIGRATIONS.slice(schemaVersion(sql)).flat()) sql.run(step)
    sql.run('DELETE FROM drayage_schema')
    sql.run('INSERT INTO drayage_schema (version) VALUES (?)', SCHEMA_VERSION)
  })
}

/** 0 for a database without our tables. Throws where a newer program wrote it: its rows mean what we cannot know. */
export function schemaVersion(sql: Sql): number {
  const [table] = sql.run(`SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'drayage_schema'`)
  if (table === undefined) return 0
  const version = Number(sql.run('SELECT version FROM drayage_schema')[0]?.['version'] ?? 0)
  if (version <= SCHEMA_VERSION) return version
  throw new Error(
    `The state was written by a newer Drayage: its schema is ${version}, this program reads up to ${SCHEMA_VERSION}. ` +
      `Run the newer program, or restore the backup that was made before the upgrade.`,
  )
}
