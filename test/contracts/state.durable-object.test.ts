/** Durable Objects and D1 in workerd do what every store does. Each call is an invocation of its own, as on the real platform. */

import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll } from 'vitest'
import type { State } from '../../src/state/state.ts'
import { startWorker, type Worker } from '../helpers/worker.ts'
import { describeState } from './state.contract.ts'

const START_TIMEOUT_MS = 60_000
const ENTRY = new URL('../helpers/state-worker.ts', import.meta.url).pathname
/** As many connections as a Worker's front takes at once without refusing. */
const AT_ONCE_MAX = 64

let worker: Worker
beforeAll(async () => {
  const config = { version: 1, server: { api: { tokens: [{ person: 'ann', role: 'viewer', token: 'env:TOKEN' }] } } }
  worker = await startWorker({ config, secrets: { TOKEN: 'a-token' }, entry: ENTRY, schedule: false })
}, START_TIMEOUT_MS)
afterAll(() => worker.stop())

type Answer = { readonly value: unknown } | { readonly error: { readonly name: string; readonly message: string } }

const call = limited(AT_ONCE_MAX, async (space: string, port: string, method: string, args: unknown[]) => {
  const response = await fetch(`${worker.url}/state`, {
    method: 'POST',
    body: JSON.stringify({ space, port, method, args }),
  })
  const answer = (await response.json()) as Answer
  if ('value' in answer) return answer.value
  const { name, message } = answer.error
  throw name === 'RangeError' ? new RangeError(message) : new Error(message)
})

let space = ''
const open = async () => {
  const { DB } = await worker.server.getWorker<{ DB: { exec(sql: string): Promise<unknown> } }>().getEnv()
  await DB.exec('DELETE FROM journal; DELETE FROM image; DELETE FROM inbox; DELETE FROM document; DELETE FROM kept')
  space = randomUUID()
  return join()
}
const join = async () => ({ state: remoteState(space), close: () => {} })

describeState('Durable Objects and D1', open, { join })

function remoteState(space: string): State {
  const port = (name: string): object =>
    new Proxy(
      {},
      {
        get:
          (_, method) =>
          (...args: unknown[]) =>
            call(space, name, String(method), args),
      },
    )
  return { documents: port('documents'), inbox: port('inbox'), journal: port('journal'), keep: port('keep') } as State
}

function limited<A extends unknown[], T>(max: number, run: (...args: A) => Promise<T>): (...args: A) => Promise<T> {
  const waiting: (() => void)[] = []
  let underWay = 0
  return async (...args) => {
    if (underWay >= max) await new Promise<void>((resolve) => waiting.push(resolve))
    underWay += 1
    try {
      return await run(...args)
    } finally {
      underWay -= 1
      waiting.shift()?.()
    }
  }
}
