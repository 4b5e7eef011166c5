/** The command line as a person runs it: a process of its own. */

import { spawn } from 'node:child_process'

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname

export type Run = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

export function drayage(args: readonly string[], stdin: string | Uint8Array = ''): Promise<Run> {
  const child = spawn(process.execPath, [MAIN, ...args])
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  // A command that does not read closes its end before we have written all.
  child.stdin.on('error', () => {})
  child.stdin.end(stdin)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}
