/** The command line as a person runs it: a process of its own. */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname
/** More than a pipe holds: when it is written, somebody reads. */
const PIPE_BYTES = 1024 * 1024

export type Run = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** Where it runs, and what its environment says beside ours. */
export type Place = { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> }

export function drayage(args: readonly string[], stdin: string | Uint8Array = '', place: Place = {}): Promise<Run> {
  const child = spawn(process.execPath, [MAIN, ...args], { ...place, env: { ...process.env, ...place.env } })
  // A command that does not read closes its end before we have written all.
  child.stdin.on('error', () => {})
  child.stdin.end(stdin)
  return endOf(child)
}

/** Gets SIGINT while it reads an input that does not end. */
export function interruptedDrayage(args: readonly string[]): Promise<Run> {
  const child = spawn(process.execPath, [MAIN, ...args])
  child.stdin.on('error', () => {})
  child.stdin.write('\n'.repeat(PIPE_BYTES), () => child.kill('SIGINT'))
  return endOf(child)
}

function endOf(child: ChildProcessWithoutNullStreams): Promise<Run> {
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}
