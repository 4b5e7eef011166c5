/** Kept texts in SQL: one row each. */

import type { Keep, Kept } from '../keep.ts'
import type { SqlRow, SqlStore, Statement } from '../sql.ts'

export function createSqlKeep({ sql, commit }: Pick<SqlStore, 'sql' | 'commit'>): Keep {
  return {
    load: async (name) => readKept(sql.run(...selectKept(name))),
    save: (name, text, wasVersion) =>
      commit(() => (sql.run(...swapKept(name, text, wasVersion)).length > 0 ? 'saved' : 'conflict')),
  }
}

export function selectKept(name: string): Statement {
  return ['SELECT version, body FROM kept WHERE name = ?', name]
}

/** Gives a row where it was saved. */
export function swapKept(name: string, text: string, wasVersion: number): Statement {
  if (wasVersion === 0) {
    return ['INSERT INTO kept (name, version, body) VALUES (?, 1, ?) ON CONFLICT DO NOTHING RETURNING 1', name, text]
  }
  const query = 'UPDATE kept SET version = version + 1, body = ? WHERE name = ? AND version = ? RETURNING 1'
  return [query, text, name, wasVersion]
}

export function readKept([row]: readonly SqlRow[]): Kept | null {
  return row === undefined ? null : { text: String(row['body']), version: Number(row['version']) }
}
