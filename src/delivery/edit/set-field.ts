/** Sets any field of a YAML file to a text, byte-exactly; where asked to, also one that is not there yet. */

import { isScalar, isSeq } from 'yaml'
import { ok, type Result } from '../../domain/result.ts'
import { formatField, parseField, type Field, type Step } from './field.ts'
import { problem, quoted, type EditProblem } from './problem.ts'
import { resolveField, type Hit } from './resolve.ts'
import { encodeScalar } from './scalar.ts'
import { parseSource, positionOf, type Source } from './source.ts'
import { applyEdits, isPlainKey, linesOf, type Edit } from './splice.ts'

export function setField(
  text: string,
  field: string,
  value: string,
  options: { readonly create: boolean },
): Result<string, EditProblem> {
  const steps = parseField(field)
  if (!steps.ok) return steps
  const source = parseSource(text, null)
  if (!source.ok) return source
  if (options.create && isEmpty(source.value)) return fill(text, steps.value, value)
  const hits = resolveField(source.value, steps.value)
  if (!hits.ok) return hits
  const [hit, ...more] = hits.value
  if (hit === undefined || more.length > 0) {
    return problem(
      'image-ambiguous',
      `the field is in ${hits.value.length} documents: write (1).${field} for the first`,
    )
  }
  const edit = hit.node === null ? insertion(hit, value, options.create) : replacement(hit, value)
  return edit.ok ? applyEdits(hit.source, [edit.value]) : edit
}

function replacement(hit: Hit, value: string): Result<Edit, EditProblem> {
  const { node } = hit
  if (node !== null && isScalar(node)) return ok({ kind: 'set', node, value, verbatim: false })
  const detail = `${formatField(hit.path, hit.document)} is a list or a map: expected a single value`
  return problem('unsafe-edit', detail, positionOf(hit.source, node?.range[0] ?? 0))
}

function insertion(hit: Hit, value: string, create: boolean): Result<Edit, EditProblem> {
  const { source, parent, rest } = hit
  const where = formatField(hit.path, hit.document) || 'the document'
  const missing = rest.map((step) => step.text).join('.')
  const at = positionOf(source, parent?.range[0] ?? 0)
  if (!create || parent === null) return problem('image-missing', `${where} has no ${quoted(missing)}`, at)
  const keys = isSeq(parent) ? rest.slice(1) : rest
  if (!keys.every(isKey)) return problem('unsafe-edit', `cannot add ${quoted(missing)} to ${where}: add it by hand`, at)
  const after = parent.items.length - 1
  return ok({ kind: 'insert', into: parent, after, keys: keys.map((step) => step.text), value, style: 'PLAIN' })
}

/** A number below something new could mean a list or a key: that is for a person to say. */
function isKey(step: Step): boolean {
  return step.kind === 'key' || (step.kind === 'word' && !/^:?-?[0-9]+$/u.test(step.text))
}

/** Nothing but comments: the first field may come after them. */
function isEmpty({ documents, text }: Source): boolean {
  return documents.every(({ contents }) => contents === null) && !/^(?:---|\.\.\.|%)/mu.test(text)
}

function fill(text: string, { steps, document }: Field, value: string): Result<string, EditProblem> {
  const encoded = encodeScalar(value, 'PLAIN', false)
  if (!encoded.ok) return encoded
  if (!steps.every((step) => isKey(step) && isPlainKey(step.text)) || document !== null)
    return problem('unsafe-edit', 'expected plain keys for an empty file')
  const start = text === '' || text.endsWith('\n') ? text : `${text}\n`
  const keys = steps.map((step) => step.text)
  const next = `${start}${linesOf(keys, encoded.value, false).join('\n')}\n`
  // The same safety net as elsewhere: what we wrote must be found again.
  const written = setField(next, formatField(keys, null), value, { create: false })
  if (written.ok && written.value === next) return written
  return problem('unsafe-edit', `cannot write ${quoted(formatField(keys, null))} into an empty file: add it by hand`)
}
