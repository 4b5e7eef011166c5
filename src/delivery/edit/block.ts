/** YAML inside a literal block of YAML (Argo CD `helm.values: |`, ConfigMaps), with every offset mapped back. */

import type { Scalar } from 'yaml'
import type { Result } from '../../domain/result.ts'
import { problem, type EditProblem } from './problem.ts'
import { parseSource, positionOf, type Outer, type Source } from './source.ts'

/** A ConfigMap that holds an Application that holds values. */
const BLOCKS_DEEP_MAX = 3

export function openBlock(source: Source, node: Scalar.Parsed): Result<Source, EditProblem> {
  const refuse = (detail: string): Result<never, EditProblem> =>
    problem('unsafe-edit', detail, positionOf(source, node.range[0]))
  if (node.type !== 'BLOCK_LITERAL') return refuse('expected YAML inside a literal block (|)')
  if (depthOf(source) >= BLOCKS_DEEP_MAX) return refuse(`expected at most ${BLOCKS_DEEP_MAX} blocks inside each other`)
  const bodyStart = source.text.indexOf('\n', node.range[0]) + 1
  const header = source.text.slice(node.range[0], bodyStart).split('#', 1)[0] ?? ''
  if (bodyStart === 0 || /[0-9]/u.test(header)) return refuse('expected a block without an indentation number')
  const body = unindent(source.text.slice(bodyStart, node.range[1]), bodyStart)
  if (withoutReturns(body.text).trimEnd() !== String(node.value).trimEnd()) return refuse('the block does not map back')
  return parseSource(body.text, { source, node, indent: body.indent, toOuter: body.toOuter })
}

/** A literal block's value has `\n` only, whatever the file has. */
export function withoutReturns(text: string): string {
  return text.replaceAll('\r\n', '\n')
}

type Body = { readonly text: string } & Pick<Outer, 'indent' | 'toOuter'>

function unindent(body: string, bodyStart: number): Body {
  const lines = body.split(/(?<=\n)/u)
  const indent = /^ */u.exec(lines.find((line) => line.trim() !== '') ?? '')?.[0] ?? ''
  const starts: { inner: number; outer: number }[] = []
  let text = ''
  let offset = bodyStart
  for (const line of lines) {
    const cut = Math.min(indent.length, /^ */u.exec(line)?.[0].length ?? 0)
    starts.push({ inner: text.length, outer: offset + cut })
    text += line.slice(cut)
    offset += line.length
  }
  const toOuter = (inner: number): number => {
    const start = starts.findLast((line) => line.inner <= inner) ?? { inner: 0, outer: bodyStart }
    return start.outer + (inner - start.inner)
  }
  return { text, indent, toOuter }
}

function depthOf(source: Source): number {
  return source.outer === null ? 0 : 1 + depthOf(source.outer.source)
}
