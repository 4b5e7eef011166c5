/** How long a server takes from nothing to its first answer: it and an empty one of its kind, by turns, in processes of their own. */

import { spawn } from 'node:child_process'
import { createServer, type AddressInfo } from 'node:net'
import type { BenchRow } from './row.ts'

const ROUNDS = 11
const ASK_AGAIN_MS = 2

/** The command that serves on that port. */
export type Start = (port: number) => readonly string[]

export async function compareStarts(name: string, aim: string, ours: Start, empty: Start): Promise<BenchRow> {
  const times: Record<'ours' | 'empty', number[]> = { ours: [], empty: [] }
  for (let round = 0; round < ROUNDS; round += 1) {
    times.empty.push(await firstAnswer(empty))
    times.ours.push(await firstAnswer(ours))
  }
  const [a, b] = [median(times.ours), median(times.empty)]
  return { name, ratio: a / b, aim, detail: `${a.toFixed(0)} : ${b.toFixed(0)} ms` }
}

async function firstAnswer(start: Start): Promise<number> {
  const port = await freePort()
  const [command = '', ...args] = start(port)
  const began = performance.now()
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  while ((await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => null))?.ok !== true) {
    if (child.exitCode !== null) throw new Error(`${command} ${args.join(' ')} ended with ${child.exitCode}`)
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS))
  }
  const took = performance.now() - began
  child.kill('SIGKILL')
  await ended
  return took
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}
