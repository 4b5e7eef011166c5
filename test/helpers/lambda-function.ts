/** One function as Lambda runs it: processes that each work on one event at a time, started when they are needed, and killed when a test says so. */

import { fork, type ChildProcess } from 'node:child_process'

const RUNTIME = new URL('lambda-runtime.ts', import.meta.url).pathname
const TIMEOUT_MS = 180_000

export type LambdaFunction = {
  /** Rejects where the function throws, or its process dies. */
  invoke(event: unknown): Promise<unknown>
  /** SIGKILL, whatever they do; how many were at work. */
  kill(): Promise<number>
}

type Sandbox = { readonly child: ChildProcess; busy: boolean }
type Reply = { readonly ready?: true; readonly id?: number; readonly result?: unknown; readonly error?: string }

export type FunctionOptions = {
  readonly module: string
  readonly env: Readonly<Record<string, string>>
  readonly atOnceMax: number
  readonly onOutput: (text: string) => void
}

export function createFunction({ module, env, atOnceMax, onOutput }: FunctionOptions): LambdaFunction {
  const sandboxes = new Set<Sandbox>()
  const waiting: (() => void)[] = []
  let invocations = 0

  async function acquire(): Promise<Sandbox> {
    for (;;) {
      const free = [...sandboxes].find(({ busy }) => !busy)
      if (free !== undefined) {
        free.busy = true
        return free
      }
      if (sandboxes.size < atOnceMax) return start()
      await new Promise<void>((resolve) => waiting.push(resolve))
    }
  }

  async function start(): Promise<Sandbox> {
    const child = fork(RUNTIME, [module], {
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', onOutput)
    const sandbox: Sandbox = { child, busy: true }
    sandboxes.add(sandbox)
    child.once('exit', () => {
      sandboxes.delete(sandbox)
      waiting.shift()?.()
    })
    await replyOf(child, ({ ready }) => ready === true)
    return sandbox
  }

  return {
    async invoke(event) {
      const sandbox = await acquire()
      invocations += 1
      const id = invocations
      const answer = replyOf(sandbox.child, (reply) => reply.id === id)
      sandbox.child.send({ id, event, timeoutMs: TIMEOUT_MS })
      try {
        const { result, error } = await answer
        if (error !== undefined) throw new Error(`the function failed: ${error}`)
        return result
      } finally {
        sandbox.busy = false
        waiting.shift()?.()
      }
    },
    async kill() {
      const all = [...sandboxes]
      const exits = all.map(({ child }) => new Promise((resolve) => child.once('exit', resolve)))
      for (const { child } of all) child.kill('SIGKILL')
      await Promise.all(exits)
      return all.filter(({ busy }) => busy).length
    },
  }
}

function replyOf(child: ChildProcess, isMeant: (reply: Reply) => boolean): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: unknown): void => {
      const reply = message as Reply
      if (!isMeant(reply)) return
      done()
      resolve(reply)
    }
    const onExit = (): void => {
      done()
      reject(new Error('the process of the function ended'))
    }
    const done = (): void => {
      child.off('message', onMessage)
      child.off('exit', onExit)
    }
    child.on('message', onMessage)
    child.once('exit', onExit)
  })
}
