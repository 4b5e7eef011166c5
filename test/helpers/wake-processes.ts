/** Processes that wait for the instants of documents in one store, called and killed from here. */

import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { WakeSubject } from '../contracts/wake.contract.ts'

const PROGRAM = new URL('wake-process.ts', import.meta.url).pathname

type Report = { readonly id?: number; readonly value?: unknown; readonly name?: string; readonly at?: number }

export type WakeProcess = {
  call(method: string, name: string, at?: number): Promise<unknown>
  kill(): Promise<void>
}

export async function startWakeProcess(
  place: string,
  told: (name: string, at: number) => void,
  role = '',
): Promise<WakeProcess> {
  const child: ChildProcess = fork(PROGRAM, [place, role], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const waiting = new Map<number, (value: unknown) => void>()
  let calls = 0
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('the process ended before it was ready')))
  const ready = Promise.race([once(child, 'message'), ended])
  ended.catch(() => {})
  child.on('message', (message) => {
    const { id, value, name, at } = message as Report
    if (id !== undefined) waiting.get(id)?.(value)
    if (name !== undefined) told(name, at ?? 0)
  })
  await ready
  return {
    call(method, name, at) {
      calls += 1
      const id = calls
      child.send({ id, method, name, at })
      return new Promise((resolve) => waiting.set(id, resolve))
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** So many over one store; each call is taken by the next of them. */
export async function wakeProcesses(place: string, count: number): Promise<WakeSubject> {
  const done = noting()
  let skipped = 0
  let turn = 0
  const start = (): Promise<WakeProcess[]> =>
    Promise.all(Array.from({ length: count }, () => startWakeProcess(place, done.note)))
  let all = await start()
  const next = (): WakeProcess => {
    turn += 1
    const chosen = all[turn % count]
    if (chosen === undefined) throw new Error('there are no processes')
    return chosen
  }
  return {
    plan: async (name, at) => void (await next().call('plan', name, at)),
    wake: async (name, at) => void (await next().call('wake', name, at)),
    quietVersion: async (name) => (await next().call('version', name)) as number | null,
    done: done.of,
    now: () => Date.now() + skipped,
    async skip(ms) {
      skipped += ms
      await Promise.all(all.map((one) => one.call('skip', '', ms)))
    },
    async restart() {
      await Promise.all(all.map((one) => one.kill()))
      all = await start()
    },
    async close() {
      await Promise.all(all.map((one) => one.kill()))
    },
  }
}

/** When each was done. */
export function noting() {
  const instants = new Map<string, number[]>()
  return {
    note: (name: string, at: number): void => void instants.set(name, [...(instants.get(name) ?? []), at]),
    of: (name: string): readonly number[] => instants.get(name) ?? [],
  }
}
