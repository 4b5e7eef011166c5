/** Durable before acknowledged: real processes, killed at random, traced, and on a disk that is full. */

import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSqlite, type SqliteState } from '../../src/state/sqlite.ts'
import { straceCommand, syncOrder } from '../helpers/sync-order.ts'

const WRITER = fileURLToPath(new URL('../helpers/state-writer.ts', import.meta.url))
const KILLS = Number(process.env['DRAYAGE_KILLS'] ?? 30)
const canTrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0

let folder: string
let file: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drayage-durability-'))
  file = join(folder, 'state.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('a writer that is killed with SIGKILL', () => {
  it(`has lost nothing that it acknowledged, ${KILLS} times in a row`, { timeout: KILLS * 4000 }, async () => {
    let acknowledged = 0
    for (let run = 0; run < KILLS; run += 1) {
      const lines = await writeUntilKilled(String(run), Math.random() * 60)
      // The kernel freed the lock with the process: this opens at once.
      const state = await openSqlite(file)
      expect(await lostOf(state, lines)).toEqual([])
      state.close()
      acknowledged += lines.length
    }
    expect(acknowledged).toBeGreaterThan(KILLS)
    expect(checkIntegrity()).toEqual(['ok'])
    console.log(`${KILLS} kills, ${acknowledged} acknowledged writes, none lost`)
  })

  it('keeps others out as long as it lives, and not a moment longer', async () => {
    const writer = spawn(process.execPath, [WRITER, file, 'x', '1'], { stdio: ['ignore', 'pipe', 'inherit'] })
    await new Promise((resolve) => writer.stdout.once('data', resolve))
    await expect(openSqlite(file)).rejects.toThrow(/in use by another Drayage process.*fuser/u)
    const closed = new Promise((resolve) => writer.once('close', resolve))
    writer.kill('SIGKILL')
    await closed
    const state = await openSqlite(file)
    state.close()
  })
})

it('keeps other processes out although a second opener in this one was refused', async () => {
  const state = await openSqlite(file)
  await expect(openSqlite(file)).rejects.toThrow(/in use/u)
  const other = spawnSync(process.execPath, [WRITER, file, 'x', '1', '1'], { encoding: 'utf8' })
  expect(other.stderr).toMatch(/in use by another Drayage process/u)
  expect(other.stdout).toBe('')
  state.close()
})

it.skipIf(!canTrace)('syncs the log before each acknowledgement (strace; skipped where it cannot run)', async () => {
  const traceFile = join(folder, 'trace')
  const [strace, ...args] = straceCommand(traceFile)
  const traced = spawnSync(strace, [...args, process.execPath, WRITER, file, 'x', '1', '100'], { encoding: 'utf8' })
  expect(traced.stdout.split('\n')).toHaveLength(401)
  const order = syncOrder(readFileSync(traceFile, 'utf8'), (call) =>
    / write\(1<.*"(?:put|save|append|settle) /u.test(call),
  )
  expect(order.tooEarly).toEqual([])
  expect(order.acknowledgements).toBe(400)
  expect(order.syncs).toBeGreaterThanOrEqual(400)
})

it('refuses what a full disk cannot keep, and keeps what it acknowledged', async () => {
  // A limit on the size of a file is a disk that is full, without root; ignoring the signal leaves the error.
  const script = `trap '' XFSZ; ulimit -f 400; exec "$0" "$@"`
  const limited = spawnSync('bash', ['-c', script, process.execPath, WRITER, file, 'x', '4'], { encoding: 'utf8' })
  const lines = limited.stdout.split('\n').filter((line) => line !== '')
  expect(lines.at(-1)).toMatch(/^refused /u)
  const state = await openSqlite(file)
  expect(await lostOf(state, lines.slice(0, -1))).toEqual([])
  state.close()
  expect(lines.length).toBeGreaterThan(10)
  expect(checkIntegrity()).toEqual(['ok'])
})

/** What it had told by then; the kill comes so long after the first word. */
async function writeUntilKilled(run: string, afterMs: number): Promise<string[]> {
  const writer = spawn(process.execPath, [WRITER, file, run], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  const closed = new Promise((resolve) => writer.once('close', resolve))
  await new Promise<void>((resolve) => {
    writer.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      resolve()
    })
  })
  await sleep(afterMs)
  writer.kill('SIGKILL')
  await closed
  return output.split('\n').slice(0, -1)
}

async function lostOf(state: SqliteState, lines: readonly string[]): Promise<string[]> {
  const lost: string[] = []
  for (const line of lines) if (!(await isThere(state, line))) lost.push(line)
  return lost
}

async function isThere(state: SqliteState, line: string): Promise<boolean> {
  const [what, id = '', count] = line.split(' ')
  if (what === 'put') return (await state.inbox.get(id)) !== null
  if (what === 'settle') return (await state.inbox.get(id))?.state === 'done'
  if (what === 'save') return ((await state.documents.load(id))?.document.seq ?? 0) >= Number(count)
  const found = await state.journal.query({ document: id, limit: 1000 })
  return found.entries.some(({ seq }) => seq === Number(count))
}

function checkIntegrity(): unknown[] {
  const database = new DatabaseSync(file)
  const problems = database.prepare('PRAGMA integrity_check').all()
  database.close()
  return problems.map((row) => row['integrity_check'])
}
