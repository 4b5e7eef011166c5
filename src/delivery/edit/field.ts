/**
 * Field paths of files: what `domain/field-path.ts` reads means the same here. Here also `a.0`, `a['b']`, `a\\.b` and `a.-1`, as other tools
 * write them, and `(2).a` for the second document of a file.
 */

import { err, ok, type Result } from '../../domain/result.ts'
import { problem, quoted, type EditProblem } from './problem.ts'

const FIELD_LENGTH_MAX = 1024
const STEPS_MAX = 64
const DOCUMENT = /^\((?<document>[0-9]{1,6})\)\.?/u
/** A step after a dot or at the start; a backslash takes the next character as it is. */
const WORD = /(?:\\.|[^.[\]"'\\])+/uy
const BRACKET = /\[(?:(?<index>-?[0-9]{1,9})|"(?<double>(?:\\.|[^"\\])*)"|'(?<single>(?:\\.|[^'\\])*)')\]/uy
const BARE_KEY = /^[A-Za-z_$/][A-Za-z0-9_$/-]*$/u

/** A `word` is a key, or a number in a list; an `index` is a number in a list only; a `key` a key only. */
export type Step = { readonly kind: 'word' | 'index' | 'key'; readonly text: string }
export type Field = { readonly document: number | null; readonly steps: readonly [Step, ...Step[]] }
export type Path = readonly (string | number)[]

export function parseField(text: string): Result<Field, EditProblem> {
  const malformed = (): Result<never, EditProblem> =>
    problem('image-missing', `expected a field such as a.b[0].c or a["b.c"], found ${quoted(text)}`)
  if (text.length > FIELD_LENGTH_MAX) return malformed()
  const start = DOCUMENT.exec(text)
  const steps = readSteps(start === null ? text : text.slice(start[0].length))
  const [first, ...rest] = steps.ok ? steps.value : []
  const document = start === null ? null : Number(start.groups?.['document'])
  if (first === undefined || rest.length >= STEPS_MAX || document === 0) return malformed()
  return ok({ document, steps: [first, ...rest] })
}

/** The field that chooses this place; `document` counts from 1 and is left out where there is only one. */
export function formatField(path: Path, document: number | null): string {
  const steps = path.map((step, index) => {
    if (typeof step === 'number') return `[${step}]`
    if (!BARE_KEY.test(step)) return `["${step.replaceAll(/[\\"]/gu, String.raw`\$&`)}"]`
    return index === 0 ? step : `.${step}`
  })
  return document === null ? steps.join('') : `(${document}).${steps.join('')}`
}

function readSteps(text: string): Result<Step[], null> {
  const steps: Step[] = []
  let at = 0
  while (at < text.length) {
    const hasDot = text[at] === '.' && steps.length > 0
    if (hasDot) at += 1
    else if (steps.length > 0 && text[at] !== '[') return err(null)
    const match = matchAt(BRACKET, text, at) ?? matchAt(WORD, text, at)
    if (match === null) return err(null)
    steps.push(stepOf(match, hasDot))
    at += match[0].length
  }
  return ok(steps)
}

function matchAt(form: RegExp, text: string, at: number): RegExpExecArray | null {
  form.lastIndex = at
  return form.exec(text)
}

function stepOf({ 0: whole, groups }: RegExpExecArray, hasDot: boolean): Step {
  const index = groups?.['index']
  // Some tools write `a.[0]` for `a.0`.
  if (index !== undefined) return { kind: hasDot ? 'word' : 'index', text: index }
  const key = groups?.['double'] ?? groups?.['single']
  const text = (key ?? whole).replaceAll(/\\(?<character>.)/gu, '$<character>')
  return { kind: key === undefined ? 'word' : 'key', text }
}
