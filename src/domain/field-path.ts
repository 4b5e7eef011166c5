/** `a.b[0]["c.d"]` as its steps: the one reading of a field path, for files and for workloads. */

import { err, ok, type Result } from './result.ts'

/** A key of a mapping, or a place in a list. */
export type FieldStep = string | number

export type FieldProblem = { readonly reason: 'malformed-field'; readonly expected: string; readonly found: string }

const STEPS_MAX = 64
const STEP = /(?<key>[^.[\]"]+)|\[(?<index>0|[1-9][0-9]{0,5})\]|\["(?<quoted>[^"]+)"\]/uy

/** Reads the path whole: a part that cannot be read is a problem, never left out. */
export function parseFieldPath(text: string): Result<readonly FieldStep[], FieldProblem> {
  const steps: FieldStep[] = []
  let at = 0
  while (at < text.length && steps.length <= STEPS_MAX) {
    const needsDot = steps.length > 0 && text[at] !== '['
    if (needsDot && text[at] !== '.') return problem(text)
    STEP.lastIndex = needsDot ? at + 1 : at
    const groups = STEP.exec(text)?.groups
    if (groups === undefined || (needsDot && groups['key'] === undefined)) return problem(text)
    steps.push(groups['index'] === undefined ? (groups['key'] ?? groups['quoted'] ?? '') : Number(groups['index']))
    at = STEP.lastIndex
  }
  return steps.length > 0 && steps.length <= STEPS_MAX ? ok(steps) : problem(text)
}

function problem(found: string): Result<never, FieldProblem> {
  return err({ reason: 'malformed-field', expected: 'a path such as spec.images[0]["app.tag"]', found })
}
