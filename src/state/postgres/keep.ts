/** Kept texts in PostgreSQL. A save whose answer was lost is asked for again, and meets itself as a conflict: its caller looks anew. */

import type { Keep } from '../keep.ts'
import { readKept } from '../sql/keep.ts'
import type { Database } from './database.ts'

const INSERT = 'INSERT INTO drayage.kept (name, version, body) VALUES ($1, 1, $2) ON CONFLICT DO NOTHING RETURNING 1'
const UPDATE = 'UPDATE drayage.kept SET version = version + 1, body = $2 WHERE name = $1 AND version = $3 RETURNING 1'

export function createPostgresKeep(database: Database): Keep {
  return {
    load: async (name) =>
      readKept(await database.run('SELECT version, body FROM drayage.kept WHERE name = $1', [name])),
    async save(name, text, wasVersion) {
      const rows =
        wasVersion === 0
          ? await database.run(INSERT, [name, text])
          : await database.run(UPDATE, [name, text, wasVersion])
      return rows.length > 0 ? 'saved' : 'conflict'
    },
  }
}
