/** A process for commands: what they print is on record. */

import type { Io } from '../../src/cli/command.ts'

export type RecordedIo = Io & { readonly out: () => string; readonly err: () => string }

export function recordedIo(now: () => number = Date.now): RecordedIo {
  let [out, err] = ['', '']
  return {
    stdin: () => Promise.resolve(new Uint8Array()),
    stdout: (text) => void (out += text),
    stderr: (text) => void (err += text),
    env: {},
    isTTY: false,
    now,
    signal: new AbortController().signal,
    out: () => out,
    err: () => err,
  }
}
