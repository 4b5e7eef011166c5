/**
 * A program to be killed: writes to the state file of its first argument, many at once, and tells of each write on
 * stdout once it was acknowledged. `limit` writes, or for ever.
 */

import { writeSync } from 'node:fs'
import { openSqlite } from '../../src/state/sqlite.ts'
import { aLine, anAcceptedEvent, anEntry, aWalkStep, NOW } from './build.ts'

const [file = '', run = '', writers = '16', limit = 'Infinity'] = process.argv.slice(2)
const state = await openSqlite(file)
let left = Number(limit)

/** One write for the kernel, so that a kill cannot cut it. */
function acknowledge(line: string): void {
  writeSync(1, `${line}\n`)
}

async function write(writer: number): Promise<void> {
  const subscription = `${run}-${writer}`
  for (let count = 1; left > 0; count += 1) {
    left -= 1
    const id = `${subscription}-${count}`
    await state.inbox.put([anAcceptedEvent({ id })])
    acknowledge(`put ${id}`)
    await state.documents.save(aLine({ id: subscription, subscription, seq: count }), count - 1, NOW)
    acknowledge(`save ${subscription} ${count}`)
    await state.journal.append([anEntry({ document: subscription, seq: count })])
    acknowledge(`append ${subscription} ${count}`)
    await state.inbox.settle(id, { state: 'done' }, [aWalkStep()], NOW)
    acknowledge(`settle ${id}`)
  }
}

try {
  await Promise.all(Array.from({ length: Number(writers) }, (_, writer) => write(writer)))
} catch (error) {
  acknowledge(`refused ${error instanceof Error ? error.message : String(error)}`)
}
state.close()
