/** What is told where the arguments make no sense. */

import { escapeForTerminal } from '../../escape.ts'
import type { ExitCode, Io } from '../command.ts'

export function misuse(io: Io, message: string): ExitCode {
  io.stderr(`drayage verify: ${escapeForTerminal(message)}\nTry: drayage verify --help\n`)
  return 2
}
