/** docs/postgresql.md, typed from top to bottom: only the server's port, ours and the folder differ. */

import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { fencesOf } from '../helpers/fences.ts'
import { postgresBinaries, startPostgres } from '../helpers/postgres.ts'
import { freePort } from '../helpers/service.ts'
import { hasProgram } from '../helpers/skopeo.ts'

const run = promisify(execFile)
const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname
const TIMEOUT_MS = 120_000
const missing = [
  ...(postgresBinaries === null ? ['initdb and postgres'] : []),
  ...['psql', 'createdb', 'curl'].filter((name) => !hasProgram(name)),
]
const title = `docs/postgresql.md works as it is typed${missing.length === 0 ? '' : ` (skipped: no ${missing.join(', ')})`}`

it.skipIf(missing.length > 0)(title, { timeout: TIMEOUT_MS }, async () => {
  const postgres = await startPostgres()
  const folder = mkdtempSync(join(tmpdir(), 'drayage-docs-'))
  const [hooks, api, otherHooks, otherApi] = [await freePort(), await freePort(), await freePort(), await freePort()]
  const ours = (text: string): string =>
    text
      .replaceAll(':5432/', `:${postgres.port}/`)
      .replaceAll(':8080', `:${hooks}`)
      .replaceAll(':8081', `:${api}`)
      .replaceAll(':8090', `:${otherHooks}`)
      .replaceAll(':8091', `:${otherApi}`)
  const fences = fencesOf(readFileSync('docs/postgresql.md', 'utf8'))
  const config = fences.find(({ language }) => language === 'yaml')?.text ?? ''
  const commands = fences.filter(({ language }) => language === 'sh').map(({ text }) => ours(text))
  writeFileSync(join(folder, 'drayage.yaml'), ours(config))
  writeFileSync(join(folder, 'drayage'), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`)
  chmodSync(join(folder, 'drayage'), 0o755)
  const script = [
    'set -em',
    `trap 'for job in $(jobs -p); do kill -TERM -$job 2> /dev/null || true; done; wait' EXIT`,
    ...commands.map((text, number) => `echo "== ${number + 1}"\n${text}`),
  ].join('\n')
  const superuser = new URL(postgres.url())
  const env = {
    PATH: `${folder}:${postgresBinaries}:${process.env['PATH']}`,
    HOME: folder,
    PGHOST: superuser.hostname,
    PGPORT: superuser.port,
    PGUSER: superuser.username,
    PGPASSWORD: superuser.password,
  }
  try {
    const { stdout } = await run('bash', ['-c', script], { cwd: folder, timeout: TIMEOUT_MS, env })
    expect(stdout).toContain('state: PostgreSQL at env:DATABASE_URL')
    expect(stdout.match(/"ready"/gu)).toHaveLength(2)
    // The count of processes, and the status of the one that is left.
    expect(stdout).toMatch(/ +2$/mu)
    expect(stdout.split('== ').at(-1)).toContain('payments')
  } finally {
    await postgres.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
