/** D1 as the stores need it: statements of constant text, alone or several as one transaction. Throws where it cannot be reached. */

import type { SqlRow, SqlValue, Statement } from '../sql.ts'

/** The part of Cloudflare's `D1Database` that we use. */
export type D1 = {
  prepare(query: string): D1Prepared
  batch(statements: D1Prepared[]): Promise<readonly { readonly results?: readonly unknown[] }[]>
}
export type D1Prepared = { bind(...values: SqlValue[]): D1Prepared }

export type Database = {
  run(statement: Statement): Promise<readonly SqlRow[]>
  /** All or nothing; one journey there and back. */
  transaction(statements: readonly Statement[]): Promise<readonly (readonly SqlRow[])[]>
}

export function createDatabase(d1: D1): Database {
  async function transaction(statements: readonly Statement[]): Promise<readonly (readonly SqlRow[])[]> {
    if (statements.length === 0) return []
    const prepared = statements.map(([query, ...values]) => d1.prepare(query).bind(...values))
    return (await d1.batch(prepared)).map(({ results = [] }) => results as readonly SqlRow[])
  }
  return { transaction, run: async (statement) => (await transaction([statement]))[0] ?? [] }
}
