/** A file's bytes as text that gives back the same bytes. */

import { ok, type Result } from '../../domain/result.ts'
import { problem, type EditProblem } from './problem.ts'

/** Larger files are not written by hand, and parsing is what an attacker would make us do. */
export const FILE_BYTES_MAX = 1024 * 1024

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Strict UTF-8 that keeps a byte order mark: nothing is replaced silently, so encoding the text again is exact. */
export function decodeFile(bytes: Uint8Array): Result<string, EditProblem> {
  if (bytes.byteLength > FILE_BYTES_MAX) return tooLarge(bytes.byteLength)
  try {
    return ok(strictUtf8.decode(bytes))
  } catch {
    return problem('unparsable', 'expected a file in UTF-8, found other bytes: save it as UTF-8')
  }
}

export function tooLarge(bytes: number): Result<never, EditProblem> {
  return problem(
    'file-too-large',
    `expected at most ${FILE_BYTES_MAX} bytes, found ${bytes}: keep the image in a smaller file`,
  )
}
