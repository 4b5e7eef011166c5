/** Writes what is generated from the code: the configuration's JSON Schema and its reference, the set-up in infra/, the states of a promotion. `--check`: only says whether they are up to date. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { configJsonSchema } from './config-json-schema.ts'
import { configReference } from './config-reference.ts'
import { infraSetUp } from './infra-set-up.ts'
import { migrationFiles } from './d1-migrations.ts'
import { withStates } from './promotion-states.ts'

const schema = configJsonSchema()
const generated: Readonly<Record<string, string>> = {
  'drayage.schema.json': `${JSON.stringify(schema, null, 2)}\n`,
  'docs/configuration.md': configReference(schema, readFileSync('test/examples/quickstart.yaml', 'utf8')),
  'docs/promotion.md': withStates(readFileSync('docs/promotion.md', 'utf8')),
  ...migrationFiles,
  ...infraSetUp(),
}

const isCheck = process.argv.includes('--check')
for (const [file, text] of Object.entries(generated)) {
  if (read(file) === text) continue
  if (isCheck) {
    console.error(`${file} is out of date: run node scripts/generate.ts`)
    process.exitCode = 1
  } else {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    console.log(`wrote ${file}`)
  }
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
