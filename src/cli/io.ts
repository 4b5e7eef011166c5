/** The process as `Io`: its streams, environment, clock and signals. */

import process from 'node:process'
import type { Io } from './command.ts'

const STDIN_BYTES_MAX = 64 * 1024 * 1024
/** 128 + SIGINT, as shells say it. */
const EXIT_INTERRUPTED = 130

export function createProcessIo(): Io {
  // `drayage tags | head -1` closes our stdout early: that is no error of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  return {
    stdin: readStdin,
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    env: process.env,
    // Absent, not false, where stdout is no terminal.
    isTTY: 'isTTY' in process.stdout && process.stdout.isTTY,
    isErrorTTY: 'isTTY' in process.stderr && process.stderr.isTTY,
    now: Date.now,
    signal: signalOfProcess(),
  }
}

/** The first signal asks for an orderly end, the second one does not wait for it. */
function signalOfProcess(): AbortSignal {
  const controller = new AbortController()
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(EXIT_INTERRUPTED)
    controller.abort()
    process.stdin.destroy()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return controller.signal
}

async function readStdin(): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of process.stdin) {
    if (!Buffer.isBuffer(chunk)) continue
    bytes += chunk.length
    if (bytes > STDIN_BYTES_MAX) throw new Error(`standard input is larger than ${STDIN_BYTES_MAX} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
