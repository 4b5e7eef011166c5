/** The tables in PostgreSQL, as the list of steps that lead there. A step that was released is never changed. */

import { type Client, createClient, type Place, type Pool } from './connection.ts'
import { isPassing } from './database.ts'

export type Migration = {
  /**
   * The oldest schema whose program still works after this step. While one release replaces another both run, so a step
   * only adds (a column that may be empty, a table, an index), and what nobody uses any more is dropped a release later:
   * only such a step raises this number.
   */
  readonly oldest: number
  readonly statements: readonly string[]
}

/**
 * Ids are keys (`key.ts`) and sorted by their bytes, instants are epoch milliseconds, nouns are JSON text, since `jsonb`
 * takes no NUL. An index holds no more than 2,700 bytes: ids from outside are found by their digest or hash.
 */
const MIGRATIONS: readonly Migration[] = [
  {
    oldest: 1,
    statements: [
      // `stamp` names the save that made the version; `holder` was given the document as due, until `held`; `lessees` are
      // the processes that saved it while effects were claimed.
      `CREATE TABLE drayage.document (
        id text COLLATE "C" PRIMARY KEY, version bigint NOT NULL, wake bigint, saved bigint NOT NULL,
        stamp uuid NOT NULL, holder uuid, held bigint, lessees uuid[], body text NOT NULL
      ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05)`,
      'CREATE INDEX document_wake ON drayage.document (wake, id) WHERE wake IS NOT NULL',
      'CREATE INDEX document_lessees ON drayage.document (id) WHERE lessees IS NOT NULL',
      'CREATE SEQUENCE drayage.inbox_place',
      `CREATE TABLE drayage.inbox (
        place bigint PRIMARY KEY, digest bytea NOT NULL UNIQUE, id text COLLATE "C" NOT NULL, state text NOT NULL,
        due bigint NOT NULL, received bigint NOT NULL, attempts integer NOT NULL, holder uuid,
        accepted text NOT NULL, walk text NOT NULL
      ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05)`,
      `CREATE INDEX inbox_due ON drayage.inbox (due, place) WHERE state = 'waiting'`,
      `CREATE INDEX inbox_holder ON drayage.inbox (holder) WHERE state = 'waiting' AND holder IS NOT NULL`,
      `CREATE INDEX inbox_dead ON drayage.inbox (received) WHERE state = 'dead'`,
      'CREATE INDEX inbox_received ON drayage.inbox (received)',
      // Who is alive; after a crash of the server all say so again.
      'CREATE UNLOGGED TABLE drayage.process (id uuid PRIMARY KEY, seen timestamptz NOT NULL)',
      `CREATE TABLE drayage.image (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text COLLATE "C" NOT NULL UNIQUE
      )`,
      `CREATE TABLE drayage.journal (
        document text COLLATE "C" NOT NULL, seq bigint NOT NULL, at bigint NOT NULL, promotion text COLLATE "C",
        image bigint REFERENCES drayage.image (id), cause text COLLATE "C", body text NOT NULL,
        PRIMARY KEY (document, seq)
      )`,
      'CREATE INDEX journal_at ON drayage.journal (at, document, seq)',
      `CREATE INDEX journal_promotion ON drayage.journal (hashtextextended(promotion, 0), at, document, seq)
        WHERE promotion IS NOT NULL`,
      'CREATE INDEX journal_image ON drayage.journal (image, at, document, seq) WHERE image IS NOT NULL',
      `CREATE INDEX journal_cause ON drayage.journal (hashtextextended(cause, 0), at, document, seq)
        WHERE cause IS NOT NULL`,
    ],
  },
  {
    oldest: 1,
    statements: [
      `CREATE TABLE drayage.kept (name text COLLATE "C" PRIMARY KEY, version bigint NOT NULL, body text NOT NULL)`,
    ],
  },
]

/** Any number that no other program locks by; one step after the other, whoever starts first. */
const LOCK = 7_302_664_143
/** A step that has to wait for a table lets the others go on meanwhile, and comes again. */
const STEP_LOCK_TIMEOUT_MS = 2_000
const STEP_PAUSE_MS = 500
const STEP_TRIES_MAX = 60
const STEP_TIMEOUT_MS = 30 * 60_000
const LOCK_NOT_AVAILABLE = '55P03'

/** Runs the steps that are missing, all of them or none; of many who start at once one does, and the others wait for it. */
export async function migrate(place: Place, migrations: readonly Migration[] = MIGRATIONS): Promise<void> {
  const client = await createClient(place, { answerTimeoutMs: STEP_TIMEOUT_MS })
  client.on('error', () => {})
  await client.connect()
  try {
    const schema = await schemaOf(client)
    if (schema.version >= migrations.length) return assertReadable(schema, migrations)
    await migrateAlone(client, migrations)
  } finally {
    await client.end()
  }
}

/** The lock ends with the connection. It comes before the transaction: one that began earlier may not see what was made meanwhile. */
async function migrateAlone(client: Client, migrations: readonly Migration[]): Promise<void> {
  await client.query('SELECT pg_advisory_lock($1)', [LOCK])
  await client.query(`SET lock_timeout = ${STEP_LOCK_TIMEOUT_MS}`)
  for (let tries = 1; tries <= STEP_TRIES_MAX; tries += 1) {
    const isDone = await inTransaction(client, () => runMissing(client, migrations))
    if (isDone) return
    await new Promise((resolve) => setTimeout(resolve, STEP_PAUSE_MS))
  }
  throw new Error('The tables of the database are in use by others all the time. Try again later.')
}

/** Null: this program may work with the database. Else why not. */
export async function schemaProblem(pool: Pool): Promise<string | null> {
  try {
    const schema = await schemaOf(pool)
    return problemOf(schema, MIGRATIONS)
  } catch (error) {
    if (isPassing(error)) return 'the database cannot be reached'
    throw error
  }
}

type Schema = { readonly version: number; readonly oldest: number }

async function runMissing(client: Client, migrations: readonly Migration[]): Promise<void> {
  const schema = await schemaOf(client)
  assertReadable(schema, migrations)
  const missing = migrations.slice(schema.version)
  const last = migrations.at(-1)
  if (missing.length === 0 || last === undefined) return
  if (schema.version === 0) await createHome(client)
  for (const statement of missing.flatMap(({ statements }) => statements)) await client.query(statement)
  await client.query('DELETE FROM drayage.schema')
  await client.query('INSERT INTO drayage.schema (version, oldest) VALUES ($1, $2)', [migrations.length, last.oldest])
}

/** Whoever may not make a schema may be given one. */
async function createHome(client: Client): Promise<void> {
  const { rows } = await client.query<{ home: string | null }>(`SELECT to_regnamespace('drayage')::text AS home`)
  if (rows[0]?.home === null) await client.query('CREATE SCHEMA drayage')
  await client.query('CREATE TABLE drayage.schema (version integer NOT NULL, oldest integer NOT NULL)')
}

/** Version 0: there are no tables of ours. */
async function schemaOf(client: Client | Pool): Promise<Schema> {
  const there = await client.query<{ name: string | null }>(`SELECT to_regclass('drayage.schema')::text AS name`)
  if (there.rows[0]?.name === null) return { version: 0, oldest: 0 }
  const { rows } = await client.query<Schema>('SELECT version, oldest FROM drayage.schema')
  return rows[0] ?? { version: 0, oldest: 0 }
}

function assertReadable(schema: Schema, migrations: readonly Migration[]): void {
  const problem = problemOf(schema, migrations)
  if (problem !== null) throw new Error(problem)
}

function problemOf({ version, oldest }: Schema, migrations: readonly Migration[]): string | null {
  if (oldest <= migrations.length) return null
  return (
    `The database was upgraded by a newer Drayage: its schema is ${version} and takes programs from ${oldest} on, ` +
    `this one knows ${migrations.length}. Run the newer program, or restore the backup that was made before the upgrade.`
  )
}

/** False: a table was in use, and nothing was done. */
async function inTransaction(client: Client, work: () => Promise<void>): Promise<boolean> {
  await client.query('BEGIN')
  try {
    await work()
    await client.query('COMMIT')
    return true
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    if (error instanceof Error && 'code' in error && error.code === LOCK_NOT_AVAILABLE) return false
    throw error
  }
}
