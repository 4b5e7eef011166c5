/** The timer of a Node process wakes as the port says: over what is in memory, and over a file that outlives the process. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lineId } from '../../src/domain/line.ts'
import { createLoop, type Loop } from '../../src/loop.ts'
import { createMemoryState } from '../../src/state/memory.ts'
import { quietVersion } from '../helpers/wake-line.ts'
import { plan, wakePorts } from '../helpers/wake.ts'
import { noting, wakeProcesses } from '../helpers/wake-processes.ts'
import { describeWake, type WakeSubject } from './wake.contract.ts'

/** There is no process to be killed: its timer ends, and another one starts over the same memory. */
async function inMemory(): Promise<WakeSubject> {
  const state = createMemoryState()
  const done = noting()
  let skipped = 0
  const now = (): number => Date.now() + skipped
  const ports = await wakePorts(state, now, done.note)
  const wake = (id: string, at: number): Promise<void> => loop.wake(id, at)
  const start = (): Loop => createLoop(() => ({ ...ports, wake }))
  let loop = start()
  return {
    plan: (name, at) => plan(state, wake, name, at, now()),
    wake: (name, at) => wake(lineId(name), at),
    quietVersion: (name) => quietVersion(state.documents, name),
    done: done.of,
    now,
    skip: async (ms) => void (skipped += ms),
    async restart() {
      await loop.stop()
      loop = start()
      loop.poke()
    },
    close: () => loop.stop(),
  }
}

async function inFile(): Promise<WakeSubject> {
  const folder = mkdtempSync(join(tmpdir(), 'drayage-wake-'))
  const subject = await wakeProcesses(join(folder, 'state.db'), 1)
  return {
    ...subject,
    async close() {
      await subject.close()
      rmSync(folder, { recursive: true })
    },
  }
}

describeWake('a Node process, in memory', inMemory)
describeWake('a Node process, node:sqlite', inFile)
