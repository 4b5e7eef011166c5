/** The schema of the shared SQL as `wrangler d1 migrations` wants it: one file for each step. */

import { MIGRATIONS } from '../src/state/sql/schema.ts'

/** By path. A step that was released is never changed, so neither is its file. */
export const migrationFiles: Readonly<Record<string, string>> = Object.fromEntries(
  MIGRATIONS.map((statements, index) => [
    `infra/cloudflare/migrations/${String(index + 1).padStart(4, '0')}_state.sql`,
    `-- Generated from src/state/sql/schema.ts by scripts/generate.ts.\n${statements.map((statement) => `${statement};\n`).join('')}`,
  ]),
)
