/** Values as YAML scalars: the quotes that stand there are kept, and added only where a plain value would be read as something else. */

import { ok, type Result } from '../../domain/result.ts'
import { problem, type EditProblem } from './problem.ts'

const PRINTABLE_ASCII = /^[\u0020-\u007e]*$/u
/** No indicator at the start, no `: ` or ` #` inside, nothing that ends a flow collection. */
const PLAIN = /^[^-?:,[\]{}#&*!|>'"%@`\s](?:[^\s:#,[\]{}]|:(?=\S)|(?<=\S)#| (?=[^\s#]))*$/u

/** What YAML 1.1 or 1.2 parsers read as null, boolean, number, base-60 number, date or merge key. Helm and kubectl read 1.1. */
const AMBIGUOUS = [
  /^(?:~|null|true|false|y|yes|n|no|on|off|=|<<)$/iu,
  /^[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-f_]+|[0-9][0-9_]*)$/iu,
  /^[-+]?(?:\.[0-9_]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:e[-+]?[0-9]+)?$/iu,
  /^(?:[-+]?\.inf|\.nan)$/iu,
  /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/u,
  /^\.{3}$/u,
  /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt\s].*)?$/u,
]

/** Whether the value may stand without quotes and is the same string for every parser. */
export function isPlainSafe(value: string): boolean {
  return PRINTABLE_ASCII.test(value) && PLAIN.test(value) && !AMBIGUOUS.some((form) => form.test(value))
}

/**
 * The value in the style of the scalar that it replaces. `verbatim`: it is put back as it once stood there,
 * so an unquoted `1.10` stays unquoted.
 */
export function encodeScalar(value: string, style: string, verbatim: boolean): Result<string, EditProblem> {
  if (!PRINTABLE_ASCII.test(value)) return problem('unsafe-edit', 'expected a value of printable ASCII characters')
  switch (style) {
    case 'QUOTE_DOUBLE':
      return ok(doubleQuoted(value))
    case 'QUOTE_SINGLE':
      return ok(`'${value.replaceAll("'", "''")}'`)
    case 'PLAIN':
      return ok((verbatim && (value === '' || PLAIN.test(value))) || isPlainSafe(value) ? value : doubleQuoted(value))
    default:
      return problem(
        'unsafe-edit',
        'the value is a block of several lines (| or >): write it on one line, without | or >',
      )
  }
}

function doubleQuoted(value: string): string {
  return `"${value.replaceAll(/[\\"]/gu, String.raw`\$&`)}"`
}
