/** Why a file is not edited: final answers, each with what was found and what to do about it. */

import { err, type Err } from '../../domain/result.ts'

const QUOTE_LENGTH_MAX = 120

export type EditProblemReason =
  | 'image-missing'
  | 'image-ambiguous'
  | 'unparsable'
  | 'unsafe-edit'
  | 'path-refused'
  | 'file-too-large'

export type Position = { readonly line: number; readonly column: number }

export type EditProblem = {
  readonly reason: EditProblemReason
  readonly detail: string
  readonly line?: number
  readonly column?: number
}

export function problem(reason: EditProblemReason, detail: string, at?: Position): Err<EditProblem> {
  return err({ reason, detail, ...at })
}

/** Text of the file inside a message: quoted, bounded, on one line. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > QUOTE_LENGTH_MAX ? `${text.slice(0, QUOTE_LENGTH_MAX)}…` : text)
}
